//! The service directories and the settings file that are built in.

/// A service directory: its name, `run` and `log/run`.
pub(super) type Template = (&'static str, &'static str, &'static str);

macro_rules! template {
    ($set:literal, $name:literal) => {
        (
            $name,
            include_str!(concat!(
                "../../../../service-templates/",
                $set,
                "/",
                $name,
                "/run"
            )),
            include_str!(concat!(
                "../../../../service-templates/",
                $set,
                "/",
                $name,
                "/log/run"
            )),
        )
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
pub(super) const SETTINGS: &str =
    include_str!("../../../../service-templates/etc/default/diaspora");
