//! Who may look at a service and who may steer it, and the modes that say so. No I/O but
//! for the names of groups.

use std::ffi::CString;

use daemontools::unix::account;

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The owner of the service directory's `supervise/`, and root.
    Owner,
    /// A group, by its id, too.
    Group(u32),
    /// All.
    All,
}

impl Who {
    /// Reads `owner`, `all`, or the name or id of a group.
    ///
    /// # Errors
    /// There is no such group.
    pub(crate) fn parse(word: &str) -> Result<Self, String> {
        match word {
            "owner" => Ok(Self::Owner),
            "all" => Ok(Self::All),
            name => {
                let named = CString::new(name)
                    .ok()
                    .and_then(|name| account::find_group(&name));
                let found = named.or_else(|| name.parse().ok());
                found
                    .map(Self::Group)
                    .ok_or_else(|| format!("no group {name}"))
            }
        }
    }

    /// As [`Who::parse`] reads it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Owner => "owner".to_owned(),
            Self::All => "all".to_owned(),
            Self::Group(gid) => account::group_name(gid).unwrap_or_else(|| gid.to_string()),
        }
    }

    const fn group(self) -> Option<u32> {
        match self {
            Self::Group(gid) => Some(gid),
            Self::Owner | Self::All => None,
        }
    }
}

/// Who may look at a service and who may steer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// Who may look.
    pub(crate) status: Who,
    /// Who may steer. [`Who::All`] is not allowed.
    pub(crate) control: Who,
}

/// The modes of `supervise/` and of its FIFOs, and the group that they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    pub(crate) directory: u32,
    pub(crate) ok: u32,
    pub(crate) control: u32,
    /// `None`: it stays as it is.
    pub(crate) group: Option<u32>,
}

impl Access {
    /// What supervise gives by itself.
    pub(crate) const OWNER: Self = Self {
        status: Who::Owner,
        control: Who::Owner,
    };

    /// What the options ask for: what is not said is for the owner alone, but who may steer
    /// may look.
    ///
    /// # Errors
    /// It can't be had with one group.
    pub(crate) fn new(status: Option<Who>, control: Option<Who>) -> Result<Self, &'static str> {
        let control = control.unwrap_or(Who::Owner);
        let status = match (status, control) {
            (None, control) => control,
            (Some(Who::Owner), Who::Group(_)) => {
                return Err("who may steer a service may look at it");
            }
            (Some(status), _) => status,
        };
        match (status.group(), control.group()) {
            _ if control == Who::All => Err("not all may steer a service: name a group"),
            (Some(a), Some(b)) if a != b => Err("a service has one group: the one that may \
                 steer it has to be the one that may look at it"),
            _ => Ok(Self { status, control }),
        }
    }

    /// The modes for this.
    pub(crate) fn modes(self) -> Modes {
        let (directory, ok) = match self.status {
            Who::Owner => (0o700, 0o600),
            Who::Group(_) => (0o710, 0o620),
            Who::All => (0o711, 0o622),
        };
        Modes {
            directory,
            ok,
            control: match self.control {
                Who::Group(_) => 0o620,
                Who::Owner | Who::All => 0o600,
            },
            group: self.control.group().or(self.status.group()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_the_table_has_its_modes() {
        use Who::{All, Group, Owner};
        let modes = |directory, ok, control, group| Modes {
            directory,
            ok,
            control,
            group,
        };
        for (status, control, expected) in [
            (None, None, modes(0o700, 0o600, 0o600, None)),
            (Some(Owner), Some(Owner), modes(0o700, 0o600, 0o600, None)),
            (Some(Group(4)), None, modes(0o710, 0o620, 0o600, Some(4))),
            (Some(All), None, modes(0o711, 0o622, 0o600, None)),
            (None, Some(Group(4)), modes(0o710, 0o620, 0o620, Some(4))),
            (
                Some(Group(4)),
                Some(Group(4)),
                modes(0o710, 0o620, 0o620, Some(4)),
            ),
            (
                Some(All),
                Some(Group(4)),
                modes(0o711, 0o622, 0o620, Some(4)),
            ),
        ] {
            let access = Access::new(status, control).expect("it can be had");
            assert_eq!(access.modes(), expected, "{status:?} {control:?}");
        }
        for (status, control) in [
            (None, Some(All)),
            (Some(Group(4)), Some(Group(5))),
            (Some(Owner), Some(Group(4))),
        ] {
            assert!(Access::new(status, control).is_err());
        }
    }
}
