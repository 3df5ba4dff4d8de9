//! `start`: a service is told to start after those that it needs. With `--wait` it is told
//! when they are ready, and waited for until it is ready itself.

use std::thread;
use std::time::{Duration, Instant};

use daemontools::TEMPORARY;
use daemontools::servicedir::detail::Stage;
use daemontools::servicedir::state::State;

use super::gate::Gate;
use super::order::Order;
use super::services::{ME, Service, labels};
use super::walk::{Step, Walk};
use super::{control, limits, words};
use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::paths::Paths;
use crate::probe::Readiness;
use crate::settings::SettingsFile;
use crate::supervised;

/// The time between two looks at a service that is not ready.
const POLL: Duration = Duration::from_millis(100);

/// How long svscan may take to see a new directory: it looks every five seconds where the
/// kernel gives no notice.
const UNTIL_SEEN: Duration = Duration::from_secs(6);

/// Starts services; gives the exit code.
pub(super) fn start(services: &[Service], order: &Order) -> i32 {
    let mut walk = Walk::new(order.needs());
    let mut code = 0;
    while !walk.is_over() {
        for index in walk.due() {
            code = code.max(send(&services[index]).unwrap_or_else(|code| code));
            walk.set(index, Step::Done);
        }
    }
    code
}

/// Waits until each service that was just put into place has a supervise.
fn wait_for_supervise(services: &[Service]) {
    let start = Instant::now();
    let is_missing = |service: &Service| {
        service.path.join("run").exists() && supervised::current_status(&service.path).is_none()
    };
    while services.iter().any(is_missing) && start.elapsed() < UNTIL_SEEN {
        thread::sleep(POLL);
    }
}

/// Tells a service to start; gives 0, or the exit code of the failure.
fn send(service: &Service) -> Result<i32, i32> {
    let sent = control::send(&service.path, b"u");
    sent.map(|()| 0)
        .map_err(|error| control::warn(service, error))
}

/// How to see that services are ready.
pub(super) struct Probes<'a> {
    pub(super) config: &'a Config,
    pub(super) paths: &'a Paths,
    pub(super) settings: &'a SettingsFile,
}

/// A service that was told to start.
struct Told {
    at: Instant,
    limit: Duration,
    /// The number of its starts before.
    starts: Option<u64>,
    dependency: Option<Dependency>,
}

/// Starts services and waits until they are ready; gives the exit code.
pub(super) fn start_and_wait(
    services: &[Service],
    order: &Order,
    timeout: Option<Duration>,
    probes: &Probes,
) -> i32 {
    let mut walk = Walk::new(order.needs());
    let mut told: Vec<Option<Told>> = services.iter().map(|_| None).collect();
    let mut code = 0;
    wait_for_supervise(services);
    while !walk.is_over() {
        for index in walk.due() {
            let service = &services[index];
            let started = Told::new(service, timeout, probes);
            match send(service) {
                Ok(_) => {
                    told[index] = Some(started);
                    walk.set(index, Step::Told);
                }
                Err(failed) => {
                    code = code.max(failed);
                    walk.set(index, Step::Stuck);
                }
            }
        }
        for index in walk.all(Step::Told) {
            let (service, Some(told)) = (&services[index], &told[index]) else {
                continue;
            };
            let why = match told.readiness(service) {
                Readiness::Ready => {
                    walk.set(index, Step::Done);
                    continue;
                }
                Readiness::Starting(why) | Readiness::Down(why) => why,
                Readiness::Incomplete => "its answer is incomplete".to_owned(),
            };
            let waited = told.at.elapsed();
            if waited >= told.limit || told.has_failed(service) {
                let waited = words::duration(waited);
                let text = format!(" is not ready after {waited}: {why}");
                ME.warning(&[service.label(), text.as_bytes()], None);
                code = code.max(TEMPORARY);
                walk.set(index, Step::Stuck);
            }
        }
        if !walk.all(Step::Told).is_empty() {
            thread::sleep(POLL);
        }
    }
    // Their gates wait as long as it takes.
    for index in walk.all(Step::Held) {
        let holders = labels(services, &walk.holders(index));
        let service = &services[index];
        code = code
            .max(TEMPORARY)
            .max(send(service).unwrap_or_else(|code| code));
        let text = b" was started and not waited for, because it needs what is not ready: ";
        ME.warning(&[service.label(), text, &holders], None);
    }
    code
}

impl Told {
    fn new(service: &Service, timeout: Option<Duration>, probes: &Probes) -> Self {
        let policy = limits::policy(&service.path);
        let context = Context::new(probes.config, probes.settings);
        let name = service.member.name.as_ref();
        let dependency = name.and_then(|name| {
            let (config, directory) = (probes.config, &probes.paths.directory);
            // Without a probe there is no dependency: it is ready when it is up.
            Dependency::new(config, &context, directory, &name.to_string()).ok()
        });
        Self {
            at: Instant::now(),
            limit: limits::ready(policy.as_ref(), timeout),
            starts: supervised::starts(&service.path),
            dependency,
        }
    }

    /// Whether it is ready: supervise says so, or it is up, past its gate, and answers its
    /// probe.
    fn readiness(&self, service: &Service) -> Readiness {
        if let Some(told) = supervised::told_readiness(&service.path) {
            return told;
        }
        let up = supervised::readiness(&service.path);
        if up != Readiness::Ready {
            return up;
        }
        let status = supervised::status(&service.path);
        if status.is_some_and(|status| status.pid != 0 && Gate::of(status.pid).is_some()) {
            return Readiness::Starting("its gate waits".to_owned());
        }
        let probe = |dependency: &Dependency| dependency.probe().readiness;
        self.dependency.as_ref().map_or(Readiness::Ready, probe)
    }

    /// Whether supervise has started it and given it up since.
    fn has_failed(&self, service: &Service) -> bool {
        let failed = matches!(
            supervised::state(&service.path),
            Ok((
                State::Staged {
                    stage: Stage::Failed,
                    ..
                },
                _
            ))
        );
        failed && supervised::starts(&service.path) > self.starts
    }
}
