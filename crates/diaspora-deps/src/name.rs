//! Names of services: `thin_2` and `99thin_2` are instance `2` of `thin`. Digits in front
//! only sort a directory listing.

use std::fmt;

/// A service, and which instance of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The service in the config.
    pub service: String,
    /// The instance, if one is named.
    pub instance: Option<String>,
}

impl Name {
    /// Reads a name, with or without digits in front. `lookup` gives the service
    /// that a name or alias means, and whether it has instances.
    pub fn parse(text: &str, lookup: impl Fn(&str) -> Option<(String, bool)>) -> Option<Self> {
        let bare = text.trim_start_matches(|c: char| c.is_ascii_digit());
        [text, bare].into_iter().find_map(|text| {
            if let Some((service, _)) = lookup(text) {
                return Some(Self {
                    service,
                    instance: None,
                });
            }
            let (base, instance) = text.rsplit_once('_')?;
            match lookup(base) {
                Some((service, true)) if is_instance(instance) => Some(Self {
                    service,
                    instance: Some(instance.to_owned()),
                }),
                _ => None,
            }
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.instance {
            Some(instance) => write!(f, "{}_{instance}", self.service),
            None => write!(f, "{}", self.service),
        }
    }
}

/// The instance in the name of a service directory: the text after the last `_`.
#[must_use]
pub fn instance_of(directory: &str) -> Option<String> {
    let (_, instance) = directory.rsplit_once('_')?;
    is_instance(instance).then(|| instance.to_owned())
}

/// The name of the working directory: in a run script, the service directory.
#[must_use]
pub fn of_working_directory() -> String {
    let directory = std::env::current_dir().unwrap_or_default();
    let name = directory.file_name().unwrap_or(directory.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Whether a text can be an instance: it becomes part of file names.
fn is_instance(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        let known = |name: &str| match name {
            "thin" => Some(("thin".to_owned(), true)),
            "web" | "nginx" => Some(("nginx".to_owned(), false)),
            "resque_worker" | "7zip" => Some((name.to_owned(), false)),
            _ => None,
        };
        Name::parse(text, known).map(|name| name.to_string())
    }

    #[test]
    fn a_name_may_be_a_service_an_alias_an_instance_or_a_directory() {
        for (text, name) in [
            ("thin", "thin"),
            ("99thin_2", "thin_2"),
            ("thin_a", "thin_a"),
            ("90resque_worker", "resque_worker"),
            ("web", "nginx"),
            ("20nginx", "nginx"),
            ("7zip", "7zip"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(name), "{text}");
        }
        for unknown in ["", "99", "thin_", "nginx_1", "thin_../x", "thin_.x", "mail"] {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_instance_of_a_directory_follows_the_last_underscore() {
        assert_eq!(instance_of("99thin_2").as_deref(), Some("2"));
        assert_eq!(instance_of("thin"), None);
        assert_eq!(instance_of("thin_"), None);
    }
}
