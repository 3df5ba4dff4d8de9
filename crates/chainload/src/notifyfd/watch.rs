//! The process that stays behind: hears the program, tells supervise, and ends with the
//! program.

use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::{Mask, Signal};
use daemontools::unix::{account, companion, fd, file, notify_socket, poll};

use super::datagram::Told;
use super::machine::{Action, GRACE, Machine};
use super::reporter::ME;
use super::socket::Name;
use crate::label::Label;
use crate::program::{Id, Program};

/// How many datagrams are read before the program is looked at again.
const BATCH: usize = 32;

/// The longest datagram, as systemd has it.
const DATAGRAM_MAX: usize = 4096;

/// How long after a newline could not be written it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What there is to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) program: Id,
    pub(super) label: Label,
    pub(super) socket: Name,
    pub(super) watchdog: Option<Duration>,
}

/// The word for supervise.
enum Word {
    /// It has not to be told yet.
    Kept(OwnedFd),
    /// It could not be written; when to try again.
    Due(OwnedFd, Monotonic),
    Told,
}

/// Given are the socket, the descriptor for supervise, and the program's pidfd.
pub(super) fn watch([socket, ready, pidfd]: [Option<OwnedFd>; 3], plan: Plan) -> i32 {
    let (Some(socket), Some(ready)) = (socket, ready) else {
        return 0;
    };
    let _ = file::chdir(c"/");
    let mask = Mask::block(&[]);
    let program = Program::new(plan.program, pidfd);
    let mut machine = Machine::new(plan.watchdog);
    let mut word = Word::Kept(ready);
    let own = account::own_user();
    loop {
        let due = match &word {
            Word::Due(_, due) => Some(*due),
            Word::Kept(_) | Word::Told => None,
        };
        let deadline = [machine.deadline(), due].into_iter().flatten().min();
        let fds = [program.end(), Some(socket.as_fd())];
        if poll::readable(fds, program.look_at(deadline), &mask).is_err() {
            poll::pause_until(Monotonic::now() + AGAIN);
        }
        let mut buffer = [0; DATAGRAM_MAX];
        for _ in 0..BATCH {
            let Ok(received) = notify_socket::receive(&socket, &mut buffer) else {
                continue;
            };
            let Some(received) = received else { break };
            if [0, own].contains(&received.user) || program.runs_as(received.user) {
                let told = Told::of(&buffer[..received.len], received.is_cut);
                let action = machine.told(told, Monotonic::now());
                perform(action, &program, &plan, &mut word);
            }
        }
        if program.has_ended() {
            plan.socket.remove();
            return 0;
        }
        let now = Monotonic::now();
        if machine.deadline().is_some_and(|deadline| deadline <= now) {
            let action = machine.time(now, program.is_stopped());
            perform(action, &program, &plan, &mut word);
        }
        if let Word::Due(ready, due) = word {
            word = match due <= now {
                true => tell(ready, &plan, true),
                false => Word::Due(ready, due),
            };
        }
    }
}

fn perform(action: Option<Action>, program: &Program, plan: &Plan, word: &mut Word) {
    let label = plan.label.as_bytes();
    match action {
        None => {}
        Some(Action::TellReady) => {
            if let Word::Kept(ready) = core::mem::replace(word, Word::Told) {
                *word = tell(ready, plan, false);
            }
        }
        Some(Action::Abort) => {
            let seconds = plan.watchdog.unwrap_or_default().as_secs_f64().to_string();
            ME.warning(
                &[
                    label,
                    b": no WATCHDOG=1 for ",
                    seconds.as_bytes(),
                    b" s: aborting it",
                ],
                None,
            );
            let _ = program.send(Signal::SIGABRT);
        }
        Some(Action::Kill) => {
            let seconds = GRACE.as_secs().to_string();
            ME.warning(
                &[
                    label,
                    b" did not end within ",
                    seconds.as_bytes(),
                    b" s of ABRT: killed",
                ],
                None,
            );
            let _ = program.send(Signal::SIGKILL);
        }
    }
}

/// Tells supervise, and says a failure the first time.
fn tell(ready: OwnedFd, plan: &Plan, again: bool) -> Word {
    match fd::write_all(&ready, b"\n") {
        Ok(()) => {
            if plan.watchdog.is_none() {
                companion::leave_standard_error();
            }
            Word::Told
        }
        Err(error) => {
            if !again {
                ME.warning(
                    &[plan.label.as_bytes(), b": unable to tell that it is ready"],
                    error,
                );
            }
            Word::Due(ready, Monotonic::now() + AGAIN)
        }
    }
}
