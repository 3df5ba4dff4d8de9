//! The `${NAME}` in a text. Pure.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Bytes that stand for themselves.
    Text(&'a str),
    /// The `NAME` of a `${NAME}`.
    Variable(&'a str),
}

/// The parts of a text, in order; `None` if a `${` has no `}`.
pub(crate) fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}')?;
        parts.extend([Part::Text(before), Part::Variable(name)]);
        rest = tail;
    }
    parts.push(Part::Text(rest));
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_ends_at_its_brace() {
        use Part::{Text, Variable};
        assert_eq!(parts("$a}"), Some(vec![Text("$a}")]));
        let two = vec![
            Text("a"),
            Variable("B"),
            Text(""),
            Variable("C"),
            Text("/d"),
        ];
        assert_eq!(parts("a${B}${C}/d"), Some(two));
        assert_eq!(parts("${A"), None);
    }
}
