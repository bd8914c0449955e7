//! Two files that describe the same element.

use std::collections::BTreeMap;

use crate::report::{Place, Report};
use crate::{Code, ElementType};

use super::{Directory, element, integration};

/// Names an element: type, key, and integration.
type Name<'a> = (ElementType, &'a str, Option<&'a str>);

/// Reports every file that describes an element that an earlier one describes already.
pub(super) fn check(
    directory: &Directory,
    integrations: &[integration::Written],
    elements: &[element::Written],
    report: &mut Report,
) {
    connectors(directory, report);
    let mut first: BTreeMap<Name<'_>, &str> = BTreeMap::new();
    let integrations = directory.integrations.iter().zip(integrations);
    for (file, written) in integrations {
        // An auth proxy and an integration may both be meant by a `proxyKey`.
        let name = (ElementType::Integration, file.key.as_str(), None);
        check_one(&mut first, name, &file.path, written.key, report);
    }
    for (file, written) in directory.elements.iter().zip(elements) {
        let name = (
            file.element_type,
            file.key.as_str(),
            file.integration_key.as_deref(),
        );
        check_one(&mut first, name, &file.path, written.key, report);
    }
}

fn check_one<'a>(
    first: &mut BTreeMap<Name<'a>, &'a str>,
    name: Name<'a>,
    path: &'a str,
    place: Place,
    report: &mut Report,
) {
    let Some(other) = first.get(&name) else {
        first.insert(name, path);
        return;
    };
    let (kind, key, integration) = name;
    let of = integration.map_or_else(String::new, |key| format!(" of integration `{key}`"));
    report
        .at(
            Code::DuplicateElement,
            place,
            format!("{} `{key}`{of} is also defined by `{other}`", kind.word()),
        )
        .help(format!(
            "remove `{path}` or `{other}`, or give one of them another `key`"
        ));
}

fn connectors(directory: &Directory, report: &mut Report) {
    let mut first: BTreeMap<(&str, Option<&str>), &str> = BTreeMap::new();
    for connector in &directory.connectors {
        let name = (connector.key.as_str(), connector.version.as_deref());
        let Some(other) = first.get(&name) else {
            first.insert(name, &connector.path);
            continue;
        };
        let id = report.add_file(&connector.path, "".into());
        report
            .about(
                Code::DuplicateElement,
                id,
                format!("connector `{}` is also defined by `{other}`", connector.key),
            )
            .help("give one of them another `key`");
    }
}
