//! Running functions where there is no connector: nothing is authenticated, and code reaches no
//! host.

use authbridge_core::SecretJson;
use authbridge_core::auth::Arguments;
use authbridge_core::auth::timing::RefreshTiming;
use authbridge_core::client::Defaults;
use authbridge_core::connector::{AuthOption, AuthType, Connector};

use crate::functions::FunctionRunner;
use crate::{Engine, Session};

/// What takes the place of a connector.
pub(super) struct Bare {
    connector: Connector,
    option: AuthOption,
}

impl Bare {
    pub(super) fn new() -> Self {
        Self {
            connector: Connector {
                key: String::new(),
                name: String::new(),
                uuid: None,
                version: None,
                description: None,
                logo_uri: None,
                base_uri: None,
                categories: Vec::new(),
                parameters_schema: None,
                options: Vec::new(),
                operations: Vec::new(),
            },
            option: AuthOption {
                key: None,
                auth_type: AuthType::ClientCredentials,
                title: None,
                description: None,
                help_uri: None,
                enabled: None,
                input_schema: None,
                parameters_schema: None,
                credentials_schema: None,
                allowed_hosts: Vec::new(),
                function_hosts: Vec::new(),
                proxy_key: None,
                allowed_child_hosts: Vec::new(),
                refresh: RefreshTiming::default(),
                functions: Vec::new(),
            },
        }
    }
}

/// The arguments of functions that have no connection.
pub(super) fn no_arguments() -> Arguments {
    Arguments {
        connector_parameters: SecretJson::empty_object(),
        connection_input: SecretJson::empty_object(),
        credentials: None,
        withholds_credentials: false,
        own: SecretJson::default(),
    }
}

impl Engine {
    /// Runs functions for nobody's account.
    pub(super) fn bare_runner<'a>(
        &'a self,
        session: &'a Session,
        bare: &'a Bare,
    ) -> FunctionRunner<'a> {
        FunctionRunner {
            egress: &self.egress,
            effects: &self.shared.effects,
            issuers: &self.shared.issuers,
            clocks: &self.shared.clocks,
            scripts: &self.shared.scripts,
            connector: &bare.connector,
            option: &bare.option,
            defaults: Defaults::default(),
            tenant: session.workspace_id().as_str(),
            token_headers: Vec::new(),
            logs: self.logs.clone(),
            renewal: None,
            hosts: None,
            parent: None,
        }
    }
}
