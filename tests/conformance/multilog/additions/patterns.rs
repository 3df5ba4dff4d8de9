//! What patterns see of stamp and prefix, and the patterns after `F`.

use conformance::Case;

use super::logged;

/// How much of a line patterns see.
const SEEN: usize = 1000;

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        logged(
            "simple patterns see the prefix",
            "one\ntwo\n",
            &["pweb: ", "-*", "+web: two", "+one", "./l"],
            &["web: two"],
        ),
        logged(
            "F: patterns see the prefix",
            "one\ntwo\n",
            &["F", "pweb: ", "-*", "+web: t*", "+o*", "./l"],
            &["web: two"],
        ),
    ];
    for (letter, simple, glob) in [
        ("t", "@* pone", "@????????????????????????[!0-9a-f]pone"),
        ("T", "*.* pone", "[1-9]*[0-9].?????? pone"),
        (
            "d",
            "*-*-* *:*:*.* pone",
            "????-??-?? ??:??:??.????????? pone",
        ),
        ("m", "*-*-* *:*:*.* pone", "????-??-?? ??:??:??.??? pone"),
    ] {
        let pattern = format!("+{simple}");
        let script = [
            letter, "pp", "-*", &pattern, "p", "./none", "-*", "+x", "./l",
        ];
        // The last prefix counts, so nothing matches.
        let name = format!("{letter} and a prefix that is taken back");
        cases.push(logged(&name, "one\n", &script, &[]));
        for (kind, pattern) in [("S", simple), ("F", glob)] {
            let pattern = format!("-{pattern}");
            let script = [letter, kind, "pp", &pattern, "./l"];
            let name = format!("{letter}: {kind} patterns see stamp and prefix");
            cases.push(logged(&name, "one\n", &script, &[]));
        }
    }
    cases.extend(heads());
    cases.extend(globs());
    cases
}

/// Prefix and line are 1000 bytes together, and what is behind is not seen.
fn heads() -> Vec<Case> {
    let prefix = format!("p{}", "x".repeat(200));
    let mut cases = Vec::new();
    for (kind, ends, whole) in [("S", "+*y", "+*"), ("F", "+*y", "+*")] {
        for length in [SEEN - 202, SEEN - 201, SEEN - 200, SEEN - 199] {
            let line = format!("{}y\n", "x".repeat(length));
            let full = format!("{}{}", &prefix[1..], line.trim_end());
            let seen: &[&str] = if length + 201 <= SEEN { &[&full] } else { &[] };
            let name = format!("{kind}: a pattern's end {length} bytes after a prefix");
            let script = [kind, prefix.as_str(), "-*", ends, "./l"];
            cases.push(logged(&name, line.clone(), &script, seen));
            let name = format!("{kind}: a star and {length} bytes after a prefix");
            let script = [kind, prefix.as_str(), "-*", whole, "./l"];
            cases.push(logged(&name, line, &script, &[&full]));
        }
    }
    cases
}

/// Lines for the patterns to choose from.
const MENU: &str = "\na\nb\nab\na.b\na/b\n*\n?\n[\n]\n-\n^\n\\\n7\n42\nA7\n a\n.a\n[a]\n";

fn globs() -> Vec<Case> {
    let table: [(&str, &[&str]); 28] = [
        ("", &[""]),
        ("?", &["a", "b", "*", "?", "[", "]", "-", "^", "\\\\", "7"]),
        ("??", &["ab", "42", "A7", " a", ".a"]),
        ("a*", &["a", "ab", "a.b", "a/b"]),
        ("*b", &["b", "ab", "a.b", "a/b"]),
        ("a?b", &["a.b", "a/b"]),
        ("*?b", &["ab", "a.b", "a/b"]),
        ("[ab]", &["a", "b"]),
        ("[!ab]", &["*", "?", "[", "]", "-", "^", "\\\\", "7"]),
        ("[^ab]", &["*", "?", "[", "]", "-", "^", "\\\\", "7"]),
        ("[a-z]", &["a", "b"]),
        ("[!a-z]?", &["42", "A7", " a", ".a"]),
        ("[0-9]*", &["7", "42"]),
        ("[[:digit:]]*", &["7", "42"]),
        ("[[:upper:]][![:space:]]", &["A7"]),
        ("[]]", &["]"]),
        ("[]-]", &["]", "-"]),
        ("[!]a-]", &["b", "*", "?", "[", "^", "\\\\", "7"]),
        ("[\\]]", &["]"]),
        ("[\\\\]", &["\\\\"]),
        ("\\*", &["*"]),
        ("\\?", &["?"]),
        ("\\[a]", &["[a]"]),
        ("[", &["["]),
        ("[a", &[]),
        ("\\a", &["a"]),
        ("a\\", &[]),
        ("*[./]*", &["a.b", "a/b", ".a"]),
    ];
    let mut cases = Vec::new();
    for (pattern, chosen) in table {
        let word = format!("+{pattern}");
        let name = format!("F: {pattern}");
        cases.push(logged(&name, MENU, &["F", "-*", &word, "./l"], chosen));
    }
    let all = "aab\na?b\nx\n";
    let run = |name: &str, script: &[&str], current: &[&str]| logged(name, all, script, current);
    cases.extend([
        run("F: a star goes back", &["F", "-*", "+*ab", "./l"], &["aab"]),
        run(
            "F and more in its word",
            &["Find", "-?", "./l"],
            &["aab", "a?b"],
        ),
        run(
            "S: simple again",
            &["F", "-x", "S", "-a?b", "./l"],
            &["aab"],
        ),
        run("F after a pattern", &["-a?b", "F", "-x", "./l"], &["aab"]),
        run(
            "S with a number is no S",
            &["F", "S0", "-a?b", "./l"],
            &["x"],
        ),
        run(
            "F and S in turn",
            &["F", "-*", "S", "+a?b", "F", "+[x]", "./l"],
            &["a?b", "x"],
        ),
        run("F behind the log", &["-a?b", "./l", "F"], &["aab", "x"]),
    ]);
    cases
}
