//! Callbacks of attempts that began elsewhere, such as an install from an app store: the app hands
//! the browser on to our callback with the code, the integration and the customer's token
//! (membrane-connectors reference, section 1.5).

use axum::response::Response;

use super::answer::{Ending, stray};
use super::failure::Failure;
use super::request::is_web;
use crate::embed::{self, View};
use crate::error::ApiError;
use crate::wire::Connection;
use crate::worker::Worker;

/// Parameters that are for us, and none of the external app's.
const OURS: [&str; 3] = ["integration", "token", "redirectUri"];

/// What such a callback says.
pub(super) struct Outside {
    integration: String,
    token: String,
    redirect_uri: Option<String>,
}

impl Outside {
    /// A callback with a state is an answer to us, whatever else it says.
    pub(super) fn of(query: &[(String, String)]) -> Option<Self> {
        let parameter = |name| {
            let found = query.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        if parameter("state").is_some() {
            return None;
        }
        Some(Self {
            integration: parameter("integration")?,
            token: parameter("token")?,
            redirect_uri: parameter("redirectUri").filter(|uri| is_web(uri)),
        })
    }

    pub(super) async fn connect(
        self,
        worker: &Worker,
        view: View<'_>,
        query: Vec<(String, String)>,
    ) -> Response {
        let mut redirect_uri = self.redirect_uri;
        let (workspace, result) = match embed::session(worker, &self.token).await {
            Ok(session) => {
                if let Some(uri) = &redirect_uri
                    && let Err(error) = worker.engine.require_redirect(&session, uri).await
                {
                    return stray(worker, view, ApiError::from(error).message());
                }
                let of_the_app = query
                    .into_iter()
                    .filter(|(name, _)| !OURS.contains(&name.as_str()))
                    .collect();
                let engine = &worker.engine;
                let connecting =
                    engine.connect_from_outside(&session, &self.integration, of_the_app);
                let result = Box::pin(connecting).await;
                let result = result.map(Connection::from).map_err(Failure::from);
                (Some(session.workspace), result)
            }
            Err(error) => {
                // Whoever shows no valid token does not tell us where to send a browser.
                redirect_uri = None;
                (None, Err(Failure::from(error)))
            }
        };
        Ending {
            request_id: None,
            redirect_uri,
            workspace,
            result,
        }
        .answer(worker, view)
    }
}
