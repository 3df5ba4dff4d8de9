//! What a program is given.

use std::fmt;

use crate::feed::Step;

/// A file below the working directory.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Regular,
    /// A FIFO that the harness has open for reading, as supervise would.
    Fifo,
}

impl File {
    /// A regular file, 0644.
    pub(crate) fn new(name: impl Into<Vec<u8>>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Regular,
            bytes,
            mode: 0o644,
        }
    }

    /// A FIFO, 0600.
    pub(crate) fn fifo(name: impl Into<Vec<u8>>) -> Self {
        Self {
            kind: Kind::Fifo,
            mode: 0o600,
            ..Self::new(name, Vec::new())
        }
    }
}

/// Everything that a case consists of.
#[derive(Clone, Default)]
pub(crate) struct Input {
    /// Words after the program's name.
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) stdin: Vec<u8>,
    /// Standard input is a pipe, written in pieces of this size; 0 for a file.
    pub(crate) piece: usize,
    /// It is a pipe, and this happens first; see [`crate::feed`].
    pub(crate) steps: Vec<Step>,
    pub(crate) env: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) files: Vec<File>,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            writeln!(
                f,
                "  env   {}={}",
                name.escape_ascii(),
                value.escape_ascii()
            )?;
        }
        for file in &self.files {
            let name = file.name.escape_ascii();
            let kind = match file.kind {
                Kind::Regular => "file",
                Kind::Fifo => "fifo",
            };
            let bytes = shown(&file.bytes);
            writeln!(f, "  {kind}  {name} {:o} \"{bytes}\"", file.mode)?;
        }
        for word in &self.args {
            writeln!(f, "  word  \"{}\"", word.escape_ascii())?;
        }
        if !self.steps.is_empty() {
            writeln!(f, "  steps {:?}", self.steps)?;
        }
        write!(
            f,
            "  stdin (pieces of {}) \"{}\"",
            self.piece,
            shown(&self.stdin)
        )
    }
}

/// Bytes as a report shows them: not more than anybody reads.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 1000;
    if bytes.len() <= MOST {
        return bytes.escape_ascii().to_string();
    }
    let start = bytes[..MOST].escape_ascii();
    format!("{start}... ({} bytes)", bytes.len())
}
