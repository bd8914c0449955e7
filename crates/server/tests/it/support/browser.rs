//! A browser, as far as pages need one.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;

use super::{Answer, World};

/// A browser with one cookie at most, which follows no redirects.
pub(crate) struct Browser<'a> {
    pub(crate) world: &'a World,
    pub(crate) cookie: Option<String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        let cookie = None;
        Self { world, cookie }
    }

    /// Asks for a page, by the server's public name.
    pub(crate) async fn go(&mut self, method: Method, path: &str, body: &'static str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.world.address.to_string())
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let body = Full::new(Bytes::from_static(body.as_bytes()));
        let answer = self.world.send(request.body(body).unwrap()).await;
        if let Some(cookie) = answer.header("set-cookie") {
            let (pair, _) = cookie.split_once(';').unwrap();
            self.cookie = Some(pair.to_owned());
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.go(Method::GET, path, "").await
    }
}
