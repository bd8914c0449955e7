//! The endpoints of elements in the description of the API: they are made from a table, and so is
//! this.

use authbridge_core::element::ElementType;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, OpenApi, Ref, Required, ResponseBuilder};

/// Adds the endpoints of every type.
pub(crate) fn describe(description: &mut OpenApi) {
    for of in ElementType::ALL {
        let noun = of.noun().to_lowercase();
        let (plural, singular) = (of.path(), of.singular());
        let mut levels = vec![(format!("/{plural}"), Place::Path)];
        if of.has_integration_level() {
            levels.push((
                format!("/integrations/{{integration}}/{plural}"),
                Place::Integration,
            ));
        }
        for (path, place) in levels {
            add(description, of, &path, HttpMethod::Get, place.list(), &format!("Lists: {noun}"));
            add(description, of, &path, HttpMethod::Post, place.list(), &format!("Makes one: {noun}"));
            let path = format!("{path}/{{element}}");
            changes(description, of, &path, place, &noun);
            let path = format!("{path}/reset");
            add(description, of, &path, HttpMethod::Post, place, RESET);
        }
        let path = format!("/{plural}/{{element}}");
        rest(description, of, &path, Place::Path);
        let path = format!("/{singular}");
        changes(description, of, &path, Place::Query, &noun);
        add(description, of, &format!("{path}/reset"), HttpMethod::Post, Place::Query, RESET);
        rest(description, of, &path, Place::Query);
    }
}

const RESET: &str = "Makes one of an integration say again what the universal one says";

/// How an endpoint is told which element it is about.
#[derive(Clone, Copy)]
enum Place {
    /// By its id or key in the path; a key may need an integration in the query.
    Path,
    /// By integration and element in the path.
    Integration,
    /// By the query alone.
    Query,
    /// A list, of the level that the query tells.
    List,
    /// A list, of the integration in the path.
    ListOfIntegration,
}

impl Place {
    const fn list(self) -> Self {
        match self {
            Self::Path | Self::Query | Self::List => Self::List,
            Self::Integration | Self::ListOfIntegration => Self::ListOfIntegration,
        }
    }

    const fn parameters(self) -> &'static [(&'static str, ParameterIn)] {
        match self {
            Self::Path => &[
                ("element", ParameterIn::Path),
                ("integrationId", ParameterIn::Query),
                ("integrationKey", ParameterIn::Query),
            ],
            Self::Integration => &[
                ("integration", ParameterIn::Path),
                ("element", ParameterIn::Path),
            ],
            Self::Query => &[
                ("id", ParameterIn::Query),
                ("key", ParameterIn::Query),
                ("integrationId", ParameterIn::Query),
                ("integrationKey", ParameterIn::Query),
            ],
            Self::List => &[
                ("limit", ParameterIn::Query),
                ("cursor", ParameterIn::Query),
                ("search", ParameterIn::Query),
                ("includeArchived", ParameterIn::Query),
                ("parentId", ParameterIn::Query),
                ("integrationId", ParameterIn::Query),
                ("integrationKey", ParameterIn::Query),
            ],
            Self::ListOfIntegration => &[
                ("integration", ParameterIn::Path),
                ("limit", ParameterIn::Query),
                ("cursor", ParameterIn::Query),
                ("search", ParameterIn::Query),
                ("includeArchived", ParameterIn::Query),
                ("parentId", ParameterIn::Query),
            ],
        }
    }
}

fn changes(description: &mut OpenApi, of: ElementType, path: &str, place: Place, noun: &str) {
    let put = match place {
        Place::Query => "Replaces what it says; makes it when there is none",
        Place::Path | Place::Integration | Place::List | Place::ListOfIntegration => {
            "Replaces what it says"
        }
    };
    let operations = [
        (HttpMethod::Get, format!("One {noun}")),
        (HttpMethod::Put, put.to_owned()),
        (HttpMethod::Patch, "Changes the members that are given; null takes one out".to_owned()),
        (HttpMethod::Delete, "Archives it".to_owned()),
    ];
    for (method, summary) in operations {
        add(description, of, path, method, place, &summary);
    }
}

fn rest(description: &mut OpenApi, of: ElementType, path: &str, place: Place) {
    let restore = format!("{path}/restore");
    let summary = "Takes it back from the archive";
    add(description, of, &restore, HttpMethod::Post, place, summary);
    let apply = format!("{path}/apply");
    let summary = "Makes a universal one that of the integrations in `integrationKeys` as well";
    add(description, of, &apply, HttpMethod::Post, place, summary);
}

fn add(
    description: &mut OpenApi,
    of: ElementType,
    path: &str,
    method: HttpMethod,
    place: Place,
    summary: &str,
) {
    let has_body = !matches!(method, HttpMethod::Get | HttpMethod::Delete)
        && !path.ends_with("/reset")
        && !path.ends_with("/restore");
    let operation = operation(of, place, summary, has_body);
    let item = PathItem::new(method, operation);
    let paths = &mut description.paths.paths;
    match paths.get_mut(path) {
        Some(known) => known.merge_operations(item),
        None => {
            paths.insert(path.into(), item);
        }
    }
}

fn operation(of: ElementType, place: Place, summary: &str, has_body: bool) -> Operation {
    let object = || ObjectBuilder::new().schema_type(Type::Object).build();
    let content = Content::new(Some(object()));
    let success = ResponseBuilder::new()
        .description("What it is now")
        .content("application/json", content);
    let error = ResponseBuilder::new()
        .description("It did not work; the message says why")
        .content(
            "application/json",
            Content::new(Some(Ref::from_schema_name("Error"))),
        );
    let mut builder = OperationBuilder::new()
        .tag(of.path())
        .summary(Some(summary))
        .response("2XX", success.build())
        .response("4XX", error.build());
    for (name, parameter_in) in place.parameters() {
        let is_in_path = matches!(parameter_in, ParameterIn::Path);
        let parameter = ParameterBuilder::new()
            .name(*name)
            .parameter_in(parameter_in.clone())
            .required(if is_in_path { Required::True } else { Required::False })
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
        builder = builder.parameter(parameter.build());
    }
    if has_body {
        let body = RequestBodyBuilder::new().content(
            "application/json",
            Content::new(Some(object())),
        );
        builder = builder.request_body(Some(body.build()));
    }
    builder.build()
}
