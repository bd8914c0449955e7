//! Bytes on a connection, from both ends.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A connection that is spoken to in bytes.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    /// What was read beyond what was asked for.
    ahead: Vec<u8>,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        TcpStream::connect(address).await.unwrap().into()
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next head, with the empty line; panics when the connection ends before it.
    pub(crate) async fn head(&mut self) -> String {
        self.until(b"\r\n\r\n").await
    }

    /// What comes up to and with `end`.
    pub(crate) async fn until(&mut self, end: &[u8]) -> String {
        loop {
            let found = self.ahead.windows(end.len()).position(|it| it == end);
            if let Some(start) = found {
                let rest = self.ahead.split_off(start + end.len());
                let text = std::mem::replace(&mut self.ahead, rest);
                return String::from_utf8(text).unwrap();
            }
            assert!(
                self.more().await,
                "the connection ended after {:?}",
                String::from_utf8_lossy(&self.ahead)
            );
        }
    }

    /// A head and a body of the length that the head gives.
    pub(crate) async fn message(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        while self.ahead.len() < length {
            assert!(self.more().await, "the body ended early");
        }
        let rest = self.ahead.split_off(length);
        let body = std::mem::replace(&mut self.ahead, rest);
        (head, String::from_utf8(body).unwrap())
    }

    /// Everything until the other side closes.
    pub(crate) async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.ahead)).into_owned()
    }

    async fn more(&mut self) -> bool {
        // A reset is an end too.
        self.stream.read_buf(&mut self.ahead).await.unwrap_or(0) > 0
    }
}

impl From<TcpStream> for Raw {
    fn from(stream: TcpStream) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
        }
    }
}

/// A provider that does what the test says, byte by byte.
pub(crate) struct Upstream {
    listener: TcpListener,
    pub(crate) base_uri: String,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_uri = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, base_uri }
    }

    /// The next connection that is opened.
    pub(crate) async fn accept(&self) -> Raw {
        self.listener.accept().await.unwrap().0.into()
    }

    /// Whether nobody has opened a connection that was not accepted yet.
    pub(crate) fn is_idle(&self) -> bool {
        // Asked of the kernel, which completes connections by itself.
        socket2::SockRef::from(&self.listener).accept().is_err()
    }
}
