//! Names: `thin_2`, `99thin_2` and `thin` with instance `2` are one thing. The digits
//! in front only sort a directory listing.

use std::fmt;

/// A service as somebody named it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The service in the config.
    pub service: String,
    /// Which of its instances.
    pub instance: Option<String>,
}

impl Name {
    /// Reads a name, with or without digits in front. `lookup` gives the service
    /// that a plain name or alias means, and whether it has instances.
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

/// What follows the last `_` of a service directory's name.
#[must_use]
pub fn instance_of(directory: &str) -> Option<String> {
    let (_, instance) = directory.rsplit_once('_')?;
    is_instance(instance).then(|| instance.to_owned())
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
    fn directories_services_aliases_and_instances() {
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
    fn the_instance_of_a_directory() {
        assert_eq!(instance_of("99thin_2").as_deref(), Some("2"));
        assert_eq!(instance_of("thin"), None);
        assert_eq!(instance_of("thin_"), None);
    }
}
