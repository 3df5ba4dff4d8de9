//! Whom a service becomes: the user, the group and the supplementary groups, found by
//! name before the wait, so that a mistake is said at once, and assumed after it.

use std::ffi::CStr;
use std::fs;

use daemontools::errno;
use daemontools::unix::account;

use crate::context::Context;
use crate::config::Service;

/// Whom to become.
pub(super) struct Credentials {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl Credentials {
    pub(super) fn find(user: &CStr, service: &Service, context: &Context) -> Result<Self, String> {
        let account = find_user(user)?;
        let gid = match &service.group {
            Some(group) => find_group(&context.expand_c(group)?)?,
            None => account.gid,
        };
        let groups = account::groups(user, gid).map_err(|error| {
            format!(
                "the groups of {}: {}",
                user.to_string_lossy(),
                errno::text(error)
            )
        })?;
        Ok(Self {
            uid: account.uid,
            gid,
            groups,
        })
    }

    /// Groups, then the group, then the user; each is looked at again. Nothing is
    /// done where it is so already: not everybody who gates a service is root.
    pub(super) fn assume(&self) -> daemontools::Result<()> {
        if own_ids() == Some((self.uid, self.gid)) && self.uid != 0 {
            return Ok(());
        }
        account::become_group(self.gid, &self.groups)?;
        account::become_user(self.uid)
    }
}

/// Real, effective and saved ids where all are the same: user, group.
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

pub(super) fn find_user(name: &CStr) -> Result<account::Account, String> {
    account::find(name).ok_or_else(|| format!("unknown user {}", name.to_string_lossy()))
}

pub(super) fn find_group(name: &CStr) -> Result<u32, String> {
    account::find_group(name).ok_or_else(|| format!("unknown group {}", name.to_string_lossy()))
}
