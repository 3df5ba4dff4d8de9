//! The commands and files of a section of a page, as a script.

use std::fmt::Write;
use std::fs;

use crate::programs::root;

/// Blocks of `sh` are run. A block after a line with a path alone, such as
/// `` `/etc/service/web/run`: ``, is the content of that file. Other blocks are shown and
/// not run.
pub(crate) fn script(page: &str, heading: &str) -> String {
    let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let start = text.find(&format!("\n{heading}\n")).expect(heading) + 1;
    let section = text[start + heading.len()..].split("\n## ").next().unwrap();
    let mut script = String::new();
    let mut name = None;
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let (indent, line) = line.split_at(line.len() - line.trim_start().len());
        if let Some(language) = line.strip_prefix("```") {
            let block = lines
                .by_ref()
                .map(|line| line.strip_prefix(indent).unwrap_or(line));
            let block: Vec<&str> = block.take_while(|line| *line != "```").collect();
            let block = block.join("\n");
            match name.take() {
                Some(name) => add_file(&mut script, name, &block),
                None if language == "sh" => script += &format!("{block}\n"),
                None => {}
            }
        } else if !line.is_empty() {
            let path = line
                .strip_prefix("`/")
                .and_then(|line| line.strip_suffix("`:"));
            name = path.filter(|path| !path.contains('`'));
        }
    }
    script
}

fn add_file(script: &mut String, path: &str, text: &str) {
    let folder = path.rsplit_once('/').unwrap().0;
    let _ = writeln!(
        script,
        "mkdir -p /{folder}\ncat >/{path} <<'END OF FILE'\n{text}\nEND OF FILE"
    );
    if text.starts_with("#!") {
        let _ = writeln!(script, "chmod +x /{path}");
    }
}
