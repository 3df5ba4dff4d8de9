//! The service directories and the settings files that are built in.

/// A service directory.
pub(super) struct Template {
    /// Its name.
    pub(super) name: &'static str,
    /// Its files.
    pub(super) files: [File; 3],
}

/// A file of a service directory: its name, text and mode.
pub(super) type File = (&'static str, &'static str, u32);

macro_rules! template {
    ($set:literal, $name:literal) => {
        Template {
            name: $name,
            // svscan starts a directory that has a `run`: that comes last.
            files: [
                ("log/run", template!($set, $name, "log/run"), 0o755),
                (
                    "supervise.toml",
                    template!($set, $name, "supervise.toml"),
                    0o644,
                ),
                ("run", template!($set, $name, "run"), 0o755),
            ],
        }
    };
    ($set:literal, $name:literal, $file:literal) => {
        include_str!(concat!(
            "../../../../service-templates/",
            $set,
            "/",
            $name,
            "/",
            $file
        ))
    };
}

pub(super) const DIASPORA: [Template; 5] = [
    template!("diaspora", "10mongo"),
    template!("diaspora", "20nginx"),
    template!("diaspora", "30redis"),
    template!("diaspora", "80websocket"),
    template!("diaspora", "90resque_worker"),
];
pub(super) const THIN: Template = template!("diaspora", "99thin_0");
pub(super) const MODERN: [Template; 5] = [
    template!("modern", "10postgres"),
    template!("modern", "20nginx"),
    template!("modern", "30redis"),
    template!("modern", "90sidekiq"),
    template!("modern", "99puma"),
];
pub(super) const DIASPORA_SETTINGS: &str =
    include_str!("../../../../service-templates/etc/default/diaspora");
pub(super) const MODERN_SETTINGS: &str =
    include_str!("../../../../service-templates/etc/default/diaspora.modern");

#[cfg(test)]
mod tests {
    use daemontools::servicedir::policy::Policy;

    use super::*;

    /// The drop-in replaces the unit's commands: it must end with them.
    #[test]
    fn the_drop_in_stops_diaspora_and_then_does_what_the_unit_does() {
        let unit = include_str!("../../../../boot/daemontools-run.service");
        let drop_in = include_str!("../../../../service-templates/systemd/diaspora.conf");
        let stops = |text: &'static str| -> Vec<&str> {
            let lines = text.lines();
            lines
                .filter_map(|line| line.strip_prefix("ExecStop="))
                .collect()
        };
        let ours = ["", "-/usr/bin/diaspora_svc --dir /etc/service stopall"];
        assert_eq!(stops(drop_in), [&ours[..], &stops(unit)].concat());
    }

    /// A limit without a comment would be a riddle, and a line that supervise ignores a lie.
    #[test]
    fn supervise_understands_each_line_of_the_policies() {
        let templates = DIASPORA.iter().chain(&MODERN).chain([&THIN]);
        for Template { name, files } in templates {
            let (_, text, _) = files
                .iter()
                .find(|file| file.0 == "supervise.toml")
                .expect("a policy");
            let policy = Policy::parse(text.as_bytes(), |trouble| {
                panic!("{name}, line {}: {:?}", trouble.line, trouble.kind)
            });
            assert_ne!(policy, Policy::default(), "{name}");
        }
    }
}
