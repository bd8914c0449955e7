//! A server process under measurement.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::process::{self, Memory};
use crate::command::start_error;
use crate::error::TaskError;

/// How long a server may take to listen, and to stop.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running server that is pinned to a core; it is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts `program`, which is to listen on `port`, and waits until it does. Its output goes to
    /// a file `NAME.log`.
    pub(crate) fn start(
        command: &Command,
        core: u32,
        port: u16,
        log: &Path,
    ) -> Result<Self, TaskError> {
        let mut server = Self::spawn(command, core, port, log)?;
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            server.check_running()?;
            if Instant::now() > deadline {
                return Err(server.complaint("does not listen"));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// Starts `program` and does not wait.
    pub(crate) fn spawn(
        command: &Command,
        core: u32,
        port: u16,
        log: &Path,
    ) -> Result<Self, TaskError> {
        let output = File::create(log).map_err(TaskError::file(log))?;
        let errors = output.try_clone().map_err(TaskError::file(log))?;
        let mut pinned = Command::new("taskset");
        pinned
            .args(["--cpu-list", &core.to_string()])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            pinned.env(name, value.unwrap_or_default());
        }
        pinned.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = pinned.spawn().map_err(start_error(&pinned))?;
        Ok(Self {
            child,
            port,
            log: log.to_owned(),
        })
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// CPU time of the process and its children so far.
    pub(crate) fn cpu_time(&self) -> Result<Duration, TaskError> {
        process::cpu_time(self.child.id())
    }

    /// Memory of the process and its children.
    pub(crate) fn memory(&self) -> Result<Memory, TaskError> {
        process::memory(self.child.id())
    }

    /// Fails with what the server said when it has ended by itself.
    pub(crate) fn check_running(&mut self) -> Result<(), TaskError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(_)) | Err(_) => Err(self.complaint("ended by itself")),
        }
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), TaskError> {
        if self.terminate() {
            return Ok(());
        }
        Err(self.complaint("does not stop"))
    }

    fn complaint(&self, what: &str) -> TaskError {
        let output = fs::read_to_string(&self.log).unwrap_or_default();
        let name = self.log.file_stem().unwrap_or_default().to_string_lossy();
        TaskError::Measurement(format!("{name} {what}; it said:\n{output}"))
    }

    /// SIGTERM, so that a master process takes its workers along. False when the process would not
    /// end.
    fn terminate(&mut self) -> bool {
        let pid = self.child.id().to_string();
        drop(
            Command::new("kill")
                .args(["-TERM", &pid])
                .stderr(Stdio::null())
                .status(),
        );
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return true;
            }
            sleep(Duration::from_millis(2));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = matches!(self.child.try_wait(), Ok(Some(_))) || self.terminate();
        if !ended {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> Result<u16, TaskError> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener
        .map(|address| address.port())
        .map_err(TaskError::file("127.0.0.1:0"))
}
