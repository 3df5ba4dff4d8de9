//! The environment of a service's program. Pure.

use std::collections::BTreeMap;

use daemontools::unix::env;

use crate::settings::Settings;

/// Variables that a shell sets for itself: not settings.
const OF_THE_SHELL: [&[u8]; 4] = [b"_", b"SHLVL", b"PWD", b"OLDPWD"];

/// The inherited entries in their order, changed as the settings file exported or unset
/// them, and with the variables of `services.toml` in `set`. An entry without `=` stays.
#[must_use]
pub fn environment(
    inherited: &[&[u8]],
    settings: Option<&Settings>,
    set: &BTreeMap<String, Vec<u8>>,
) -> Vec<Vec<u8>> {
    let mut entries: Vec<Vec<u8>> = inherited.iter().map(|entry| entry.to_vec()).collect();
    if let Some(settings) = settings {
        let of_the_shell = |name: &[u8]| OF_THE_SHELL.contains(&name);
        entries.retain(|entry| match env::split(entry) {
            Some((name, _)) => of_the_shell(name) || contains(&settings.exported, name),
            None => true,
        });
        for entry in &settings.exported {
            if let Some((name, value)) = env::split(entry)
                && !of_the_shell(name)
            {
                put(&mut entries, name, value);
            }
        }
    }
    for (name, value) in set {
        put(&mut entries, name.as_bytes(), value);
    }
    entries
}

fn is_named(entry: &[u8], name: &[u8]) -> bool {
    env::split(entry).is_some_and(|(found, _)| found == name)
}

fn contains(entries: &[Vec<u8>], name: &[u8]) -> bool {
    entries.iter().any(|entry| is_named(entry, name))
}

fn put(entries: &mut Vec<Vec<u8>>, name: &[u8], value: &[u8]) {
    let new = [name, b"=", value].concat();
    match entries.iter_mut().find(|entry| is_named(entry, name)) {
        Some(entry) => *entry = new,
        None => entries.push(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_order_and_one_without_a_name_stays() {
        let settings = Settings {
            exported: [&b"A=new"[..], b"C=3", b"SHLVL=9", b"D=4", b"_=x"]
                .map(<[u8]>::to_vec)
                .into(),
            ..Settings::default()
        };
        let set = BTreeMap::from([("C".to_owned(), b"set".to_vec())]);
        let inherited = [&b"junk"[..], b"A=1", b"B=unset", b"C=2", b"SHLVL=1"];
        let after = environment(&inherited, Some(&settings), &set);
        let expected = [&b"junk"[..], b"A=new", b"C=set", b"SHLVL=1", b"D=4"];
        assert_eq!(after, expected.map(<[u8]>::to_vec));
    }
}
