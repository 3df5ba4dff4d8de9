//! The shell script that sources a settings file, and what the script prints. Pure.

use std::collections::BTreeMap;

use daemontools::unix::env;

/// The variables after a settings file was sourced.
#[derive(Debug, Default)]
pub struct Settings {
    /// The variables that were asked for and are set, exported or not.
    pub variables: BTreeMap<String, Vec<u8>>,
    /// All exported variables, as `NAME=value`.
    pub exported: Vec<Vec<u8>>,
}

/// The script. It writes the variables `names` to what is its standard input. The file
/// may leave options, functions and parameters behind: nothing after it depends on them.
/// Its own descriptors are the first ones: 9 is left alone.
pub(super) fn script(file: &[u8], names: &[&str]) -> Vec<u8> {
    let quoted = quote(file);
    let mut script = b"exec 9>&0 </dev/null\n".to_vec();
    // A file may end with a false test; only one that can't be parsed is bad.
    for part in [
        &b". "[..],
        &quoted,
        b" || \"${BASH:-/bin/sh}\" -n ",
        &quoted,
        b" || exit 2\n",
    ] {
        script.extend_from_slice(part);
    }
    script.extend_from_slice(b"set +eufx\n");
    for name in names {
        let line = format!(
            "command [ -z \"${{{name}+x}}\" ] || command printf '%s\\0' \"{name}=${name}\" >&9\n"
        );
        script.extend_from_slice(line.as_bytes());
    }
    script.extend_from_slice(b"command printf '\\0' >&9\ncommand exec /usr/bin/env -0 >&9\n");
    script
}

/// One word for the shell, whatever bytes it has.
fn quote(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in word {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            _ => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// Reads the script's output: variables, an empty entry, the environment, each entry
/// ended by a NUL. `None` if it is incomplete.
pub(super) fn parse(output: &[u8]) -> Option<Settings> {
    let output = output.strip_suffix(b"\0")?;
    let mut entries = output.split(|&byte| byte == 0);
    let mut settings = Settings::default();
    loop {
        let entry = entries.next()?;
        if entry.is_empty() {
            break;
        }
        let (name, value) = env::split(entry)?;
        let name = str::from_utf8(name).ok()?.to_owned();
        settings.variables.insert(name, value.to_vec());
    }
    settings.exported = entries.map(<[u8]>::to_vec).collect();
    Some(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_before_an_empty_entry_and_the_environment_after_it() {
        let settings = parse(b"A=1\0B=x=y\n\0\0C=3\0").expect("complete");
        let b = settings.variables.get("B").map(Vec::as_slice);
        assert_eq!((settings.variables.len(), b), (2, Some(&b"x=y\n"[..])));
        assert_eq!(settings.exported, [b"C=3".to_vec()]);
        for incomplete in [&b""[..], b"A=1\0", b"A=1\0\0C="] {
            assert!(parse(incomplete).is_none());
        }
    }

    #[test]
    fn a_quote_in_a_file_name_is_quoted() {
        assert_eq!(quote(b"it's"), b"'it'\\''s'");
    }
}
