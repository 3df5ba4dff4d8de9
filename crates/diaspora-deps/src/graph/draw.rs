//! The forms of a graph: text, dot and mermaid. Pure. A name never stands in the syntax of
//! a form: services are `n0`, `n1` … there, and their names are quoted labels, so that
//! every name gives a valid picture.

use std::fmt::Write;

use crate::check::State;

/// A service in a picture.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The positions of the services that it needs.
    pub(super) needs: Vec<usize>,
    /// Its state, and the state with the reason; `None` if it was not probed.
    pub(super) state: Option<(State, String)>,
}

/// The states with the colours of their boxes: the fill and the border.
const COLOURS: [(State, &str, &str); 3] = [
    (State::Ready, "#d5f0d5", "#2e7d32"),
    (State::Starting, "#fff3c4", "#b8860b"),
    (State::Down, "#fbd5d5", "#c62828"),
];

/// A line for each service: `thin_1  needs mongo, redis  [down: connection refused]`.
pub(super) fn text(nodes: &[Node]) -> String {
    let names: Vec<String> = nodes.iter().map(|node| visible(node.name)).collect();
    let widths = names.iter().map(|name| name.chars().count());
    let width = widths.max().unwrap_or(0);
    let mut out = String::new();
    for (node, name) in nodes.iter().zip(&names) {
        let mut line = format!("{name:width$}");
        if !node.needs.is_empty() {
            let needs: Vec<&str> = node.needs.iter().map(|&at| names[at].as_str()).collect();
            add(&mut line, format_args!("  needs {}", needs.join(", ")));
        }
        if let Some((_, words)) = &node.state {
            add(&mut line, format_args!("  [{}]", visible(words)));
        }
        add(&mut out, format_args!("{}\n", line.trim_end()));
    }
    out
}

/// For Graphviz.
pub(super) fn dot(nodes: &[Node]) -> String {
    let mut out = String::from("digraph services {\n  rankdir = BT;\n  node [shape = box];\n");
    for (at, node) in nodes.iter().enumerate() {
        let mut label = dot_label(node.name);
        let mut colours = String::new();
        if let Some((state, words)) = &node.state {
            add(&mut label, format_args!("\\n{}", dot_label(words)));
            let (_, fill, border) = colours_of(*state);
            add(
                &mut colours,
                format_args!(", style = filled, fillcolor = \"{fill}\", color = \"{border}\""),
            );
        }
        add(
            &mut out,
            format_args!("  n{at} [label = \"{label}\"{colours}];\n"),
        );
        for need in &node.needs {
            add(&mut out, format_args!("  n{at} -> n{need};\n"));
        }
    }
    out.push_str("}\n");
    out
}

/// For Markdown.
pub(super) fn mermaid(nodes: &[Node]) -> String {
    let mut out = String::from("graph BT\n");
    for (at, node) in nodes.iter().enumerate() {
        let mut label = mermaid_label(node.name);
        if let Some((_, words)) = &node.state {
            add(&mut label, format_args!("<br/>{}", mermaid_label(words)));
        }
        add(&mut out, format_args!("  n{at}[\"{label}\"]\n"));
        for need in &node.needs {
            add(&mut out, format_args!("  n{at} --> n{need}\n"));
        }
    }
    for (state, fill, border) in COLOURS {
        let has_state = |node: &Node| node.state.as_ref().is_some_and(|(of, _)| *of == state);
        let ids = nodes.iter().enumerate();
        let ids = ids.filter(|(_, node)| has_state(node));
        let ids: Vec<String> = ids.map(|(at, _)| format!("n{at}")).collect();
        if !ids.is_empty() {
            let (word, ids) = (state.word(), ids.join(","));
            // A fixed text colour: the page may be dark.
            add(
                &mut out,
                format_args!(
                    "  classDef {word} fill:{fill},stroke:{border},color:#000000\n  class {ids} {word}\n"
                ),
            );
        }
    }
    out
}

// A write to a String can't fail.
fn add(out: &mut String, text: std::fmt::Arguments) {
    let _ = out.write_fmt(text);
}

fn colours_of(state: State) -> (State, &'static str, &'static str) {
    let mut all = COLOURS.into_iter();
    all.find(|(of, ..)| *of == state).unwrap_or(COLOURS[2])
}

/// A text on one line, with something to see: control characters as `\n` or `\u{7}`, and
/// an empty text as `""`.
fn visible(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    let mut out = String::new();
    for char in text.chars() {
        if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}') {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}

/// A text in a quoted label of dot, where `\` and the entities of HTML have a meaning.
fn dot_label(text: &str) -> String {
    let text = visible(text).replace('\\', "\\\\");
    text.replace('"', "\\\"").replace('&', "&amp;")
}

/// A text in a quoted label of mermaid: it takes any character by its number.
fn mermaid_label(text: &str) -> String {
    let mut out = String::new();
    for char in visible(text).chars() {
        if char.is_ascii_punctuation() && !matches!(char, '_' | '-' | '.' | ',' | '/') {
            add(&mut out, format_args!("#{};", u32::from(char)));
        } else {
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Node<'_> {
        Node {
            name,
            needs: Vec::new(),
            state: None,
        }
    }

    #[test]
    fn a_name_is_never_syntax() {
        for (name, in_dot, in_mermaid) in [
            ("end", "end", "end"),
            ("my app", "my app", "my app"),
            ("a\"b", "a\\\"b", "a#34;b"),
            ("a\\", "a\\\\", "a#92;"),
            ("a\nb", "a\\\\nb", "a#92;nb"),
            ("é&lt;", "é&amp;lt;", "é#38;lt#59;"),
            ("style:#fff;", "style:#fff;", "style#58;#35;fff#59;"),
            ("", "\\\"\\\"", "#34;#34;"),
        ] {
            let nodes = [node(name)];
            assert!(
                dot(&nodes).contains(&format!("\n  n0 [label = \"{in_dot}\"];\n")),
                "{}",
                dot(&nodes)
            );
            assert_eq!(
                mermaid(&nodes),
                format!("graph BT\n  n0[\"{in_mermaid}\"]\n")
            );
            assert_eq!(text(&nodes).lines().count(), 1, "{name:?}");
        }
    }

    #[test]
    fn each_state_has_its_colour_and_its_words() {
        let states = [State::Ready, State::Starting, State::Down];
        let nodes = states.map(|state| Node {
            state: Some((state, format!("{}: \"why\"", state.word()))),
            ..node("a")
        });
        let (dot, mermaid) = (dot(&nodes), mermaid(&nodes));
        for (at, state) in states.into_iter().enumerate() {
            let (word, fill) = (state.word(), colours_of(state).1);
            let line = format!(
                "n{at} [label = \"a\\n{word}: \\\"why\\\"\", style = filled, fillcolor = \"{fill}\""
            );
            assert!(dot.contains(&line), "{dot}");
            assert!(mermaid.contains(&format!("n{at}[\"a<br/>{word}#58; #34;why#34;\"]")));
            assert!(mermaid.contains(&format!("classDef {word} fill:{fill}")));
            assert!(
                mermaid.contains(&format!("  class n{at} {word}\n")),
                "{mermaid}"
            );
        }
    }
}
