//! `supervise.toml`: what the operator asks of supervise for one service. Pure, and
//! without heap: supervise reads it, and so does whoever checks the file for people.
//!
//! The file is a subset of TOML: lines `name = value`, empty lines and comments. A value
//! is a number, `true`, `false`, or a text of printable ASCII without `"` and `\`.
//! Trouble in one line leaves the others in force.

mod line;
mod name;
mod trouble;

use core::time::Duration;

use crate::unix::signal::Signal;
use line::{Line, Value};

pub use name::Name;
pub use trouble::{Kind, Trouble};

/// The most bytes of a file that count.
pub const FILE_MAX: usize = 4096;
/// The most bytes of a line, without its end.
pub const LINE_MAX: usize = 200;

/// The most early ends that can be asked for.
const GIVE_UP_MAX: u32 = 1000;
/// How long a service that is not ready in time may take to end, where nothing is said.
const STOP_NOT_READY: Duration = Duration::from_secs(10);

/// Which end of the service is followed by a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Each.
    Always,
    /// One by a signal, or with another exit code than 0.
    OnFailure,
    /// None.
    Never,
}

/// What is asked for. The default is what supervise does without the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `restart`.
    pub restart: Restart,
    /// `backoff`: the longest wait between two starts of a service that keeps ending
    /// early. Zero: a second between two starts, and no more.
    pub backoff: Duration,
    /// `give-up`: after how many early ends in a row the service has failed. Zero: never.
    pub give_up: u32,
    /// `stop-signal`: what a service gets that is told to go down.
    pub stop_signal: Signal,
    /// `own-session`: the service leads a session, and what is left of its process group
    /// is killed when it has ended.
    pub own_session: bool,
    /// `ready-fd`: the descriptor to which the service writes a newline when it is ready.
    pub ready_fd: Option<u8>,
    /// `ready-timeout`: how long it may take to be ready. `None`: as long as it takes.
    pub ready_timeout: Option<Duration>,
    /// `finish`: run `./finish` after each end.
    pub finish: bool,
    /// `finish-timeout`: how long `./finish` may take.
    pub finish_timeout: Duration,
    healthy: Option<Duration>,
    stop_timeout: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            restart: Restart::Always,
            backoff: Duration::ZERO,
            give_up: 0,
            stop_signal: Signal::SIGTERM,
            own_session: false,
            ready_fd: None,
            ready_timeout: None,
            finish: false,
            finish_timeout: Duration::from_secs(5),
            healthy: None,
            stop_timeout: None,
        }
    }
}

impl Policy {
    /// `healthy`: how long the service has to be up, or ready, to have recovered.
    #[must_use]
    pub fn healthy(&self) -> Duration {
        let unset = self.backoff.max(Duration::from_secs(10));
        self.healthy.unwrap_or(unset)
    }

    /// `stop-timeout`: how long the service may take to end when it is told to, before
    /// it is killed. `None`: as long as it takes.
    #[must_use]
    pub fn stop_timeout(&self) -> Option<Duration> {
        self.stop_timeout.filter(|limit| !limit.is_zero())
    }

    /// The same where supervise stops the service because it was not ready in time.
    #[must_use]
    pub fn stop_timeout_when_not_ready(&self) -> Option<Duration> {
        let limit = self.stop_timeout.unwrap_or(STOP_NOT_READY);
        Some(limit).filter(|limit| !limit.is_zero())
    }

    /// How long after an end the next start may come, after `failures` early ends in a
    /// row. Zero: at once.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        if failures < 2 {
            return Duration::ZERO;
        }
        let seconds = 1_u64.checked_shl(failures - 1).unwrap_or(u64::MAX);
        Duration::from_secs(seconds).min(self.backoff)
    }

    /// Reads the content of a file, of which at most [`FILE_MAX`] bytes count. Each
    /// trouble goes to `report`, and the line that it is in is ignored.
    #[must_use]
    pub fn parse(text: &[u8], mut report: impl FnMut(Trouble<'_>)) -> Self {
        let mut policy = Self::default();
        let mut set_in = [0; Name::ALL.len()];
        let (mut text, rest) = text.split_at(text.len().min(FILE_MAX));
        if !rest.is_empty() {
            // Whole lines only: a part of one may mean something else.
            let newline = text.iter().rposition(|&byte| byte == b'\n');
            text = &text[..newline.map_or(0, |at| at + 1)];
        }
        let mut number = 0;
        for line in text.split(|&byte| byte == b'\n') {
            number += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Err(kind) = policy.take(line, number, &mut set_in) {
                report(Trouble { line: number, kind });
            }
        }
        if !rest.is_empty() {
            report(Trouble {
                line: number,
                kind: Kind::LongFile,
            });
        }
        policy
    }

    fn take<'a>(
        &mut self,
        text: &'a [u8],
        number: u32,
        set_in: &mut [u32; Name::ALL.len()],
    ) -> Result<(), Kind<'a>> {
        if text.len() > LINE_MAX {
            return Err(Kind::LongLine);
        }
        let Some((word, value)) = Line::parse(text).ok_or(Kind::Form)?.pair() else {
            return Ok(());
        };
        let name = Name::parse(word).ok_or(Kind::Unknown(word))?;
        let set_in = &mut set_in[name as usize];
        if *set_in > 0 {
            return Err(Kind::Again(name, *set_in));
        }
        self.set(name, value).ok_or(Kind::Wants(name))?;
        *set_in = number;
        Ok(())
    }

    /// `None` where the value is not what `name` wants.
    fn set(&mut self, name: Name, value: Value<'_>) -> Option<()> {
        match name {
            Name::Restart => self.restart = restart(value.text()?)?,
            Name::Backoff => self.backoff = value.seconds(0)?,
            Name::Healthy => self.healthy = Some(value.seconds(1)?),
            Name::GiveUp => self.give_up = value.whole(0, GIVE_UP_MAX)?,
            Name::StopSignal => self.stop_signal = signal(value.text()?)?,
            Name::StopTimeout => self.stop_timeout = Some(value.seconds(0)?),
            Name::OwnSession => self.own_session = value.truth()?,
            Name::ReadyFd => self.ready_fd = u8::try_from(value.whole(3, 255)?).ok(),
            Name::ReadyTimeout => {
                self.ready_timeout = Some(value.seconds(0)?).filter(|limit| !limit.is_zero());
            }
            Name::Finish => self.finish = value.truth()?,
            Name::FinishTimeout => self.finish_timeout = value.seconds(1)?,
        }
        Some(())
    }
}

fn restart(text: &[u8]) -> Option<Restart> {
    match text {
        b"always" => Some(Restart::Always),
        b"on-failure" => Some(Restart::OnFailure),
        b"never" => Some(Restart::Never),
        _ => None,
    }
}

fn signal(text: &[u8]) -> Option<Signal> {
    match text.strip_prefix(b"SIG").unwrap_or(text) {
        b"HUP" => Some(Signal::SIGHUP),
        b"INT" => Some(Signal::SIGINT),
        b"QUIT" => Some(Signal::SIGQUIT),
        b"ABRT" => Some(Signal::SIGABRT),
        b"KILL" => Some(Signal::SIGKILL),
        b"USR1" => Some(Signal::SIGUSR1),
        b"USR2" => Some(Signal::SIGUSR2),
        b"ALRM" => Some(Signal::SIGALRM),
        b"TERM" => Some(Signal::SIGTERM),
        b"WINCH" => Some(Signal::SIGWINCH),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
