//! Why a request did not go out, or its answer did not come back.

/// Why a request did not go out, or its answer did not come back.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The address is one that requests may not go to.
    #[error(
        "`{host}` is at an address that requests may not go to ({kind}); the operator can allow it with `--allow-network`, or with `--dev` on a developer's machine"
    )]
    Blocked {
        /// The host, as the request names it.
        host: String,
        /// What kind of address it is.
        kind: &'static str,
    },
    /// Plain `http` where it is not allowed.
    #[error("`{host}` would be called over plain http, which only `--dev` allows; use https")]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// The name does not resolve.
    #[error("the name `{host}` does not resolve")]
    Resolve {
        /// The host.
        host: String,
    },
    /// Nobody answers there.
    #[error("cannot connect to `{host}`: {source}")]
    Connect {
        /// The host.
        host: String,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The TLS handshake failed, or this machine's trust store cannot be read.
    #[error("no secure connection to `{host}`: {source}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        #[source]
        source: std::io::Error,
    },
    /// A deadline passed.
    #[error("`{host}` took too long {stage}")]
    Timeout {
        /// The host.
        host: String,
        /// What took too long.
        stage: &'static str,
    },
    /// The connection broke, or the answer is not HTTP.
    #[error("the connection to `{host}` broke before its answer was complete")]
    Http {
        /// The host.
        host: String,
        /// What is wrong.
        #[source]
        source: hyper::Error,
    },
    /// The caller began a body and stopped sending it.
    #[error("the body of the request stopped arriving")]
    CallerStalled,
    /// The answer's head came, and its body broke off.
    #[error("the answer of `{host}` broke off")]
    CutShort {
        /// The host.
        host: String,
    },
    /// The answer is larger than the engine reads into memory.
    #[error("the answer of `{host}` is larger than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        limit: usize,
    },
}

impl EgressError {
    /// Whether the engine's own rules refused, rather than the other side.
    pub const fn is_policy(&self) -> bool {
        matches!(self, Self::Blocked { .. } | Self::PlainHttp { .. })
    }

    /// Whether a deadline passed.
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }
}
