//! Colours of a terminal.

use std::io::IsTerminal;

use crate::words::Mood;

/// Whether output is to have colours: a terminal reads it, and nobody objects
/// (`NO_COLOR`, or a terminal without).
pub(crate) fn is_wanted() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !dumb
}

/// The terminal's code for its own colour.
pub(crate) const PLAIN: &str = "\x1b[0m";

/// The terminal's code for a state.
pub(crate) const fn of(mood: Mood) -> &'static str {
    match mood {
        Mood::Trouble => "\x1b[31m",
        Mood::Change => "\x1b[33m",
        Mood::Well => "\x1b[32m",
        Mood::Rest => "\x1b[2m",
    }
}
