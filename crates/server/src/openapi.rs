//! The description of the API.

use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, ResponseBuilder, SecurityRequirement};

use crate::app::described;

/// Where it is served.
pub(crate) const PATH: &str = "/openapi.json";

/// The description of the API, OpenAPI 3.1, as served at `/openapi.json`.
pub fn openapi() -> OpenApi {
    complete(described().split_for_parts().1)
}

/// What the routes say of themselves, and what they do not: title, security, the endpoints that are
/// not on the router, and names for the operations.
pub(crate) fn complete(mut description: OpenApi) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Authbridge")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")));
    description.info = info.build();
    let itself = ResponseBuilder::new().description("This document");
    let operation = OperationBuilder::new()
        .tag("health")
        .summary(Some("The description of the API, OpenAPI 3.1"))
        .response("200", itself.build())
        .security(SecurityRequirement::default())
        .build();
    description
        .paths
        .paths
        .insert(PATH.into(), PathItem::new(HttpMethod::Get, operation));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A JWT that the workspace signed: of a customer (`id`) or an admin (`isAdmin`).",
        ));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("workspaceToken", SecurityScheme::Http(bearer.build()));
    let security = SecurityRequirement::new("workspaceToken", Vec::<String>::new());
    let builder: OpenApiBuilder = description.into();
    let mut description = builder.security(Some([security])).build();
    crate::proxy::describe(&mut description);
    crate::routes::elements::describe(&mut description);
    crate::routes::absent::describe(&mut description);
    name_wildcards(&mut description);
    name_operations(&mut description);
    description
}

/// Paths are written for the router, which marks with a star what may have slashes in it.
fn name_wildcards(description: &mut OpenApi) {
    let paths = std::mem::take(&mut description.paths.paths);
    description.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
}

/// Gives every operation a name of its own, as generators of clients need it:
/// `postConnectionsByConnectionTest` for `POST /connections/{connection}/test`.
fn name_operations(description: &mut OpenApi) {
    for (path, item) in &mut description.paths.paths {
        let words = words(path);
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("options", &mut item.options),
            ("head", &mut item.head),
            ("patch", &mut item.patch),
            ("trace", &mut item.trace),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}{words}"));
            }
        }
    }
}

fn words(path: &str) -> String {
    let mut words = String::new();
    for segment in path.split('/') {
        if segment.starts_with('{') {
            words.push_str("By");
        }
        for word in segment.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            let mut letters = word.chars();
            words.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            words.push_str(letters.as_str());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_words() {
        assert_eq!(
            words("/connections/{connection}/refresh-credentials"),
            "ConnectionsByConnectionRefreshCredentials"
        );
        assert_eq!(words("/.well-known/jwks.json"), "WellKnownJwksJson");
    }
}
