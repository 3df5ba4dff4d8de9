//! The text of a run script: its interpreter, what it gates and what it waits for. Pure.

use super::shell::{base, commands};

/// The first bytes of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Interpreter {
    /// A `#!` line with this program.
    Program(String),
    /// An ELF program.
    Binary,
    /// Neither: the kernel won't run it.
    Missing,
}

pub(super) fn interpreter(text: &[u8]) -> Interpreter {
    if text.starts_with(b"\x7fELF") {
        return Interpreter::Binary;
    }
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let Some(rest) = line.strip_prefix(b"#!") else {
        return Interpreter::Missing;
    };
    let program = rest.trim_ascii().split(u8::is_ascii_whitespace).next();
    let program = String::from_utf8_lossy(program.unwrap_or_default());
    Interpreter::Program(program.into_owned())
}

/// The service of a script's `diaspora-deps exec`.
pub(crate) fn gated(text: &str) -> Option<String> {
    commands(text).into_iter().find_map(|command| {
        let (program, rest) = command.words.split_first()?;
        match base(program) {
            "exec_thin" => Some("thin".to_owned()),
            "diaspora-deps" => {
                let rest = operands(rest);
                let at = rest.iter().position(|&word| word == "exec")?;
                rest.get(at + 1).map(|&name| name.to_owned())
            }
            _ => None,
        }
    })
}

/// The names after a script's `wait_service` or `diaspora-deps wait`. Addresses are none.
pub(crate) fn waits_for(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for command in commands(text) {
        let Some((program, rest)) = command.words.split_first() else {
            continue;
        };
        let rest = operands(rest);
        let rest = match (base(program), rest.split_first()) {
            ("wait_service", _) => &rest[..],
            ("diaspora-deps", Some((&"wait", rest))) => rest,
            _ => continue,
        };
        let words = rest.iter().flat_map(|words| words.split_whitespace());
        let is_name = |word: &&str| !word.contains(['$', ':', '/']);
        names.extend(words.filter(is_name).map(str::to_owned));
    }
    names
}

/// The words that are neither options nor their values.
fn operands(words: &[String]) -> Vec<&str> {
    const WITH_VALUE: [&str; 5] = ["-a", "--services", "--settings", "--dir", "--timeout"];
    let mut operands = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') {
            operands.push(word.as_str());
        }
    }
    operands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_gates_one_service_and_waits_for_others() {
        let gate = "#!/bin/sh\nexec 2>&1\nexec /usr/bin/diaspora-deps --dir x exec thin -p 1\n";
        assert_eq!(gated(gate).as_deref(), Some("thin"));
        assert_eq!(
            gated("#!/bin/sh\n. /etc/default/diaspora\nexec_thin\n").as_deref(),
            Some("thin")
        );
        assert_eq!(gated("# diaspora-deps exec redis\nexec redis-server"), None);
        let waits = "wait_service -a 5 \"redis web\" || exit\n\
            diaspora-deps wait mongo \"$x\" db:5432 http://localhost/ --timeout 9; x\n";
        assert_eq!(waits_for(waits), ["redis", "web", "mongo"]);
        assert!(waits_for("wait_service() {\n").is_empty());
    }

    #[test]
    fn a_script_an_elf_program_and_neither() {
        let program = Interpreter::Program("/bin/sh".to_owned());
        assert_eq!(interpreter(b"#! /bin/sh -e\nx"), program);
        assert_eq!(interpreter(b"\x7fELF.."), Interpreter::Binary);
        assert_eq!(interpreter(b""), Interpreter::Missing);
    }
}
