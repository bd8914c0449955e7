//! What an auth type needs, and what it should have.

use authbridge_core::connector::{AuthType, FunctionName};

use crate::Code;
use crate::connector::Files;
use crate::report::Place;

use super::{Own, Shared};

/// Reports what the option lacks.
pub(super) fn check(
    files: &mut Files<'_>,
    shared: &Shared<'_>,
    own: Option<&Own<'_>>,
    auth_type: AuthType,
    place: Place,
) {
    for name in required_functions(auth_type) {
        if shared.find(own, *name).is_none() {
            let file = name.file_stems().first().copied().unwrap_or_default();
            files
                .report
                .at(
                    Code::FunctionMissing,
                    place,
                    format!(
                        "auth type `{}` needs `{}`",
                        auth_type.as_str(),
                        name.as_str()
                    ),
                )
                .help(format!(
                    "add `{}: {{implementationType: mapping}}` and the file `auth/{file}.map.yml`",
                    name.as_str()
                ));
        }
    }
    let has = |name: &str| {
        let own = own.and_then(|own| own.object.get(name));
        own.or_else(|| shared.auth.get(name)).is_some()
    };
    if auth_type == AuthType::Proxy && !has("proxyKey") {
        files
            .report
            .at(
                Code::MissingKey,
                place,
                "auth type `proxy` needs `proxyKey`",
            )
            .help("name the integration or the auth proxy that authentication is delegated to");
    }
    let has_client = shared.find(own, FunctionName::MakeApiClient).is_some();
    if auth_type.needs_no_connect_form() && !has_client && !shared.has_base_uri {
        files
            .report
            .at(Code::NoBaseUri, place, "nothing says where requests go")
            .help("add `baseUri` to the connector");
    }
    if wants_test(auth_type) && shared.find(own, FunctionName::Test).is_none() {
        files
            .report
            .at(
                Code::NoTest,
                place,
                "without `test`, credentials that do not work still connect",
            )
            .help("add a `test` function that makes one harmless request");
    }
}

const fn required_functions(auth_type: AuthType) -> &'static [FunctionName] {
    match auth_type {
        AuthType::ClientCredentials => &[FunctionName::MakeApiClient],
        AuthType::OAuth2 | AuthType::OAuth1 => {
            &[FunctionName::MakeApiClient, FunctionName::GetOAuthConfig]
        }
        AuthType::Proxy | AuthType::IntegrationAppToken | AuthType::MembraneToken => &[],
    }
}

const fn wants_test(auth_type: AuthType) -> bool {
    match auth_type {
        AuthType::ClientCredentials | AuthType::OAuth2 | AuthType::OAuth1 => true,
        AuthType::Proxy | AuthType::IntegrationAppToken | AuthType::MembraneToken => false,
    }
}
