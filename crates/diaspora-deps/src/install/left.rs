//! The services of a scan directory that are of a set and were not asked for. `install`
//! removes nothing; it says what it leaves.

use std::path::Path;

use super::templates::{THIN, Template};

/// A line for each service that is left: of `others`, or a thin whose number is not below
/// `thins`.
pub(super) fn lines(directory: &Path, others: &[&Template], thins: u32) -> Vec<String> {
    let thin = THIN
        .name
        .trim_end_matches(|char: char| char.is_ascii_digit());
    let is_left = |name: &str| {
        let number = name
            .strip_prefix(thin)
            .and_then(|number| number.parse().ok());
        let is_other = others.iter().any(|template| template.name == name);
        is_other || number.is_some_and(|number: u32| number >= thins)
    };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| is_left(name)).collect();
    names.sort();
    let line = |name: &String| {
        let directory = directory.display();
        format!(
            "{directory}/{name}: left, for it was not asked for; to remove it: cd {directory}; mv {name} .{name}; svc --wait -dx .{name} .{name}/log; rm -r .{name}"
        )
    };
    names.iter().map(line).collect()
}
