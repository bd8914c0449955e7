//! The proxy in the description of the API: it is no route of the router, so it is written here.

use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::{OpenApi, Required, ResponseBuilder};

/// Adds `/connections/{connection}/proxy/{path}` for every method.
pub(crate) fn describe(description: &mut OpenApi) {
    let parameter = |name: &str, text: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(text))
            .build()
    };
    let response = ResponseBuilder::new().description("What the external app answered, unchanged");
    let operation = OperationBuilder::new()
        .tag("proxy")
        .summary(Some(
            "Sends a request to the external app with the connection's credentials",
        ))
        .description(Some(
            "Method, query, headers and body pass as they are, streamed both ways; WebSockets pass \
             too. Credentials go only to hosts that the connector declares.",
        ))
        .parameter(parameter(
            "connection",
            "A connection's id, or an integration's id or key",
        ))
        .parameter(parameter(
            "path",
            "A path below the base URI, or a whole URL; slashes and all",
        ))
        .response("default", response.build())
        .build();
    let methods = [
        HttpMethod::Get,
        HttpMethod::Post,
        HttpMethod::Put,
        HttpMethod::Patch,
        HttpMethod::Delete,
        HttpMethod::Head,
        HttpMethod::Options,
    ];
    let item = PathItem::from_http_methods(methods, operation);
    description
        .paths
        .paths
        .insert("/connections/{connection}/proxy/{path}".into(), item);
}
