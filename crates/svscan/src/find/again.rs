//! A second look at services that are known. Where a link leads and whether there is a
//! logger now does not show in the scan directory itself, and 20,000 services can't all
//! be looked at every five seconds: a share is, and all only if somebody asks.

use daemontools::unix::file;

use crate::arrival::Manner;
use crate::path;
use crate::slot::Mark;
use crate::work::Svscan;

/// The least number of services looked at in each scan. A tree of so many is looked
/// at as the reference does; of a larger one, a share.
const SHARE: usize = 64;
/// In how many scans every service is looked at.
const SHARES: usize = 12;

impl Svscan {
    /// Looks at a share of the services: whether their names still lead to them,
    /// and whether they have got a logger.
    pub(super) fn look_at_some(&mut self) {
        let all = self.table.len();
        for _ in 0..all.min(SHARE.max(all.div_ceil(SHARES))) {
            self.cursor = (self.cursor + 1) % all;
            if self.table[self.cursor].has(Mark::Listed) {
                self.look_at(self.cursor);
            }
        }
    }

    /// A scan that leaves nothing to the next: for when one is asked for.
    pub(crate) fn scan_all(&mut self) {
        self.stamp = None;
        self.scan();
        for slot in 0..self.table.len() {
            if self.table[slot].has(Mark::Listed) {
                self.look_at(slot);
            }
        }
    }

    fn look_at(&mut self, slot: usize) {
        let joins = self.table[slot].could_join() && Self::is_log_complete(self.table.name(slot));
        if !joins && !self.table[slot].has(Mark::Link) {
            return;
        }
        let name = path::of_name(self.table.name(slot));
        let name = name.as_c_str();
        let identity = self.table[slot].identity;
        if !file::stat(name).is_ok_and(|facts| facts.identity == identity) {
            self.table[slot].set(Mark::Listed, false);
            self.stamp = None;
            self.consider(name, Manner::Linked, self.table.len());
        } else if joins {
            self.log_came(slot, name);
        }
    }
}
