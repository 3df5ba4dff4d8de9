//! `svctl top`: a live picture of all services.
//!
//! The model and what is drawn of it have no I/O. [`source`] reads, [`terminal`] shows, and
//! the loop here waits: for keys, signals, and the next second.

mod draw;
mod entry;
mod key;
mod log_view;
mod model;
mod order;
mod pager;
#[cfg(test)]
mod sample;
mod send;
mod source;
mod terminal;

use std::io::{self, IsTerminal};
use std::time::Duration;

use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::unix::{fd, localtime, poll};
use daemontools::{Errno, PERMANENT, TEMPORARY};
use std::os::fd::AsFd;

use crate::color;
use crate::output::{ME, printable};
use crate::tree::Tree;
use draw::{Scene, Theme};
use key::Keys;
use log_view::LogView;
use model::{Effect, Model, View};
use source::Source;
use terminal::Screen;

/// How often all is read.
const PERIOD: Duration = Duration::from_secs(1);
/// How long supervise may take to do what it was told, until that is looked for.
const SOON: Duration = Duration::from_millis(150);
/// How long the rest of a key's bytes may take.
const KEY: Duration = Duration::from_millis(50);

/// Those that are let through while we wait. The first asks for another picture, the others
/// for our end.
const SIGNALS: [Signal; 4] = [
    Signal::SIGWINCH,
    Signal::SIGHUP,
    Signal::SIGTERM,
    Signal::SIGINT,
];

/// Why there is nothing more to do.
enum End {
    Quit,
    Signal(Signal),
    /// The terminal can't be read or written.
    Gone(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

/// Runs the command. Gives the exit code.
pub(crate) fn run(tree: &Tree) -> i32 {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let fatal = ME.fatal(&[b"top needs a terminal"], None);
        return fatal.with_code(PERMANENT).code();
    }
    localtime::load_zone();
    let mask = Mask::block(&SIGNALS);
    let caught = SIGNALS.map(|signal| (signal, Caught::new(signal)));
    let waiting = mask.without(&SIGNALS);
    let end = Screen::enter().map_or_else(End::Gone, |screen| {
        let mut top = Top {
            tree,
            name: printable(tree.directory().as_os_str().as_encoded_bytes()),
            screen,
            model: Model::default(),
            source: Source::new(tree),
            keys: Keys::default(),
            next: Monotonic::now(),
        };
        loop {
            let signals = || {
                let arrived = |(signal, caught): &(Signal, daemontools::Result<Caught>)| {
                    let arrived = caught.as_ref().is_ok_and(Caught::take);
                    (arrived && *signal != Signal::SIGWINCH).then_some(*signal)
                };
                caught.iter().find_map(arrived)
            };
            if let Err(end) = top.turn(&waiting, signals) {
                return end;
            }
        }
    });
    match end {
        End::Quit => 0,
        End::Signal(signal) => {
            signal::end_by(signal);
            TEMPORARY
        }
        End::Gone(error) => {
            let error = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            ME.fatal(&[b"unable to use the terminal"], error).code()
        }
    }
}

struct Top<'a> {
    tree: &'a Tree,
    /// The directory of the tree, for the screen.
    name: String,
    screen: Screen,
    model: Model,
    source: Source<'a>,
    keys: Keys,
    /// When all is read again.
    next: Monotonic,
}

impl Top<'_> {
    /// Reads if it is time, shows, and waits.
    fn turn(&mut self, mask: &Mask, signal: impl Fn() -> Option<Signal>) -> Result<(), End> {
        self.screen.measure(&mut self.model)?;
        let now = Monotonic::now();
        if now >= self.next {
            self.source.refresh(&mut self.model);
            self.next = now + PERIOD;
        }
        let scene = Scene {
            tree: &self.name,
            now: clock::wall(),
            theme: Theme {
                has_colors: color::is_wanted(),
            },
        };
        self.screen.draw(&self.model, &scene)?;
        let deadline = match self.keys.is_partial() {
            true => Monotonic::now() + KEY,
            false => self.next,
        };
        let stdin = io::stdin();
        let ready = poll::readable([Some(stdin.as_fd())], Some(deadline), mask);
        if let Some(signal) = signal() {
            return Err(End::Signal(signal));
        }
        match ready.map_err(io::Error::from)? {
            [true] => self.read_keys()?,
            [false] if self.keys.is_partial() && Monotonic::now() >= deadline => {
                self.press(true)?;
            }
            [false] => {}
        }
        Ok(())
    }

    fn read_keys(&mut self) -> Result<(), End> {
        let mut bytes = [0; 1024];
        match fd::read(fd::STDIN, &mut bytes) {
            // The other end of the terminal was closed.
            Ok(0) => return Err(End::Gone(io::Error::from(Errno::EIO))),
            Ok(count) => self.keys.push(&bytes[..count]),
            Err(Errno::EINTR | Errno::EAGAIN) => return Ok(()),
            Err(error) => return Err(End::Gone(io::Error::from(error))),
        }
        self.press(false)
    }

    fn press(&mut self, is_all: bool) -> Result<(), End> {
        while let Some(key) = self.keys.next(is_all) {
            let effect = self.model.key(key);
            match effect {
                None => {}
                Some(Effect::Quit) => return Err(End::Quit),
                Some(Effect::Redraw) => self.screen.clear()?,
                Some(effect) => self.perform(effect)?,
            }
            self.screen.measure(&mut self.model)?;
        }
        self.source.complete(&mut self.model);
        Ok(())
    }

    fn perform(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Send(order) => {
                if let Some(entry) = self.model.current() {
                    let message = send::send(&entry.service, &entry.label, order);
                    self.model.message = Some(message);
                    self.next = self.next.min(Monotonic::now() + SOON);
                }
            }
            Effect::OpenLog => {
                if let Some(entry) = self.model.current() {
                    let mut log = LogView::new(entry.service.clone());
                    source::read_log(&mut log);
                    self.model.view = View::Log(log);
                }
            }
            Effect::Page => {
                if let View::Log(log) = &self.model.view {
                    self.screen.leave()?;
                    let shown = pager::show(self.tree, &log.service);
                    self.screen.take()?;
                    if let Err(error) = shown {
                        self.model.message = Some((format!("no pager: {error}"), true));
                    }
                }
            }
            Effect::Quit | Effect::Redraw => {}
        }
        Ok(())
    }
}
