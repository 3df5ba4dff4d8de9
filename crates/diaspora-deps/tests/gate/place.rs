//! A service directory with config, the gate in it, and a scripted server.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

pub(crate) struct Place(tempfile::TempDir);

impl Place {
    /// A service directory `99thin_2`, with this config.
    pub(crate) fn new(services: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("99thin_2")).unwrap();
        fs::write(place.path("services.toml"), services).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

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

/// A redis that answers each question with `answer` (or nothing); its port, and how
/// often it was asked.
pub(crate) fn redis(answer: &'static str) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        let mut silent = Vec::new();
        for mut stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(answer.as_bytes());
            if answer.is_empty() {
                silent.push(stream);
            }
        }
    });
    (port, asked)
}

pub(crate) fn config(port: u16) -> String {
    format!("[service.redis]\nprobe = {{ address = \"127.0.0.1:{port}\" }}\n")
}
