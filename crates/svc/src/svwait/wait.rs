//! Waiting until the states of services are what they are to be: looks at those that an
//! event tells of, and sleeps between.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::AsFd;

use daemontools::strerr::Fatal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::poll;
use daemontools::unix::signal::Mask;
use daemontools::{Errno, TEMPORARY};

use super::reporter::ME;
use super::service::Service;
use super::watcher::{Watcher, matters};
use daemontools::client::Condition;

/// After how long it is said what is waited for.
const NOTICE: Duration = Duration::from_secs(1);

/// The pause between two looks where no event tells of a change; it doubles up to the
/// longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// What the options ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) condition: Condition,
    /// One of the services is enough.
    pub(super) any: bool,
    pub(super) timeout: Option<Duration>,
    /// Say each state.
    pub(super) verbose: bool,
}

/// The services, and what is still known to be lacking.
struct Wait<'a> {
    request: Request,
    services: Vec<Service<'a>>,
    watcher: Option<Watcher>,
    pause: Duration,
    /// The worst exit code of the services that are not waited for any more.
    worst: i32,
}

/// Waits. Gives the name of the first service that is as it is to be, of all of them
/// if not all have to be.
///
/// # Errors
/// The limit is over, or it can't happen any more; all has been said.
pub(super) fn wait<'a>(
    request: Request,
    names: impl Iterator<Item = &'a CStr>,
) -> Result<&'a CStr, Fatal> {
    let limit = request.timeout.map(|timeout| Monotonic::now() + timeout);
    let mut notice = Some(Monotonic::now() + NOTICE);
    let mut wait = Wait {
        request,
        services: names.map(Service::new).collect(),
        watcher: None,
        pause: FIRST_PAUSE,
        worst: 0,
    };
    // Often the first look is enough, and then nothing has to be watched.
    wait.look()?;
    if let Some(name) = wait.reached() {
        return Ok(name);
    }
    if limit.is_none_or(|limit| limit > Monotonic::now()) {
        wait.watcher = Watcher::new().ok();
        wait.all_due();
    }
    loop {
        wait.look()?;
        if let Some(name) = wait.reached() {
            return Ok(name);
        }
        let now = Monotonic::now();
        if limit.is_some_and(|limit| limit <= now) {
            return Err(wait.time_is_over());
        }
        if notice.is_some_and(|at| at <= now) {
            notice = None;
            wait.say_missing();
        }
        let deadlines = [limit, notice, wait.next_poll(now)];
        wait.sleep(deadlines.into_iter().flatten().min());
        let now = Monotonic::now();
        if limit.is_some_and(|limit| limit <= now) {
            wait.all_due();
        }
    }
}

impl<'a> Wait<'a> {
    /// Looks at the services that are due.
    fn look(&mut self) -> Result<(), Fatal> {
        loop {
            let Self {
                request,
                watcher,
                worst,
                ..
            } = self;
            let mut short_of_descriptors = false;
            self.services.retain_mut(|service| {
                if !service.due {
                    return true;
                }
                match service.look(request.condition, watcher.as_ref()) {
                    Ok(changed) => {
                        if changed && request.verbose {
                            let name = service.name.to_bytes();
                            ME.plain(&[name, b": ", service.words()], None);
                        }
                        true
                    }
                    Err(lost) if lost.is_shortage_of_descriptors() && watcher.is_some() => {
                        short_of_descriptors = true;
                        true
                    }
                    Err(lost) => {
                        *worst = (*worst).max(lost.say(service.name, request.any));
                        false
                    }
                }
            });
            if self.worst != 0 && (!self.request.any || self.services.is_empty()) {
                return Err(Fatal::new(self.worst));
            }
            if !short_of_descriptors {
                return Ok(());
            }
            // inotify has the last one.
            self.stop_watching();
        }
    }

    fn all_due(&mut self) {
        self.services
            .iter_mut()
            .for_each(|service| service.due = true);
    }

    /// From now on all services are polled.
    fn stop_watching(&mut self) {
        self.watcher = None;
        self.services
            .iter_mut()
            .for_each(|service| service.watch = None);
        self.pause = FIRST_PAUSE;
    }

    /// The first service that is as it is to be, if no other one has to be.
    fn reached(&self) -> Option<&'a CStr> {
        let condition = self.request.condition;
        let mut reached = self
            .services
            .iter()
            .filter(|service| service.has_reached(condition));
        let first = reached.next()?.name;
        let all = reached.count() + 1 == self.services.len();
        (self.request.any || all).then_some(first)
    }

    fn missing(&self) -> impl Iterator<Item = &Service<'a>> {
        let condition = self.request.condition;
        self.services
            .iter()
            .filter(move |service| !service.has_reached(condition))
    }

    fn say_missing(&self) {
        for service in self.missing() {
            let name = service.name.to_bytes();
            ME.plain(&[b"waiting for ", name, b": ", service.words()], None);
        }
    }

    fn time_is_over(&self) -> Fatal {
        for service in self.missing() {
            let name = service.name.to_bytes();
            let text: [&[u8]; 4] = [b"waited for ", name, b": ", service.words()];
            let _ = ME.fatal(&text, Errno::ETIMEDOUT);
        }
        Fatal::new(TEMPORARY)
    }

    /// When to look at the services of which no event tells.
    fn next_poll(&self, now: Monotonic) -> Option<Monotonic> {
        let any = self.services.iter().any(|service| service.is_polled(now));
        any.then(|| now + self.pause)
    }

    /// Sleeps until an event or the deadline comes, and finds out which services are due.
    fn sleep(&mut self, deadline: Option<Monotonic>) {
        let fd = self.watcher.as_ref().map(Watcher::as_fd);
        // The mask stays what it is.
        let mask = Mask::block(&[]);
        let woken = match poll::readable([fd], deadline, &mask) {
            Ok([woken]) => woken,
            Err(_) => {
                poll::pause_until(Monotonic::now() + self.pause);
                self.stop_watching();
                false
            }
        };
        let now = Monotonic::now();
        let mut settled = true;
        for service in &mut self.services {
            if service.is_polled(now) {
                service.due = true;
                settled = false;
            }
        }
        self.pause = match settled {
            true => FIRST_PAUSE,
            false => (self.pause * 2).min(LONGEST_PAUSE),
        };
        if woken && self.note_events().is_err() {
            self.stop_watching();
            self.all_due();
        }
    }

    /// Marks the services due that events tell of.
    fn note_events(&mut self) -> Result<(), Errno> {
        let Self {
            services, watcher, ..
        } = self;
        let Some(watcher) = watcher else {
            return Ok(());
        };
        watcher.each(|event| {
            for service in services.iter_mut() {
                service.due |= event.is_none_or(|(watch, change, name)| {
                    service.watch == Some(watch) && matters(change, name, service.is_supervised())
                });
            }
        })
    }
}
