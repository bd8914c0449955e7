//! nginx as upstream and as the proxy to compare with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::server::{Server, free_port};
use crate::error::TaskError;

/// The path of the JSON document, about 1 KB.
pub(crate) const PATH: &str = "/data.json";

/// An nginx that is configured and not yet started.
#[derive(Debug)]
pub(crate) struct Nginx {
    configuration: PathBuf,
    port: u16,
}

impl Nginx {
    /// Answers [`PATH`] from memory.
    pub(crate) fn serving_json(scratch: &Path) -> Result<Self, TaskError> {
        let answer = format!(
            "default_type application/json; return 200 '{}';",
            document()
        );
        Self::configured(
            scratch,
            "upstream",
            "",
            &format!("location = {PATH} {{ {answer} }}"),
        )
    }

    /// Forwards everything over kept-alive connections, with a header added.
    pub(crate) fn proxy_to(upstream: u16, scratch: &Path) -> Result<Self, TaskError> {
        let upstream = format!(
            "upstream upstream {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000000; }}"
        );
        let location = "location / {
            proxy_pass http://upstream;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_set_header Authorization 'Bearer bench-api-key';
        }";
        Self::configured(scratch, "nginx", &upstream, location)
    }

    /// Starts it on `core` with one worker.
    pub(crate) fn start(&self, core: u32) -> Result<Server, TaskError> {
        let directory = self.configuration.parent().unwrap_or(Path::new("/"));
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(directory)
            .arg("-c")
            .arg(&self.configuration);
        Server::start(
            &command,
            core,
            self.port,
            &self.configuration.with_extension("log"),
        )
    }

    fn configured(
        scratch: &Path,
        name: &str,
        upstream: &str,
        location: &str,
    ) -> Result<Self, TaskError> {
        let port = free_port()?;
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {name}-{kind};"))
            .join(" ");
        let text = format!(
            "daemon off;
worker_processes 1;
pid {name}.pid;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    {temporary}
    {upstream}
    server {{ listen 127.0.0.1:{port}; {location} }}
}}
"
        );
        let configuration = scratch.join(format!("{name}.conf"));
        fs::write(&configuration, text).map_err(TaskError::file(&configuration))?;
        Ok(Self {
            configuration,
            port,
        })
    }
}

/// A list of contacts, 1 KB of JSON.
fn document() -> String {
    let contacts: Vec<_> = (1..=13)
        .map(|id| {
            let email = format!("contact.{id:02}@example.com");
            serde_json::json!({ "id": format!("contact-{id:04}"), "email": email, "active": id % 3 != 0 })
        })
        .collect();
    serde_json::json!({ "contacts": contacts, "cursor": null }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_about_one_kilobyte_and_fits_into_quotes() {
        assert!(
            (900..1100).contains(&document().len()),
            "{}",
            document().len()
        );
        assert!(!document().contains(['\'', '$']));
    }
}
