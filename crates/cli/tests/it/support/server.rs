//! `authbridge serve`, running.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use super::{Place, Ran, Upstream, http};

/// A server; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    /// What it printed before it listened.
    pub(crate) greeting: String,
    pub(crate) url: String,
    stdout: BufReader<ChildStdout>,
    log: Receiver<String>,
}

impl Server {
    /// Runs `command`, which serves on a free port, and waits until it listens.
    #[track_caller]
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = lines(child.stderr.take().unwrap());
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            child,
            greeting: String::new(),
            url: String::new(),
            stdout,
            log,
        };
        server.read_greeting();
        server
    }

    #[track_caller]
    fn read_greeting(&mut self) {
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                let log: Vec<String> = self.log.iter().collect();
                panic!("the server ended: {}{}", self.greeting, log.join("\n"));
            }
            if let Some(url) = listening(&line) {
                self.url = url;
                return;
            }
            self.greeting.push_str(&line);
        }
    }

    /// Waits until the log has a line with `text`.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let found = self.log.iter().any(|line| line.contains(text));
        assert!(found, "the server ended without `{text}`");
    }

    /// Kills it, as the operating system does with a process that needs too much: without a word.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &command]).status();
        assert!(status.unwrap().success());
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(self) -> Ran {
        self.signal("TERM");
        self.ended()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(mut self) -> Ran {
        let code = self.child.wait().unwrap().code();
        let mut stdout = String::new();
        while self.stdout.read_line(&mut stdout).unwrap() > 0 {}
        let log: Vec<String> = self.log.iter().collect();
        Ran {
            code,
            stdout,
            stderr: log.join("\n"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ignored = self.child.kill();
        let _ignored = self.child.wait();
    }
}

fn listening(line: &str) -> Option<String> {
    if let Some(url) = line.strip_prefix("listening on ") {
        return Some(url.trim().to_owned());
    }
    let value: Value = serde_json::from_str(line).ok()?;
    Some(value.get("url")?.as_str()?.to_owned())
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A server with the `api-key` example, its upstream, and an account that is connected.
pub(crate) struct Connected {
    pub(crate) place: Place,
    pub(crate) upstream: Upstream,
    pub(crate) server: Server,
    /// The connection's id.
    pub(crate) id: String,
}

impl Connected {
    pub(crate) fn start() -> Self {
        let upstream = Upstream::start();
        let place = Place::new();
        place.example("api-key", upstream.base_uri());
        let server = Server::start(place.command(&["serve", "api-key", "--dev"]));
        let id = connect(&place, &server, "user-42", &api_key());
        Self {
            place,
            upstream,
            server,
            id,
        }
    }

    /// Runs a command against the server.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command.env("AUTHBRIDGE_URL", &self.server.url);
        command
    }

    pub(crate) fn connect(&self, customer: &str) -> String {
        connect(&self.place, &self.server, customer, &api_key())
    }
}

fn api_key() -> Value {
    json!({ "integrationKey": "contacts", "input": { "apiKey": "simulated-api-key" } })
}

/// Connects an account of `customer` as `body` says, and gives the connection's id.
#[track_caller]
pub(crate) fn connect(place: &Place, server: &Server, customer: &str, body: &Value) -> String {
    let token = place.run(&["token", "mint", "--customer", customer]);
    let (status, connection) = http::post(&server.url, "/connections", token.stdout.trim(), body);
    assert_eq!(status, 201, "{connection}");
    connection["id"].as_str().unwrap().to_owned()
}
