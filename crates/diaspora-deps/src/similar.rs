//! "Did you mean": the name that is spelled almost like one that is not known. Pure.

/// The name nearest to `unknown`, if it differs in two letters at most.
pub(crate) fn similar<T: AsRef<str> + Ord>(
    names: impl Iterator<Item = T>,
    unknown: &str,
) -> Option<T> {
    let distance = |name: &T| strsim::damerau_levenshtein(name.as_ref(), unknown);
    let names = names.map(|name| (distance(&name), name));
    let near = names.min().filter(|&(distance, _)| distance <= 2);
    near.map(|(_, name)| name)
}
