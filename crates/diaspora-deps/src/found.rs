//! Defaults of settings that are found on this system: a key of a TOML file, the newest
//! version that is installed.

use std::io::ErrorKind;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::error::{Error, Location, Mistake};
use crate::read;

/// The text of the first key that a TOML file has; `None` if it has none of them, or does
/// not exist. A key is a path with dots.
///
/// # Errors
/// The file can't be read or is no TOML; the value is no text.
pub(crate) fn text_in(file: &Path, keys: &[String]) -> Result<Option<String>, Error> {
    let unreadable = |cause| Error::Read {
        file: file.to_owned(),
        cause,
    };
    let bytes = match read::regular(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|error| unreadable(error.into()))?,
    };
    let text = read::text(file, bytes)?;
    let mistake = |at, mistake| Error::Mistake {
        location: Location::of_byte(&file.to_string_lossy(), &text, at),
        mistake,
    };
    let table = DeTable::parse(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        mistake(at, Mistake::toml(error.message()))
    })?;
    let found = keys.iter().find_map(|key| {
        let mut names = key.split('.');
        let mut value = table.get_ref().get(names.next()?)?;
        for name in names {
            value = value.get_ref().as_table()?.get(name)?;
        }
        Some((key, value))
    });
    match found {
        None => Ok(None),
        Some((key, value)) => match value.get_ref() {
            DeValue::String(text) => Ok(Some(text.clone().into_owned())),
            _ => Err(mistake(value.span().start, Mistake::NotAText(key.clone()))),
        },
    }
}

/// What `*` stands for in the highest version of a path that exists; one for which a path
/// of `with` exists goes before all others.
pub(crate) fn newest(path: &str, with: &[String]) -> Option<String> {
    let (start, end) = path.split_once('*')?;
    let (folder, name) = start.rsplit_once('/')?;
    let entries = std::fs::read_dir(format!("{folder}/")).ok()?.flatten();
    // `*` may be the end of a name, as in `/usr/sbin/php-fpm*`.
    let versions = entries.filter_map(|entry| {
        let entry = entry.file_name().into_string().ok()?;
        Some(entry.strip_prefix(name)?.to_owned())
    });
    let installed =
        versions.filter(|version| Path::new(&format!("{start}{version}{end}")).exists());
    installed.max_by_key(|version| {
        let used = with
            .iter()
            .any(|path| Path::new(&path.replacen('*', version, 1)).exists());
        (used, numbers(version))
    })
}

/// The numbers of a version: 9.6 is older than 15.
fn numbers(version: &str) -> Vec<u64> {
    let numbers = version.split('.');
    numbers.map(|number| number.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_newest_version_with_a_cluster_goes_first() {
        let folder = tempfile::tempdir().expect("a directory");
        let root = folder.path().display();
        let make = |name: &str| fs::create_dir_all(folder.path().join(name)).expect("mkdir");
        let newest = || {
            let with = [format!("{root}/etc/*/main"), format!("{root}/lib/*/main")];
            newest(&format!("{root}/bin/*/postgres"), &with)
        };
        assert_eq!(newest(), None);
        for version in ["9.6", "15", "common"] {
            make(&format!("bin/{version}/postgres"));
        }
        // Only a directory, without the program.
        make("bin/18");
        assert_eq!(newest().as_deref(), Some("15"));
        make("etc/9.6/main");
        assert_eq!(newest().as_deref(), Some("9.6"));
        make("lib/15/main");
        assert_eq!(newest().as_deref(), Some("15"));
        make("bin/17/postgres");
        assert_eq!(newest().as_deref(), Some("15"));
        make("etc/17/main");
        assert_eq!(newest().as_deref(), Some("17"));
        make("sbin/php-fpm8.2");
        make("sbin/php-fpm8.10");
        let php = super::newest(&format!("{root}/sbin/php-fpm*"), &[]);
        assert_eq!(php.as_deref(), Some("8.10"));
    }

    #[test]
    fn the_first_key_of_a_file_counts_and_must_be_a_text() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("pod.toml");
        let keys = ["production.server.listen", "configuration.server.listen"];
        let found = |text: &str| {
            fs::write(&file, text).expect("write");
            let found = text_in(&file, &keys.map(str::to_owned));
            found.map_err(|error| error.to_string())
        };
        let missing = folder.path().join("missing");
        assert!(text_in(&missing, &[]).is_ok_and(|found| found.is_none()));
        let own = "[configuration.server]\nlisten = 'a'\n";
        assert_eq!(found("[configuration]\nserver.port = 1\n"), Ok(None));
        assert_eq!(found(own), Ok(Some("a".to_owned())));
        let both = format!("{own}[production]\nserver.listen = 'b'\n");
        assert_eq!(found(&both), Ok(Some("b".to_owned())));
        let message = found("\n[configuration.server]\nlisten = 3000\n").expect_err("no text");
        let place = format!("{}:3: ", file.display());
        assert_eq!(
            message,
            place + "configuration.server.listen must be a text"
        );
        let message = found("\n[configuration.server\n").expect_err("no TOML");
        assert!(
            message.starts_with(&format!("{}:2: ", file.display())),
            "{message}"
        );
    }
}
