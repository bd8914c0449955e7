//! An external app that a test plays, for flows that ask one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::oauth1::Signer;
use super::timing::RefreshTiming;
use super::{
    Arguments, AuthContext, AuthError, Begin, Callback, Connected, Issued, Return, Start, flow,
};
use crate::connector::{
    AuthOption, AuthType, Function, FunctionName, Implementation, Mapping, SourceLocation,
};
use crate::request::{Request, Response};
use crate::{Clock, Effects, Random, SecretJson};

/// What every flow here starts with.
pub(super) const START: Start<'_> = Start {
    redirect_uri: "https://bridge.example.com/oauth-callback",
    state: "s-1:custom",
};

/// A clock that stands.
pub(super) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        noon()
    }
}

pub(super) fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// An external app that answers in order, and a connector whose functions are mappings.
pub(super) struct World {
    pub(super) option: AuthOption,
    pub(super) requests: Vec<Request>,
    /// What an issuer publishes.
    pub(super) metadata: Value,
    /// What the flow kept when the user left.
    pub(super) pending: SecretJson,
    pub(super) parameters: Value,
    pub(super) input: Value,
    /// How far ahead the app's clock is, as far as somebody learnt it.
    pub(super) clock_offset: Mutex<SignedDuration>,
    pub(super) effects: Effects,
    pub(super) answers: VecDeque<Response>,
}

impl World {
    /// One whose `getOAuthConfig` is `config`.
    pub(super) fn new(auth_type: AuthType, random: impl Random + 'static, config: &Value) -> Self {
        let world = Self {
            option: option(auth_type),
            requests: Vec::new(),
            metadata: Value::Null,
            pending: SecretJson::default(),
            parameters: Value::Null,
            input: Value::Object(serde_json::Map::new()),
            clock_offset: Mutex::default(),
            effects: Effects::new(Arc::new(Noon), Arc::new(random)),
            answers: VecDeque::new(),
        };
        world.with(FunctionName::GetOAuthConfig, config)
    }

    pub(super) fn with(mut self, name: FunctionName, mapping: &Value) -> Self {
        self.option.functions.push(Function {
            name,
            implementation: Implementation::Mapping(Mapping::compile(mapping)),
            source: SourceLocation {
                file: "spec.yml".into(),
                line: 1,
                column: 1,
            },
        });
        self
    }

    pub(super) fn answering(self, status: u16, body: impl Into<String>) -> Self {
        self.answering_with(status, body, &[])
    }

    pub(super) fn json(self, status: u16, body: &Value) -> Self {
        let fields = [(CONTENT_TYPE, "application/json")];
        self.answering_with(status, body.to_string(), &fields)
    }

    pub(super) fn answering_with(
        mut self,
        status: u16,
        body: impl Into<String>,
        fields: &[(HeaderName, &'static str)],
    ) -> Self {
        let fields = fields.iter().cloned();
        let headers = fields.map(|(name, value)| (name, HeaderValue::from_static(value)));
        self.answers.push_back(Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: body.into().into(),
        });
        self
    }

    /// The form in the body of a request.
    pub(super) fn form(&self, index: usize) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.requests[index].body)
            .into_owned()
            .collect()
    }

    /// A parameter of that form.
    pub(super) fn parameter(&self, index: usize, name: &str) -> Option<String> {
        let found = self.form(index).into_iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    pub(super) fn begin(&mut self) -> Result<Begin, AuthError> {
        let (option, arguments) = (self.option.clone(), self.arguments(None));
        let flow = flow(option.auth_type)?;
        now(flow.begin(self, &option, arguments, &START))
    }

    pub(super) fn complete(&mut self, query: &[(&str, &str)]) -> Result<Connected, AuthError> {
        let pairs = query.iter();
        let pairs = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (pending, callback) = (self.pending.clone(), Callback::new(pairs));
        let back = Return {
            pending: &pending,
            callback: &callback,
        };
        let (option, arguments) = (self.option.clone(), self.arguments(None));
        let flow = flow(option.auth_type)?;
        now(flow.complete(self, &option, arguments, &START, &back))
    }

    pub(super) fn refresh(&mut self, credentials: Value) -> Result<Issued, AuthError> {
        let (option, arguments) = (self.option.clone(), self.arguments(Some(credentials)));
        let flow = flow(option.auth_type)?;
        now(flow.refresh(self, &option, &arguments, &START))
    }

    pub(super) fn adopt(&mut self, credentials: Value) -> Issued {
        let (option, arguments) = (self.option.clone(), self.arguments(Some(credentials)));
        let flow = flow(option.auth_type).unwrap();
        now(flow.adopt(self, &option, &arguments, &START)).unwrap()
    }

    pub(super) fn signer(&mut self, credentials: Value) -> Result<Signer, AuthError> {
        let (option, arguments) = (self.option.clone(), self.arguments(Some(credentials)));
        let flow = flow(option.auth_type)?;
        let signer = now(flow.signer(self, &option, &arguments, &START))?;
        Ok(signer.expect("every request is signed"))
    }

    pub(super) fn arguments(&self, credentials: Option<Value>) -> Arguments {
        Arguments {
            withholds_credentials: false,
            connector_parameters: SecretJson::new(self.parameters.clone()),
            connection_input: SecretJson::new(self.input.clone()),
            credentials: credentials.map(SecretJson::new),
            own: SecretJson::default(),
        }
    }
}

#[async_trait]
impl AuthContext for World {
    async fn call(
        &mut self,
        function: FunctionName,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let Some(function) = self.option.function(function) else {
            return Ok(None);
        };
        let Implementation::Mapping(mapping) = &function.implementation else {
            panic!("tests have mappings only");
        };
        Ok(mapping.evaluate(&arguments.to_variables()))
    }

    async fn send(&mut self, request: Request) -> Result<Response, AuthError> {
        self.requests.push(request);
        let answer = self.answers.pop_front();
        Ok(answer.expect("one more request than expected"))
    }

    async fn metadata(&mut self, _urls: &[Url]) -> Result<Arc<Value>, AuthError> {
        Ok(Arc::new(self.metadata.clone()))
    }

    fn effects(&self) -> &Effects {
        &self.effects
    }

    fn clock_offset(&self, _url: &Url) -> SignedDuration {
        *self.clock_offset.lock().unwrap()
    }

    fn remember_clock(&self, _url: &Url, offset: SignedDuration) {
        *self.clock_offset.lock().unwrap() = offset;
    }
}

/// `config` with other members, or more of them.
pub(super) fn with(mut config: Value, members: &Value) -> Value {
    let more = members.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(more);
    config
}

fn option(auth_type: AuthType) -> AuthOption {
    AuthOption {
        key: None,
        auth_type,
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
    }
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("nothing here waits"),
    }
}
