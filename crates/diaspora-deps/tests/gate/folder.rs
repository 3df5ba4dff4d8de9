//! A folder with a service directory and a configuration, and a scripted redis.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with the service directory `99thin_2` and this `services.toml`.
    pub(crate) fn new(services: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.path("99thin_2")).unwrap();
        fs::write(folder.path("services.toml"), services).unwrap();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `diaspora-deps` in that service directory.
    pub(crate) fn gate(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diaspora-deps"));
        command
            .args(words)
            .current_dir(self.path("99thin_2"))
            .env("DIASPORA_DEPS_SERVICES", self.path("services.toml"))
            .env("DIASPORA_DEPS_SETTINGS", self.path("settings"))
            .env("DIASPORA_DEPS_DIR", self.path(""))
            .env_remove("DEFAULT_ATTEMPTS")
            .stdin(Stdio::null());
        command
    }

    /// Runs the gate; gives its exit code, output and errors.
    pub(crate) fn run(&self, words: &[&str]) -> (i32, String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.gate(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }
}

/// A process in a group of its own, which is killed at the end.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.process_group(0).spawn().unwrap())
    }

    /// Its standard output, line by line.
    pub(crate) fn lines(&mut self) -> Lines<BufReader<ChildStdout>> {
        BufReader::new(self.0.stdout.take().unwrap()).lines()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill")
            .args(["-s", "KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.0.wait();
    }
}

/// A redis that sends `answer` to each connection, or nothing; gives its port and the
/// number of connections.
pub(crate) fn redis(answer: &'static str) -> (u16, Arc<AtomicU32>) {
    redis_by(move |_| answer)
}

/// A redis that loads during the first `probes`.
pub(crate) fn redis_after(probes: u32) -> (u16, Arc<AtomicU32>) {
    redis_by(move |count| match count < probes {
        true => "-LOADING not yet\r\n",
        false => "+PONG\r\n",
    })
}

/// A redis that sends to each connection, counted from 0, its answer, or nothing.
pub(crate) fn redis_by(
    answer: impl Fn(u32) -> &'static str + Send + 'static,
) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&connections);
    thread::spawn(move || {
        let mut silent = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let answer = answer(count.fetch_add(1, Ordering::SeqCst));
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(answer.as_bytes());
            if answer.is_empty() {
                silent.push(stream);
            }
        }
    });
    (port, connections)
}

/// A port where nobody listens.
pub(crate) fn refused() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Calls `look` until it gives something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "no {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A `services.toml` with redis on this port.
pub(crate) fn config(port: u16) -> String {
    format!("[service.redis]\nprobe = {{ address = \"127.0.0.1:{port}\" }}\n")
}
