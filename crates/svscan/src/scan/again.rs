//! Another look at known names. A new target of a link and a new logger do not show in the
//! scan directory itself, and 20,000 services cannot all be looked at every five seconds:
//! each scan looks at a share of them, and HUP at all.

use daemontools::unix::file;
use log::debug;

use super::Scan;
use crate::arrival::Origin;
use crate::arrivals::is_log_complete;
use crate::path;
use crate::services::Services;
use crate::spare::{Spare, Watcher};

/// The least number of services that a scan looks at. A tree of that size is looked
/// at as often as by the reference.
const SHARE: usize = 64;
/// The number of scans in which every service is looked at.
const SCANS: usize = 12;

impl Scan {
    /// Looks at a share of the services.
    pub(super) fn look_at_some(&mut self, services: &mut Services, watcher: Option<&Watcher>) {
        let all = services.table.len();
        for _ in 0..all.min(SHARE.max(all.div_ceil(SCANS))) {
            self.cursor = (self.cursor + 1) % all;
            self.look_at(self.cursor, services, watcher);
        }
    }

    /// A scan that looks at everything, as HUP asks for.
    pub(crate) fn run_all(&mut self, services: &mut Services, spare: &mut Spare) {
        debug!("scan of all names and services");
        self.forget_stamp();
        self.run(services, spare);
        for number in 0..services.table.len() {
            self.look_at(number, services, spare.watcher.as_ref());
        }
    }

    /// Looks whether a service's name still leads to it, and whether it has a new logger.
    fn look_at(&mut self, number: usize, services: &mut Services, watcher: Option<&Watcher>) {
        let slot = &services.table[number];
        let joins = slot.could_join() && is_log_complete(&slot.name);
        if !slot.listed || !joins && !slot.is_link {
            return;
        }
        let identity = slot.identity;
        let name = path::of_name(&slot.name);
        let name = name.as_c_str();
        if !file::stat(name).is_ok_and(|facts| facts.identity == identity) {
            debug!("{name:?}: leads elsewhere now");
            services.table[number].listed = false;
            self.forget_stamp();
            let before = services.table.len();
            self.consider(name, Origin::Linked, before, services, watcher);
        } else if joins && !self.arrivals.hold_log(name, identity, watcher) {
            services.add_log(number, name);
        }
    }

    /// Looks again at the names that led to no service.
    pub(super) fn look_at_unusable(&mut self, services: &mut Services, watcher: Option<&Watcher>) {
        for place in (0..services.unusable.len()).rev() {
            // A name that leads to a service now is removed from the list.
            let Some(name) = services.unusable.get(place) else {
                continue;
            };
            let name = path::of_name(name);
            let name = name.as_c_str();
            if file::lstat(name).is_err() {
                services.unusable.remove(name);
            } else {
                let before = services.table.len();
                self.consider(name, Origin::Linked, before, services, watcher);
            }
        }
    }
}
