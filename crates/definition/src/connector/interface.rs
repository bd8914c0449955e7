//! What documents beside connectors have in common with them: the authentication of an interface,
//! and code of an action. Neither has files of its own.

use authbridge_core::connector::AuthOption;

use crate::Bundle;
use crate::fields::INTERFACE;
use crate::object::Object;
use crate::report::Report;
use crate::tree::Node;

use super::function::{Scope, inline_script};
use super::{Files, auth};
use crate::step::Step;

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

/// Reports what is wrong with the code of the action called `key`, which stands at `node`.
pub(crate) fn check_action_code(key: &str, node: &Node, report: &mut Report) {
    let bundle = Bundle::default();
    let mut files = Files::new(&bundle);
    files.report = std::mem::take(report);
    let scope = Scope {
        base: "",
        home: String::new(),
        prefixes: Vec::new(),
        label: String::new(),
        auth_type: None,
    };
    inline_script(&mut files, &scope, Step::Run(key), node);
    *report = files.report;
}
