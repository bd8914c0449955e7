//! What every test needs: an empty place to run the executable in, a server, an upstream.

pub(crate) mod http;
mod server;
mod upstream;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use server::{Connected, Server, connect};
pub(crate) use upstream::Upstream;

pub(crate) const KEY: &str = "acme";
pub(crate) const SECRET: &str = "a-workspace-secret-of-the-command-line-tests";

/// Where the examples expect their API.
pub(crate) const EXAMPLES_UPSTREAM: &str = "http://127.0.0.1:4800";

/// An empty directory to run the executable in, with nothing of this machine's environment.
pub(crate) struct Place {
    directory: TempDir,
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Copies `examples/<name>` here, for an API at `upstream`.
    pub(crate) fn example(&self, name: &str, upstream: &str) {
        let from = repository().join("examples").join(name);
        copy(&from, &self.path(name), upstream);
    }

    /// The executable, with the workspace's key and secret in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare_command(arguments);
        command.env("AUTHBRIDGE_WORKSPACE_KEY", KEY);
        command.env("AUTHBRIDGE_WORKSPACE_SECRET", SECRET);
        command
    }

    /// The executable, with an empty environment.
    pub(crate) fn bare_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authbridge"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_bare(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.bare_command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // From another thread: the command may answer before it has read everything.
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let ran = Ran::of(child.wait_with_output().unwrap());
        writer.join().unwrap().unwrap();
        ran
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output, which is one JSON document and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not JSON: {error}\n{}", self.stdout))
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// The command ended with `code`, said `message`, and what to do about it.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, message: &str, hint: &str) {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        assert!(self.stderr.contains("error: "), "{}", self.stderr);
        assert!(self.stderr.contains(message), "{}", self.stderr);
        assert!(self.stderr.contains(hint), "{}", self.stderr);
    }

    /// Everything, for a snapshot.
    pub(crate) fn transcript(&self) -> String {
        let code = self.code.map_or("a signal".into(), |code| code.to_string());
        format!(
            "exit code {code}\n--- standard output\n{}--- standard error\n{}",
            self.stdout, self.stderr
        )
    }
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn copy(from: &Path, to: &Path, upstream: &str) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target, upstream);
        } else {
            let text = fs::read_to_string(path).unwrap();
            fs::write(target, text.replace(EXAMPLES_UPSTREAM, upstream)).unwrap();
        }
    }
}
