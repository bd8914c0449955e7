//! What is measured.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use authbridge_core::Effects;
use authbridge_testkit::oauth2::{
    AuthorizationServer, AuthorizationServerOptions, GrantType, Rotation, TokenFault,
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::sleep;

use crate::authbridge::{Authbridge, token};

/// How many connections are made at a time.
const AT_ONCE: usize = 16;

/// How long the tokens live that the scheduler has to replace; they are due after half of it.
const LIFETIME: SignedDuration = SignedDuration::from_secs(100);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a burst of requests came to.
pub(crate) struct Burst {
    token_requests: u64,
    failed: usize,
    latencies: Vec<Duration>,
}

/// Many requests at once on one connection whose token has expired. The provider rotates refresh
/// tokens and revokes everything when one is used twice.
pub(crate) async fn burst(server: &Authbridge, requests: usize) -> Result<Burst> {
    let provider = provider(Duration::from_millis(300)).await?;
    server.install("app", provider.base_uri()).await?;
    let expired = now() - SignedDuration::from_secs(1);
    server
        .connect("app", "ada", credentials(&provider, expired))
        .await?;
    let bearer = token(json!({ "id": "ada" }))?;
    let all = (0..requests).map(|_| async {
        let begin = Instant::now();
        let status = server.proxy("app", &bearer).await;
        (status.is_ok_and(|status| status == 200), begin.elapsed())
    });
    let results: Vec<_> = futures_util::future::join_all(all).await;
    let mut latencies: Vec<_> = results.iter().map(|(_, latency)| *latency).collect();
    latencies.sort();
    Ok(Burst {
        token_requests: provider.counts().of(GrantType::RefreshToken),
        failed: results.iter().filter(|(is_ok, _)| !is_ok).count(),
        latencies,
    })
}

impl fmt::Display for Burst {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: usize| {
            let index = (self.latencies.len() * share / 100).min(self.latencies.len() - 1);
            self.latencies
                .get(index)
                .map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
        };
        write!(
            formatter,
            "{} token request(s), {} failed; p50 {:.0} ms, p99 {:.0} ms, last {:.0} ms",
            self.token_requests,
            self.failed,
            at(50),
            at(99),
            at(100)
        )
    }
}

/// What the scheduler did.
pub(crate) struct Scheduled {
    connections: usize,
    hosts: usize,
    /// From the first token request to the last.
    took: Duration,
    token_requests: u64,
    expired: usize,
    /// Before, after, and the most, in MiB.
    memory: (u64, u64, u64),
}

/// Waits until the scheduler has refreshed `connections`, spread over `hosts` providers; with
/// `beside_a_hung_one`, as many again hang.
pub(crate) async fn schedule(
    server: &Authbridge,
    connections: usize,
    hosts: usize,
    beside_a_hung_one: bool,
) -> Result<Scheduled> {
    let mut providers = Vec::new();
    for host in 0..hosts {
        let provider = provider(Duration::from_millis(100)).await?;
        server
            .install(&format!("app-{host}"), provider.base_uri())
            .await?;
        providers.push((format!("app-{host}"), provider));
    }
    let expires_at = now() + LIFETIME;
    let hung = hung(server, connections, beside_a_hung_one, expires_at).await?;
    let made = providers.iter().cycle().enumerate().take(connections);
    connect_all(server, made, expires_at).await?;
    let before = server.memory()?;
    let mut most = before;
    let total = u64::try_from(connections)?;
    let asked = || {
        let counts = providers.iter().map(|(_, provider)| provider.counts());
        counts
            .map(|counts| counts.of(GrantType::RefreshToken))
            .sum()
    };
    while asked() == 0_u64 {
        sleep(Duration::from_millis(5)).await;
    }
    let begin = Instant::now();
    while asked() < total && now() < expires_at {
        most = most.max(server.memory()?);
        sleep(Duration::from_millis(5)).await;
    }
    let took = begin.elapsed();
    // The last answers are on their way.
    sleep(Duration::from_secs(2)).await;
    let after = server.memory()?;
    let not_in_time = expires_at.to_string();
    let all = server.connections().await?;
    let expired = all
        .iter()
        .filter_map(|connection| connection.get("credentialsExpireAt"))
        .filter(|until| *until == not_in_time.as_str());
    let hung_ones = hung.as_ref().map_or(0, |(_, count)| *count);
    Ok(Scheduled {
        connections,
        hosts,
        took,
        token_requests: asked(),
        expired: expired.count().saturating_sub(hung_ones),
        memory: (before, after, most),
    })
}

/// Connections of a provider that never answers.
async fn hung(
    server: &Authbridge,
    connections: usize,
    is_wanted: bool,
    expires_at: Timestamp,
) -> Result<Option<(AuthorizationServer, usize)>> {
    if !is_wanted {
        return Ok(None);
    }
    let provider = provider(Duration::ZERO).await?;
    provider.fault_always(TokenFault::Hang);
    server.install("hung", provider.base_uri()).await?;
    let providers = [("hung".to_owned(), provider)];
    let made = providers.iter().cycle().enumerate().take(connections);
    connect_all(server, made, expires_at).await?;
    let [(_, provider)] = providers;
    Ok(Some((provider, connections)))
}

async fn connect_all<'a>(
    server: &Authbridge,
    made: impl Iterator<Item = (usize, &'a (String, AuthorizationServer))>,
    expires_at: Timestamp,
) -> Result<()> {
    stream::iter(made)
        .map(async |(number, (key, provider))| {
            let credentials = credentials(provider, expires_at);
            let customer = format!("customer-{number}");
            server.connect(key, &customer, credentials).await
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn now() -> Timestamp {
    Effects::of_the_system().now()
}

async fn provider(delay: Duration) -> Result<AuthorizationServer> {
    let provider = AuthorizationServer::start(AuthorizationServerOptions {
        rotation: Rotation::Always,
        access_token_lifetime: Some(Duration::from_hours(1)),
        ..AuthorizationServerOptions::default()
    });
    let provider = provider.await?;
    provider.fault_always(TokenFault::Delay(delay));
    Ok(provider)
}

fn credentials(provider: &AuthorizationServer, expires_at: Timestamp) -> serde_json::Value {
    let issued = provider.issue("simulated-client", "read");
    json!({
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_at": expires_at.to_string(),
    })
}

impl Scheduled {
    pub(crate) const HEADER: &'static str = "connections  hosts  seconds  refreshes/s  \
         token requests  not in time  MiB before/after/most";
}

impl fmt::Display for Scheduled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let rate = self.token_requests as f64 / seconds;
        let (before, after, most) = self.memory;
        write!(
            formatter,
            "{:>11}  {:>5}  {seconds:>7.1}  {rate:>11.0}  {:>14}  {:>11}  {before}/{after}/{most}",
            self.connections, self.hosts, self.token_requests, self.expired
        )
    }
}
