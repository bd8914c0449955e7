//! Calls between operations: of those that there are, and not in circles.

use std::collections::BTreeMap;

use authbridge_core::connector::Operation;

use crate::Code;
use crate::connector::Files;
use crate::connector::files::OperationCall;
use crate::suggest::{all_of, did_you_mean};

/// Reports calls of operations that do not exist or that never end.
pub(in crate::connector) fn check(files: &mut Files<'_>, operations: &[Operation]) {
    let calls = std::mem::take(&mut files.calls);
    let keys = || operations.iter().map(|operation| operation.key.as_str());
    for call in &calls {
        if keys().all(|key| key != call.to) {
            let help = did_you_mean(&call.to, keys()).unwrap_or_else(|| no_such(keys(), &call.to));
            files
                .report
                .at(
                    Code::UnknownOperation,
                    call.place,
                    format!("there is no operation `{}`", call.to),
                )
                .help(help);
        }
    }
    report_cycles(files, &calls);
}

fn no_such<'a>(keys: impl Iterator<Item = &'a str>, wanted: &str) -> String {
    let keys = all_of(keys);
    if keys.is_empty() {
        format!("add `operations/{wanted}.yml`")
    } else {
        format!("the operations are {keys}")
    }
}

/// Every operation calls at most one other, so each walk either ends or comes back.
fn report_cycles(files: &mut Files<'_>, calls: &[OperationCall]) {
    let next: BTreeMap<&str, &OperationCall> = calls
        .iter()
        .filter_map(|call| Some((call.from.as_deref()?, call)))
        .collect();
    for (start, call) in &next {
        let mut way = vec![*start];
        let mut at = call.to.as_str();
        while let Some(call) = next.get(at).filter(|_| !way.contains(&at)) {
            way.push(at);
            at = call.to.as_str();
        }
        // Each cycle is reported once: by the first of its keys.
        if at != *start || way.iter().any(|key| key < start) {
            continue;
        }
        way.push(at);
        files
            .report
            .at(
                Code::OperationCycle,
                call.place,
                format!(
                    "operations call each other without end: {}",
                    way.join(" → ")
                ),
            )
            .label("this comes back to where it started");
    }
}
