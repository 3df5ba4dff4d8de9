//! The pod: installed once, with its services made anew for each test.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

use crate::programs::{path, root};
use crate::{http, processes};

/// Long enough for a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The application.
pub(crate) const HOME: &str = "/home/diaspora/diaspora";
const SERVICE: &str = "/etc/service";
static INSTALLED: Once = Once::new();

pub(crate) struct Pod;

impl Pod {
    pub(crate) fn new() -> Self {
        INSTALLED.call_once(install);
        processes::kill_all();
        let _ = fs::remove_dir_all(SERVICE);
        let _ = fs::remove_file(Path::new(HOME).join("tmp/hurry"));
        sh("rm -rf /var/lib/redis/* /run/*");
        let text = sh("diaspora-deps install --set modern /etc/service");
        assert!(text.contains("/etc/service/99puma/run: made"), "{text}");
        Self
    }

    /// Starts svscanboot, as the system does.
    pub(crate) fn boot(&self) {
        sh("env -i /usr/local/bin/svscanboot /etc/service </dev/null >/dev/null 2>&1 &");
    }

    /// Starts svscanboot, and waits until all services are ready and there is a page.
    pub(crate) fn start(&self) {
        self.boot();
        self.until_up();
    }

    pub(crate) fn until_up(&self) {
        self.until("all are ready", || {
            let (code, text) = run("diaspora-deps check");
            code == 0 && text.contains("sidekiq: ready") && text.contains("puma: ready")
        });
        self.until("all are up", || run("diaspora_svc statusall").0 == 0);
        self.until("a page", || self.page().is_some());
    }

    /// The page, if there is one.
    pub(crate) fn page(&self) -> Option<String> {
        let (status, text) = http::request("GET", "/").ok()?;
        (status == 200 && text.starts_with("Our pod: visit ")).then_some(text)
    }

    /// Polls until all these jobs are done.
    pub(crate) fn until_done(&self, jobs: &[u32]) {
        let missing = || {
            let (_, text) = http::request("GET", "/jobs").unwrap_or_default();
            let done: BTreeSet<u32> = text.lines().flat_map(str::parse).collect();
            let missing = jobs.iter().filter(|number| !done.contains(number));
            missing.copied().collect::<Vec<_>>()
        };
        let deadline = Instant::now() + TIMEOUT;
        while !missing().is_empty() {
            let late = Instant::now() >= deadline;
            assert!(!late, "lost jobs: {:?}\n{}", missing(), self.report());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Polls until a condition holds; fails with the state of all services if it never does.
    pub(crate) fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !holds() {
            let late = Instant::now() >= deadline;
            assert!(!late, "never: {what}\n{}", self.report());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The pid of a service that is up.
    pub(crate) fn pid(&self, service: &str) -> Option<String> {
        let (_, text) = run(&format!("svstat {SERVICE}/{service}"));
        let (_, rest) = text.split_once("up (pid ")?;
        Some(rest.split_once(')')?.0.to_owned())
    }

    /// The log of a service.
    pub(crate) fn log(&self, service: &str) -> String {
        let file = format!("{SERVICE}/{service}/log/main/current");
        String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
    }

    /// The status and the end of the log of each service, for a failure.
    pub(crate) fn report(&self) -> String {
        let mut text = run("diaspora_svc statusall").1 + &run("diaspora-deps check").1;
        text += &run("ps -eo pid,args | grep '[r]eadproctitle service'").1;
        for entry in fs::read_dir(SERVICE).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let log = self.log(&name);
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(12)..];
            text += &format!("--- {name}\n{}\n", tail.join("\n"));
        }
        text
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        processes::kill_all();
    }
}

/// Installs the programs, the application and the settings.
fn install() {
    let output = Command::new(root().join("demo/install-pod"))
        .env("PATH", path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    sh("diaspora-deps install --set modern --with-settings /etc/service");
}

/// Runs a line of shell; gives its output, which ends the test if the line fails.
pub(crate) fn sh(line: &str) -> String {
    let (code, text) = run(line);
    assert_eq!(code, 0, "{line}: {text}");
    text
}

/// Runs a line of shell; gives its exit code and its output. It is killed, and gives -1,
/// if it takes too long.
pub(crate) fn run(line: &str) -> (i32, String) {
    let (mut pipe, write) = std::io::pipe().unwrap();
    let mut child = Command::new("timeout")
        .args(["-s", "KILL", "120", "sh", "-c", line])
        .stdin(Stdio::null())
        .stdout(write.try_clone().unwrap())
        .stderr(write)
        .spawn()
        .unwrap();
    let mut text = Vec::new();
    pipe.read_to_end(&mut text).unwrap();
    let code = child.wait().unwrap().code().unwrap_or(-1);
    (code, String::from_utf8_lossy(&text).into_owned())
}
