//! Every system call of a running program fails, one after the other, with every error
//! that a machine without resources gives. The program must run on, and do its work when
//! calls succeed again.

mod adoption;
pub(crate) mod multilog;
mod supervise;
mod svscan;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::calls::with_names_of_32_bits;
use conformance::{Case, Proc, Side};
use nix::sys::signal::Signal;

/// The errors of a machine without resources.
const ERRORS: [&str; 6] = ["ENOMEM", "EMFILE", "ENOSPC", "EAGAIN", "EINTR", "EIO"];

/// The number of calls that failed, in all cases.
static FAILED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = supervise::cases();
    cases.extend(adoption::cases());
    cases.extend(svscan::cases());
    cases.extend(multilog::cases());
    cases
}

/// Prints the number of calls that failed, if any did.
pub(crate) fn report() {
    let failed = FAILED.load(Ordering::Relaxed);
    if failed > 0 {
        println!("sweep: {failed} system calls made to fail");
    }
    adoption::report();
}

/// A case for each call and each error.
fn pairs(calls: &[&'static str], case: impl Fn(&'static str, &'static str) -> Case) -> Vec<Case> {
    let pairs = calls
        .iter()
        .flat_map(|call| ERRORS.iter().map(move |error| (*call, *error)));
    pairs.map(|(call, error)| case(call, error)).collect()
}

/// The first name of a call that has several.
fn name(call: &'static str) -> &'static str {
    call.split(',').next().unwrap_or(call)
}

/// System calls of one process that fail, by strace.
pub(crate) struct Injection {
    strace: Option<Proc>,
    output: PathBuf,
}

impl Injection {
    /// The options of strace for failures, which it logs to `name`. `fault` is strace's
    /// text for which call fails, how and when.
    pub(crate) fn options(side: &Side, name: &str, fault: &str) -> (Self, Vec<String>) {
        let output = side.path(format!("../out/{name}"));
        let fault = with_names_of_32_bits(fault);
        let options = [
            "-qq".to_owned(),
            format!("-o{}", output.display()),
            "-esignal=none".to_owned(),
            format!("-etrace={}", fault.split(':').next().unwrap_or(&fault)),
            format!("-einject={fault}"),
        ];
        let injection = Self {
            strace: None,
            output,
        };
        (injection, options.into())
    }

    /// Makes calls of a running process fail; returns when strace has attached.
    pub(crate) fn attach(side: &Side, process: &Proc, fault: &str) -> Self {
        let (mut injection, mut options) = Self::options(side, "injection", fault);
        options.insert(0, "/usr/bin/strace".to_owned());
        options.push(format!("-p{}", process.pid()));
        injection.strace = Some(side.command(options).spawn());
        let status = format!("/proc/{}/status", process.pid());
        side.until("the tracer", || {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let tracer = text
                .lines()
                .find_map(|line| line.strip_prefix("TracerPid:"));
            tracer.is_some_and(|pid| pid.trim() != "0")
        });
        injection
    }

    /// The number of calls that have failed so far.
    fn failed(&self) -> usize {
        let trace = fs::read(&self.output).unwrap_or_default();
        let text = String::from_utf8_lossy(&trace);
        text.matches("(INJECTED)").count()
    }

    /// Ends the failures; the process runs on. Counts the calls that failed.
    fn end(&self) -> usize {
        if let Some(strace) = &self.strace {
            strace.signal(Signal::SIGINT);
            let _ = strace.wait();
        }
        let failed = self.failed();
        FAILED.fetch_add(failed, Ordering::Relaxed);
        failed
    }
}
