//! What a directory of the mirror lacks, decided name by name and without I/O.

use daemontools::servicedir::SUPERVISE;

/// Which directory of the mirror a name is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// The scan directory: its names are services.
    Tree,
    /// A service directory.
    Service,
    /// The directory of a logger.
    Logger,
}

/// What a name of the real directory leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Real {
    /// There is no such name.
    Missing,
    /// A directory.
    Directory,
    /// A symbolic link that leads nowhere.
    Dangling,
    /// Anything else.
    Other,
}

/// What has that name in the mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mirrored {
    /// Nothing.
    Missing,
    /// A link to the real name.
    Link,
    /// Another link.
    WrongLink,
    /// A directory.
    Directory,
    /// A file, which the service has made: svinit makes none.
    Other,
}

/// What is to be done for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    Keep,
    /// Make a link to the real name.
    Link,
    /// Remove the link, then make a link to the real name.
    Relink,
    /// Make a directory of links.
    MakeDirectory,
    /// Remove the link, then make a directory of links.
    ReplaceByDirectory,
    /// Make the directory's own links what they have to be.
    Refresh,
    /// Remove the link.
    Unlink,
    /// Hide the directory of a service or a logger, and remove it once no supervise runs
    /// in it.
    Retire,
}

/// The name of a logger's directory.
const LOG: &[u8] = b"log";

/// Whether svinit decides about a name. `supervise/` is supervise's own, and svscan ignores
/// names of services that begin with a dot.
pub(super) fn is_ours(level: Level, name: &[u8]) -> bool {
    match level {
        Level::Tree => !name.starts_with(b"."),
        Level::Service | Level::Logger => {
            !matches!(name, b"." | b"..") && name != SUPERVISE.to_bytes()
        }
    }
}

/// What is to be done for a name that is ours.
pub(super) fn action(level: Level, name: &[u8], real: Real, mirrored: Mirrored) -> Action {
    let is_directory = match level {
        Level::Tree => true,
        Level::Service => name == LOG,
        Level::Logger => false,
    };
    match (real, mirrored) {
        (Real::Directory, Mirrored::Directory) if is_directory => Action::Refresh,
        (Real::Directory, Mirrored::Missing) if is_directory => Action::MakeDirectory,
        (Real::Directory, Mirrored::Link | Mirrored::WrongLink) if is_directory => {
            Action::ReplaceByDirectory
        }
        (_, Mirrored::Directory) if is_directory => Action::Retire,
        // What a service has made itself stays.
        (_, Mirrored::Directory | Mirrored::Other) => Action::Keep,
        (Real::Missing, Mirrored::Missing) => Action::Keep,
        (Real::Missing, Mirrored::Link | Mirrored::WrongLink) => Action::Unlink,
        // A plain file in the scan directory is no service.
        (Real::Other, Mirrored::Missing) if level == Level::Tree => Action::Keep,
        (Real::Other, Mirrored::Link | Mirrored::WrongLink) if level == Level::Tree => {
            Action::Unlink
        }
        (_, Mirrored::Missing) => Action::Link,
        (_, Mirrored::Link) => Action::Keep,
        (_, Mirrored::WrongLink) => Action::Relink,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supervise_and_hidden_services_are_not_ours_but_hidden_files_of_a_service_are() {
        for (level, name, ours) in [
            (Level::Tree, "web", true),
            (Level::Tree, ".web", false),
            (Level::Tree, "supervise", true),
            (Level::Service, "supervise", false),
            (Level::Logger, "supervise", false),
            (Level::Service, "supervise.toml", true),
            (Level::Service, ".env", true),
            (Level::Service, "..", false),
        ] {
            assert_eq!(is_ours(level, name.as_bytes()), ours, "{level:?} {name}");
        }
    }

    #[test]
    fn services_and_loggers_are_directories_and_all_else_is_a_link() {
        use Mirrored::Missing;
        for (level, name, real, expected) in [
            (Level::Tree, "web", Real::Directory, Action::MakeDirectory),
            (Level::Tree, "web", Real::Dangling, Action::Link),
            (Level::Tree, "README", Real::Other, Action::Keep),
            (
                Level::Service,
                "log",
                Real::Directory,
                Action::MakeDirectory,
            ),
            (Level::Service, "log", Real::Other, Action::Link),
            (Level::Service, "env", Real::Directory, Action::Link),
            (Level::Service, "run", Real::Other, Action::Link),
            (Level::Logger, "log", Real::Directory, Action::Link),
            (Level::Service, "run", Real::Dangling, Action::Link),
        ] {
            let action = action(level, name.as_bytes(), real, Missing);
            assert_eq!(action, expected, "{level:?} {name} {real:?}");
        }
    }

    #[test]
    fn a_second_start_keeps_what_is_right_and_mends_the_rest() {
        use Mirrored::{Directory, Link, Other, WrongLink};
        for (level, name, real, mirrored, expected) in [
            (
                Level::Tree,
                "web",
                Real::Directory,
                Directory,
                Action::Refresh,
            ),
            (
                Level::Tree,
                "web",
                Real::Directory,
                Link,
                Action::ReplaceByDirectory,
            ),
            (Level::Tree, "web", Real::Missing, Directory, Action::Retire),
            (Level::Tree, "web", Real::Missing, Link, Action::Unlink),
            (
                Level::Service,
                "log",
                Real::Missing,
                Directory,
                Action::Retire,
            ),
            (Level::Service, "run", Real::Other, Link, Action::Keep),
            (
                Level::Service,
                "run",
                Real::Other,
                WrongLink,
                Action::Relink,
            ),
            (Level::Service, "down", Real::Missing, Link, Action::Unlink),
            (Level::Service, "pid", Real::Missing, Other, Action::Keep),
            (
                Level::Service,
                "cache",
                Real::Missing,
                Directory,
                Action::Keep,
            ),
        ] {
            let action = action(level, name.as_bytes(), real, mirrored);
            assert_eq!(action, expected, "{level:?} {name} {real:?} {mirrored:?}");
        }
    }
}
