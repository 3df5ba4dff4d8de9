//! The user, group and supplementary groups of a service. Names are looked up
//! before the wait, so that an unknown one is reported at once; ids are assumed after it.

use std::ffi::CStr;
use std::fs;

use daemontools::unix::account;

use crate::config::Service;
use crate::context::Context;
use crate::error::Error;

/// The user and groups that a program runs as.
pub(super) struct Credentials {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl Credentials {
    pub(super) fn find(user: &CStr, service: &Service, context: &Context) -> Result<Self, Error> {
        let account = find_user(user)?;
        let gid = match &service.group {
            Some(group) => find_group(&context.expand_name(group)?)?,
            None => account.gid,
        };
        let groups = account::groups(user, gid).map_err(|cause| Error::Groups {
            user: user.to_string_lossy().into_owned(),
            cause,
        })?;
        Ok(Self {
            uid: account.uid,
            gid,
            groups,
        })
    }

    /// Assumes the groups, then the group, then the user; each is verified. Does nothing
    /// if all are assumed already: a gate need not run as root.
    pub(super) fn assume(&self) -> daemontools::Result<()> {
        if own_ids() == Some((self.uid, self.gid)) && self.uid != 0 {
            return Ok(());
        }
        account::become_group(self.gid, &self.groups)?;
        account::become_user(self.uid)
    }
}

/// The user and group of this process; `None` if real, effective and saved ids differ.
fn own_ids() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let id = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        let mut ids = line.split_whitespace().map(str::parse::<u32>);
        let first = ids.next()?.ok()?;
        ids.all(|id| id == Ok(first)).then_some(first)
    };
    Some((id("Uid:")?, id("Gid:")?))
}

pub(super) fn find_user(name: &CStr) -> Result<account::Account, Error> {
    account::find(name).ok_or_else(|| Error::UnknownUser(name.to_string_lossy().into_owned()))
}

pub(super) fn find_group(name: &CStr) -> Result<u32, Error> {
    account::find_group(name)
        .ok_or_else(|| Error::UnknownGroup(name.to_string_lossy().into_owned()))
}
