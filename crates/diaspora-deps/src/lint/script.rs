//! The text of a run script: its interpreter, what it gates and waits for, and commands
//! that go into the background. Pure; it reads words and does not parse shell.

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

/// The commands of a script, as words, without comments and the words before a command.
fn commands(text: &str) -> Vec<Vec<&str>> {
    const BEFORE: [&str; 6] = ["exec", "env", "then", "do", "&&", "||"];
    let text = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    text.flat_map(|line| line.split(';'))
        .map(|command| {
            let words = command.split_whitespace();
            words
                .skip_while(|word| BEFORE.contains(word) || word.contains('='))
                .collect()
        })
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect()
}

/// The name of a program without its directory.
fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The service of a script's `diaspora-deps exec`.
pub(crate) fn gated(text: &str) -> Option<String> {
    commands(text)
        .into_iter()
        .find_map(|words| match words[..] {
            ["exec_thin", ..] => Some("thin".to_owned()),
            [program, ref rest @ ..] if base(program) == "diaspora-deps" => {
                let at = rest.iter().position(|&word| word == "exec")?;
                rest.get(at + 1).map(|&name| name.to_owned())
            }
            _ => None,
        })
}

/// The names after a script's `wait_service` or `diaspora-deps wait`.
pub(crate) fn waits_for(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for words in commands(text) {
        let rest = match words[..] {
            ["wait_service", ref rest @ ..] if !rest.contains(&"{") => rest,
            [program, "wait", ref rest @ ..] if base(program) == "diaspora-deps" => rest,
            _ => continue,
        };
        let mut rest = rest.iter();
        while let Some(&word) = rest.next() {
            match word {
                "-a" => drop(rest.next()),
                "||" | "&&" | "&" | "}" => break,
                _ if word.starts_with(['-', '$', '"', '\'']) => {}
                _ => names.push(word.to_owned()),
            }
        }
    }
    names
}

/// Whether an argument makes this program go into the background.
pub(super) fn is_daemon_switch(program: &str, word: &str) -> bool {
    matches!(
        (base(program), word),
        ("mongod", "--fork")
            | (
                "thin" | "bundle" | "puma" | "sidekiq",
                "--daemonize" | "-d" | "--daemon"
            )
            | (
                "start-stop-daemon",
                "--background" | "-b" | "--start" | "-S"
            )
            | ("smtpd", "-D")
    )
}

/// Commands whose process ends at once, while a daemon runs outside supervise.
pub(super) fn daemonizing(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for words in commands(text) {
        let (program, rest) = (base(words[0]), &words[1..]);
        let line = words.join(" ");
        let fix = match program {
            "nginx"
                if !line.contains("daemon off")
                    && !line.contains("-c")
                    && !rest.contains(&"-t") =>
            {
                Some("add -g 'daemon off;'".to_owned())
            }
            "redis-server"
                if !line.contains("--daemonize no")
                    && rest.first().is_some_and(|word| word.ends_with(".conf")) =>
            {
                Some("add --daemonize no".to_owned())
            }
            "service" | "invoke-rc.d" | "systemctl" | "initctl" => {
                Some("run the program itself".to_owned())
            }
            _ if words[0].starts_with("/etc/init.d/") => Some("run the program itself".to_owned()),
            _ if words.last() == Some(&"&") => Some("take the & away, and exec it".to_owned()),
            _ => rest
                .iter()
                .find(|word| is_daemon_switch(program, word))
                .map(|word| format!("take {word} away")),
        };
        if let Some(fix) = fix {
            faults.push(format!("\"{line}\" forks away from supervise: {fix}"));
        }
    }
    faults
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
        let waits = "wait_service -a 5 redis web || exit\ndiaspora-deps wait mongo \"$x\"; x\n";
        assert_eq!(waits_for(waits), ["redis", "web", "mongo"]);
        assert!(waits_for("wait_service() {\n").is_empty());
    }

    #[test]
    fn commands_that_go_into_the_background_are_found() {
        for daemon in [
            "nginx",
            "exec /usr/sbin/nginx",
            "exec redis-server /etc/redis/redis.conf",
            "mongod --fork --logpath x",
            "exec bundle exec thin start -d",
            "service redis start",
            "/etc/init.d/redis start",
            "exec env A=1 start-stop-daemon --start --exec x",
            "myserver &",
        ] {
            assert_eq!(daemonizing(daemon).len(), 1, "{daemon}");
        }
        for fine in [
            "exec nginx -g 'daemon off;'",
            "redis-server --port 1",
            "exec redis-server /etc/redis/redis.conf --daemonize no",
            "exec mongod --dbpath x",
            "# nginx",
            "exec 2>&1",
        ] {
            assert_eq!(daemonizing(fine), Vec::<String>::new(), "{fine}");
        }
    }

    #[test]
    fn a_script_an_elf_program_and_neither() {
        let program = Interpreter::Program("/bin/sh".to_owned());
        assert_eq!(interpreter(b"#! /bin/sh -e\nx"), program);
        assert_eq!(interpreter(b"\x7fELF.."), Interpreter::Binary);
        assert_eq!(interpreter(b""), Interpreter::Missing);
    }
}
