//! The system calls of a program, in order, for the few promises that can't be observed in
//! another way. Needs strace.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use regex::Regex;

use crate::process::Proc;
use crate::side::Side;

/// The system calls that send signals and rename files, whichever a side uses.
const CALLS: &str = "trace=kill,tkill,tgkill,pidfd_send_signal,rename,renameat,renameat2,unlink";

/// A process under strace.
pub struct Trace {
    strace: Proc,
    output: PathBuf,
}

impl Side {
    /// Traces a running process from now on.
    #[must_use]
    pub fn trace(&self, process: &Proc) -> Trace {
        let output = self.path("../out/trace");
        let pid = process.pid().to_string();
        let output_text = output.to_string_lossy().into_owned();
        let words = [
            "/usr/bin/strace",
            "-qq",
            "-e",
            CALLS,
            "-e",
            "signal=none",
            "-o",
            &output_text,
            "-p",
            &pid,
        ];
        let strace = self.command(words).spawn_until("strace is attached", |_| {
            fs::read_to_string(format!("/proc/{pid}/status"))
                .is_ok_and(|text| !text.contains("TracerPid:\t0\n"))
        });
        Trace { strace, output }
    }
}

impl Trace {
    /// The signals sent and the files renamed so far, in order, without repeated lines.
    fn events(&self) -> Vec<String> {
        let signal = Regex::new(r"^(?:kill|tkill|tgkill|pidfd_send_signal)\(.*[ ,](SIG[A-Z0-9]+)")
            .expect("a pattern");
        let rename = Regex::new(r#"^rename.*"([^"]*)"[^"]*\) += 0"#).expect("a pattern");
        let text = fs::read_to_string(&self.output).unwrap_or_default();
        let mut events: Vec<String> = Vec::new();
        for line in text.lines() {
            let event = if let Some(found) = signal.captures(line) {
                format!("sends {}", &found[1])
            } else if let Some(found) = rename.captures(line) {
                let name = found[1].rsplit('/').next().unwrap_or_default();
                format!("replaces {name}")
            } else {
                continue;
            };
            // The additional files of ours are not compared.
            if event != "replaces detail" && events.last() != Some(&event) {
                events.push(event);
            }
        }
        events
    }

    /// Ends the tracing and logs the events; the traced process runs on.
    pub fn end_and_log(self, side: &Side) {
        self.strace.signal(Signal::SIGINT);
        let _ = self.strace.wait();
        for event in self.events() {
            side.log("supervise", event);
        }
    }
}
