//! URLs by the WHATWG's rules.

use serde::Deserialize;
use serde_json::json;
use url::{Url, quirks};

use super::{Answer, arguments};
use crate::guest::Message;

#[derive(Deserialize)]
struct Parse {
    url: String,
    base: Option<String>,
}

pub(super) fn parse(text: &str) -> Answer {
    let parse: Parse = arguments(text)?;
    let base = parse.base.as_deref().map(Url::parse).transpose();
    let url = base.and_then(|base| Url::options().base_url(base.as_ref()).parse(&parse.url));
    url.map(|url| parts(&url))
        .map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct Set {
    url: String,
    name: String,
    value: String,
}

/// A setter that does not like its value changes nothing, as in browsers.
pub(super) fn set(text: &str) -> Answer {
    let Set { url, name, value } = arguments(text)?;
    let mut url = Url::parse(&url).map_err(|error| error.to_string())?;
    let _unchanged = match name.as_str() {
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        "pathname" => {
            quirks::set_pathname(&mut url, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        "hash" => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
        _ => Err(()),
    };
    Ok(parts(&url))
}

fn parts(url: &Url) -> Message {
    let parts = json!({
        "href": quirks::href(url),
        "origin": quirks::origin(url),
        "protocol": quirks::protocol(url),
        "username": quirks::username(url),
        "password": quirks::password(url),
        "host": quirks::host(url),
        "hostname": quirks::hostname(url),
        "port": quirks::port(url),
        "pathname": quirks::pathname(url),
        "search": quirks::search(url),
        "hash": quirks::hash(url),
    });
    Message::text(parts.to_string())
}
