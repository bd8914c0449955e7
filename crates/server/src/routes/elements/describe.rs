//! The endpoints of elements in the description of the API: they are made from a table, and so is
//! this.

use authbridge_core::element::ElementType;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, OpenApi, Ref, Required, ResponseBuilder};

/// Adds the endpoints of every type.
pub(crate) fn describe(description: &mut OpenApi) {
    for of in ElementType::ALL {
        let mut endpoints = Endpoints { description, of };
        let (plural, singular) = (of.path(), of.singular());
        endpoints.list(&format!("/{plural}"), Place::List);
        endpoints.one(&format!("/{plural}/{{element}}"), Place::Path);
        endpoints.one(&format!("/{singular}"), Place::Query);
        if of.has_integration_level() {
            let path = format!("/integrations/{{integration}}/{plural}");
            endpoints.list(&path, Place::ListOfIntegration);
            endpoints.one(&format!("{path}/{{element}}"), Place::Integration);
        }
    }
}

/// The endpoints of a type.
struct Endpoints<'a> {
    description: &'a mut OpenApi,
    of: ElementType,
}

impl Endpoints<'_> {
    fn list(&mut self, path: &str, place: Place) {
        let noun = self.of.noun().to_lowercase();
        self.add(HttpMethod::Get, path, place, &format!("Lists: {noun}"));
        self.add(HttpMethod::Post, path, place, &format!("Makes one: {noun}"));
    }

    fn one(&mut self, path: &str, place: Place) {
        let is_by_query = matches!(place, Place::Query);
        let replaces = if is_by_query {
            "Replaces what it says; makes it when there is none"
        } else {
            "Replaces what it says"
        };
        let changes = "Changes the members that are given; null takes one out";
        let noun = self.of.noun().to_lowercase();
        self.add(HttpMethod::Get, path, place, &format!("One {noun}"));
        self.add(HttpMethod::Put, path, place, replaces);
        self.add(HttpMethod::Patch, path, place, changes);
        self.add(HttpMethod::Delete, path, place, "Archives it");
        if self.of.has_integration_level() {
            let summary = "Makes one of an integration say again what the universal one says";
            self.add(HttpMethod::Post, &format!("{path}/reset"), place, summary);
        }
        if matches!(place, Place::Integration) {
            return;
        }
        let summary = "Takes it back from the archive";
        self.add(HttpMethod::Post, &format!("{path}/restore"), place, summary);
        if self.of.has_integration_level() {
            let summary =
                "Makes a universal one that of the integrations in `integrationKeys` as well";
            self.add(HttpMethod::Post, &format!("{path}/apply"), place, summary);
        }
    }

    fn add(&mut self, method: HttpMethod, path: &str, place: Place, summary: &str) {
        let has_body = !matches!(method, HttpMethod::Get | HttpMethod::Delete)
            && !path.ends_with("/reset")
            && !path.ends_with("/restore");
        let item = PathItem::new(method, operation(self.of, place, summary, has_body));
        let paths = &mut self.description.paths.paths;
        match paths.get_mut(path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.insert(path.into(), item);
            }
        }
    }
}

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
        builder = builder.parameter(parameter(name, parameter_in.clone()));
    }
    if has_body {
        let body =
            RequestBodyBuilder::new().content("application/json", Content::new(Some(object())));
        builder = builder.request_body(Some(body.build()));
    }
    builder.build()
}

/// A part of a path that is called `name`.
pub(crate) fn path_parameter(name: &str) -> Parameter {
    parameter(name, ParameterIn::Path)
}

fn parameter(name: &str, parameter_in: ParameterIn) -> Parameter {
    let is_in_path = matches!(parameter_in, ParameterIn::Path);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(parameter_in)
        .required(if is_in_path {
            Required::True
        } else {
            Required::False
        })
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build()
}
