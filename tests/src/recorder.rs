//! A service that records every signal that it gets, and the detection of the moment when
//! nothing more will happen to it. Until then the two sides may differ, since the reference
//! sleeps for a second after each start; the final state must be the same.

use std::fmt;
use std::fs;
use std::time::Duration;

use crate::process::{Entry, Proc};
use crate::service::Status;
use crate::side::Side;

/// `signals` gets a line for each start and each signal. TERM ends it, unless a file called
/// `stubborn` exists. Signals are blocked outside of `sigsuspend`, so it sleeps only when it
/// has recorded everything.
const RUN: &str = r#"#!/usr/bin/perl
use POSIX;
my $all = POSIX::SigSet->new(); $all->fillset();
sigprocmask(SIG_BLOCK, $all);
open(my $log, '>>', 'signals') or die;
for my $name (qw(HUP INT QUIT USR1 USR2 ALRM CONT WINCH)) {
    $SIG{$name} = sub { syswrite($log, "$name\n") };
}
$SIG{TERM} = sub { syswrite($log, "TERM\n"); exit 0 unless -e 'stubborn' };
syswrite($log, "start $$\n");
my $none = POSIX::SigSet->new(); $none->emptyset();
sigsuspend($none) while 1;
"#;

/// The final state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Its record; the last one if supervise has ended.
    pub status: Status,
    /// `S` asleep, `T` stopped, `-` no process.
    pub process: char,
    /// supervise ended.
    pub gone: bool,
}

impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let process = match self.process {
            'T' => "stopped",
            'S' => "asleep",
            _ => "no process",
        };
        let gone = if self.gone { ", supervise gone" } else { "" };
        write!(f, "{}, {process}{gone}", self.status)
    }
}

impl Side {
    /// A service directory whose service records its signals in `signals`.
    pub fn recorder(&self, dir: &str) {
        self.executable(format!("{dir}/run"), RUN);
    }

    /// Starts supervise and waits until it can be controlled.
    #[must_use]
    pub fn supervise(&self, dir: &str) -> Proc {
        self.command(["supervise", dir])
            .spawn_until("supervise is ready", |_| {
                self.is_supervised(dir) && self.status(dir).is_some()
            })
    }

    /// Waits until nothing more will happen by itself in a recorder's directory: all
    /// commands are read, all signals delivered and recorded, and the service is up if it
    /// is wanted up.
    pub fn until_rest(&self, dir: &str, supervise: &Proc) -> Rest {
        let mut last = None;
        self.until(&format!("{dir} comes to rest"), || {
            let first = self.at_rest(dir, supervise);
            std::thread::sleep(Duration::from_millis(10));
            let second = self.at_rest(dir, supervise);
            last = second;
            first.is_some() && first == second
        });
        let (rest, _) = last.expect("until returns when it is there");
        rest
    }

    /// The final state of the service, if it has one, and the length of its log.
    fn at_rest(&self, dir: &str, supervise: &Proc) -> Option<(Rest, usize)> {
        let gone = supervise.ended().is_some();
        if !gone {
            let idle = Entry::of(supervise.pid()).is_some_and(|entry| entry.state == 'S');
            if self.unread_control(dir) != 0 || !idle {
                return None;
            }
        }
        let status = self.status(dir)?;
        let log = self.read(format!("{dir}/signals"));
        let rest = |process| {
            Some((
                Rest {
                    status,
                    process,
                    gone,
                },
                log.len(),
            ))
        };
        if status.is_down() {
            return if status.want == b'u' && !gone {
                None
            } else {
                rest('-')
            };
        }
        let entry = Entry::of(i32::try_from(status.pid).ok()?)?;
        if entry.state == 'T' {
            return rest('T');
        }
        let started = format!("start {}\n", status.pid);
        let up = log
            .windows(started.len())
            .any(|line| line == started.as_bytes());
        (up && entry.state == 'S' && !has_pending(status.pid))
            .then(|| rest('S'))
            .flatten()
    }

    /// The recorder's log from `offset` on, without pids, in sorted order:
    /// signals that arrive together have no order.
    #[must_use]
    pub fn recorded(&self, dir: &str, offset: usize) -> String {
        let log = self.read(format!("{dir}/signals"));
        let text = String::from_utf8_lossy(&log[offset..]).into_owned();
        let mut words: Vec<_> = text
            .lines()
            .map(|line| line.split(' ').next().unwrap_or_default())
            .collect();
        words.sort_unstable();
        words.join(" ")
    }

    /// Gives the commands in one write, waits for rest, and logs everything.
    pub fn log_command(&self, dir: &str, supervise: &Proc, commands: &[u8]) -> Rest {
        let before = self.status(dir).expect("a record");
        let offset = self.read(format!("{dir}/signals")).len();
        self.control(dir, commands);
        // A start may come later; until then the state looks final.
        let last = commands
            .iter()
            .rev()
            .find(|command| b"udo".contains(command));
        if before.is_down() && last.is_some_and(|last| b"uo".contains(last)) {
            self.until("another start", || {
                supervise.ended().is_some() || self.recorded(dir, offset).contains("start")
            });
        }
        let rest = self.until_rest(dir, supervise);
        self.log_bytes("command", commands);
        self.log("rest", rest);
        self.log("signals", self.recorded(dir, offset));
        let same = |same| if same { "the same" } else { "another" };
        self.log("pid", same(before.pid == rest.status.pid));
        let stamps = |status: &Status| (status.stamp, status.nanos);
        self.log("stamp", same(stamps(&before) == stamps(&rest.status)));
        assert!(rest.status.nanos < 1_000_000_000, "nanoseconds of a second");
        rest
    }
}

fn has_pending(pid: u32) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    text.lines()
        .filter(|line| line.starts_with("SigPnd:") || line.starts_with("ShdPnd:"))
        .any(|line| {
            line.bytes()
                .skip(7)
                .any(|byte| (b'1'..=b'f').contains(&byte))
        })
}
