//! Opening a connection: to an address that was checked, and to no other.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::body::OutgoingBody;
use super::error::EgressError;
use super::policy::Policy;
use super::pool::Origin;
use super::resolve::Resolver;

/// The largest head of a response, and the most that is read ahead of a slow reader.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// More header fields than this in one response are refused.
const MAX_HEADERS: usize = 256;

pub(super) struct Connector {
    policy: Policy,
    resolver: Resolver,
    /// Made when first needed, since reading the trust store takes a while.
    tls: OnceCell<TlsConnector>,
}

impl Connector {
    pub(super) const fn is_development(&self) -> bool {
        self.policy.is_development
    }

    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            resolver: Resolver::default(),
            tls: OnceCell::new(),
        }
    }

    /// A new connection to `origin`, opened within `deadline`.
    pub(super) async fn connect(
        &self,
        origin: &Origin,
        deadline: Duration,
    ) -> Result<SendRequest<OutgoingBody>, EgressError> {
        let host = || origin.host.to_string();
        tokio::time::timeout(deadline, self.open(origin))
            .await
            .unwrap_or_else(|_| {
                Err(EgressError::Timeout {
                    host: host(),
                    stage: "to connect",
                })
            })
    }

    async fn open(&self, origin: &Origin) -> Result<SendRequest<OutgoingBody>, EgressError> {
        if let Some(address) = self.policy.redirect_all_to {
            let stream = connect(origin, address).await?;
            return handshake(origin, TokioIo::new(stream)).await;
        }
        let stream = self.tcp(origin).await?;
        if !origin.is_tls {
            return handshake(origin, TokioIo::new(stream)).await;
        }
        let error = |source| EgressError::Tls {
            host: origin.host.to_string(),
            source,
        };
        let tls = self
            .tls
            .get_or_try_init(tls_connector)
            .await
            .map_err(error)?;
        let literal = origin.host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(literal.to_owned())
            .map_err(|source| error(io::Error::new(io::ErrorKind::InvalidInput, source)))?;
        let stream = tls.connect(name, stream).await.map_err(error)?;
        handshake(origin, TokioIo::new(stream)).await
    }

    async fn tcp(&self, origin: &Origin) -> Result<TcpStream, EgressError> {
        let host = || origin.host.to_string();
        let addresses = self
            .resolver
            .resolve(&origin.host)
            .await
            .map_err(|_| EgressError::Resolve { host: host() })?;
        let mut outcome = EgressError::Resolve { host: host() };
        for &address in addresses.iter() {
            match self.try_address(origin, address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => outcome = error,
            }
        }
        Err(outcome)
    }

    async fn try_address(
        &self,
        origin: &Origin,
        address: IpAddr,
    ) -> Result<TcpStream, EgressError> {
        let host = || origin.host.to_string();
        if let Some(kind) = self.policy.refusal(address) {
            return Err(EgressError::Blocked { host: host(), kind });
        }
        if !origin.is_tls && !self.policy.allows_plain_http(address) {
            return Err(EgressError::PlainHttp { host: host() });
        }
        connect(origin, SocketAddr::new(address, origin.port)).await
    }
}

async fn connect(origin: &Origin, address: SocketAddr) -> Result<TcpStream, EgressError> {
    let error = |source| EgressError::Connect {
        host: format!("{}:{}", origin.host, origin.port),
        source,
    };
    let stream = TcpStream::connect(address).await.map_err(error)?;
    stream.set_nodelay(true).map_err(error)?;
    Ok(stream)
}

async fn handshake<T>(
    origin: &Origin,
    stream: TokioIo<T>,
) -> Result<SendRequest<OutgoingBody>, EgressError>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = Builder::new()
        .max_buf_size(READ_BUFFER_BYTES)
        .max_headers(MAX_HEADERS)
        .handshake(stream)
        .await
        .map_err(|source| EgressError::Http {
            host: origin.host.to_string(),
            source,
        })?;
    let connection = connection.with_upgrades();
    tokio::spawn(async move {
        // Whoever waits for an answer learns of a broken connection; nobody else needs to.
        if let Err(error) = connection.await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "upstream connection ended"
            );
        }
    });
    Ok(sender)
}

async fn tls_connector() -> io::Result<TlsConnector> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(io::Error::other)?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
