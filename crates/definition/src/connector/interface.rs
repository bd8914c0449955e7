//! Authentication of an interface, which is that of a connector in one document.

use authbridge_core::connector::AuthOption;

use crate::Bundle;
use crate::fields::INTERFACE;
use crate::object::Object;
use crate::report::Report;
use crate::tree::Node;

use super::{Files, auth};

/// The auth options of the interface at `root`, which has `auth`; `None` when something makes them
/// unusable. An interface has no files of its own, so its functions stand in the document.
pub(crate) fn interface_options(root: &Node, report: &mut Report) -> Option<Vec<AuthOption>> {
    let bundle = Bundle::default();
    let mut files = Files::new(&bundle);
    files.report = std::mem::take(report);
    let options = Object::view(root, &INTERFACE)
        .and_then(|interface| auth::read_options(&mut files, "", interface, None));
    *report = files.report;
    options
}
