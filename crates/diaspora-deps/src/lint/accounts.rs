//! The users and groups that a service names and the system does not have: its gate would
//! fail at every start.

use core::ffi::CStr;

use daemontools::unix::account;

use crate::config::Service;
use crate::context::Context;

/// Users and groups that do not exist.
pub(super) fn missing(service: &Service, context: &Context) -> Vec<String> {
    let log = service.log.as_ref();
    let directories = service.directories.iter();
    let users = [service.user.as_ref(), log.and_then(|log| log.user.as_ref())]
        .into_iter()
        .chain(directories.clone().map(|directory| directory.user.as_ref()));
    let groups = [
        service.group.as_ref(),
        log.and_then(|log| log.group.as_ref()),
    ]
    .into_iter()
    .chain(directories.map(|directory| directory.group.as_ref()));
    let missing = |kind: &str, text: &String, exists: &dyn Fn(&CStr) -> bool| {
        let name = match context.expand_c(text) {
            Ok(name) => name,
            Err(error) => return Some(error.to_string()),
        };
        (!exists(&name)).then(|| {
            let name = name.to_string_lossy();
            format!("{kind} \"{name}\" does not exist: make it, or name another in services.toml or the settings")
        })
    };
    let mut faults: Vec<String> = users
        .flatten()
        .filter_map(|user| missing("user", user, &|name| account::find(name).is_some()))
        .chain(groups.flatten().filter_map(|group| {
            missing("group", group, &|name| account::find_group(name).is_some())
        }))
        .collect();
    faults.dedup();
    faults
}
