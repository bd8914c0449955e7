//! A simulated provider for tests and the demo.
//!
//! [`Provider`] is a real HTTP server on a loopback port that plays the API at the far end of a
//! connection: a resource that wants credentials, an echo, streams of every kind, answers that are
//! legal but awkward, and faults on demand. It records everything it saw.
//!
//! It is a simulation: its credentials are given in [`ProviderOptions`] and are no secrets, and it
//! must never be reachable from a network. Of ours it uses only the traits by which time and
//! randomness are injected, so that a mistake shared by client and server cannot hide here.
//!
//! [`SimulatedApi`] stands in for any external app while a connector is tested offline: it takes the
//! place of every host, knows the credentials that it was told or issued, and can expire them.
//!
//! [`oauth2`] is a simulated OAuth 2.0 authorization server with a resource of its own, and
//! [`oauth1`] one of OAuth 1.0a.
//!
//! The endpoints of [`Provider`]:
//!
//! | Endpoint | Answer |
//! |---|---|
//! | `GET /me` | 200 with the account and how it was recognised, else 401 |
//! | `POST /login` | `{email, password}` for `{token}`, a bearer token of a session |
//! | `ANY /echo/…` | the request as JSON |
//! | `ANY /mirror` | the request body, as it arrives |
//! | `ANY /sink` | length and SHA-256 of a body of any size |
//! | `GET /bytes/{n}` | `n` bytes; the byte at offset `i` is `i mod 251` |
//! | `ANY /status/{code}` | that status |
//! | `GET /headers?name=value` | those response headers, repeated if given repeatedly |
//! | `GET /hop` | a response full of hop-by-hop headers |
//! | `GET /redirect?to=` | 302 |
//! | `GET /logo.svg` | a picture |
//! | `GET /error200`, `GET /html-error` | an error with status 200; a 500 that is HTML |
//! | `GET /slow-head?ms=` | the head after so many milliseconds |
//! | `GET /drip?n=&ms=` | `n` chunks, so many milliseconds apart |
//! | `GET /sse?n=&ms=` | `n` Server-Sent Events |
//! | `GET /ws` | a WebSocket that echoes; with `?headers` it first sends the headers of its request |

mod answer;
mod difference;
mod echo;
mod faults;
mod options;
mod page;
mod provider;
mod query;
mod record;
mod resource;
mod route;
mod simulated;
mod streams;
mod token;
mod websocket;

pub mod oauth1;
pub mod oauth2;

pub use difference::{Difference, Strictness, differences};
pub use options::{Credentials, ProviderOptions, TokenCheck};
pub use provider::Provider;
pub use record::{Seen, SeenBody};
pub use simulated::{
    Canned, CannedOutcome, Exchange, ExpectedRequest, Mismatch, SimulatedAnswer, SimulatedApi,
    SimulatedRequest, SimulatedRoute, StandIn, Verdict,
};
