//! Programs that go into the background: their process ends at once, while a daemon runs
//! outside of supervise. What each program does by itself, and the words and directives
//! that change it.

use std::path::Path;

use super::configuration::{Directive, Form, directive};
use super::shell::{Command, base, commands};

/// Programs and the word with which they go into the background.
const SENT: [(&str, &[&str]); 16] = [
    ("mongod", &["--fork"]),
    ("thin", &["-d", "--daemonize"]),
    ("bundle", &["-d", "--daemonize", "--daemon"]),
    ("puma", &["-d", "--daemon"]),
    ("sidekiq", &["-d", "--daemon"]),
    ("unicorn", &["-D", "--daemonize"]),
    ("gunicorn", &["-D", "--daemon"]),
    ("uwsgi", &["-d", "--daemonize"]),
    ("memcached", &["-d", "--daemon"]),
    ("haproxy", &["-D"]),
    ("rabbitmq-server", &["-detached"]),
    ("mysqld", &["--daemonize", "-D"]),
    ("postfix", &["start"]),
    ("pg_ctl", &["start", "restart"]),
    ("apachectl", &["start", "restart"]),
    (
        "start-stop-daemon",
        &["--background", "-b", "--start", "-S"],
    ),
];

/// Programs that stay in the foreground only with one of these words.
const KEPT: [(&str, &[&str]); 6] = [
    ("smtpd", &["-d", "-F"]),
    ("sshd", &["-D", "-d"]),
    ("cron", &["-f"]),
    ("apache2", &["-DFOREGROUND", "FOREGROUND", "-X"]),
    (
        "dnsmasq",
        &["-k", "--keep-in-foreground", "-d", "--no-daemon"],
    ),
    ("rsyslogd", &["-n"]),
];

/// The faults of the commands of a script.
pub(super) fn faults_of_script(text: &str) -> Vec<String> {
    commands(text).iter().filter_map(fault).collect()
}

/// The fault of a command.
pub(super) fn fault(command: &Command) -> Option<String> {
    let (program, rest) = command.words.split_first()?;
    let line = command.words.join(" ");
    let forks = |fix: String| format!("\"{line}\" forks away from supervise: {fix}");
    let name = base(program);
    if command.in_background {
        return Some(forks("take the & away, and exec it".to_owned()));
    }
    match name {
        "nginx" => nginx(rest, &line),
        "redis-server" => redis(rest).map(forks),
        _ if name.starts_with("php-fpm") => php_fpm(name, rest).map(forks),
        "service" | "invoke-rc.d" | "systemctl" | "initctl" => {
            Some(forks("run the program itself".to_owned()))
        }
        _ if program.starts_with("/etc/init.d/") => {
            Some(forks("run the program itself".to_owned()))
        }
        _ => {
            let of = |table: &[(&str, &'static [&'static str])]| {
                let found = table.iter().find(|(known, _)| *known == name);
                found.map(|&(_, words)| words)
            };
            let sent = of(&SENT).unwrap_or_default();
            let sent = rest.iter().find(|word| sent.contains(&word.as_str()));
            let sent = sent.map(|word| forks(format!("take {word} away")));
            let kept =
                of(&KEPT).filter(|kept| !rest.iter().any(|word| kept.contains(&word.as_str())));
            sent.or_else(|| kept.map(|kept| forks(format!("add {}", kept[0]))))
                .or_else(|| mongod(name, rest).map(forks))
        }
    }
}

/// The value of an option: `-c value` or `--long=value`.
fn option<'a>(words: &'a [String], names: &[&str]) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(at, word)| {
        let joined = names.iter().find_map(|name| {
            let value = word.strip_prefix(name)?;
            value.strip_prefix('=')
        });
        let apart = || names.contains(&word.as_str()).then(|| words.get(at + 1));
        joined.or_else(|| apart().flatten().map(String::as_str))
    })
}

/// A directive of a configuration file whose path is known; `None` if it can't be read.
fn read(file: &str, folder: &str, form: Form, name: &str) -> Option<Option<Directive>> {
    let is_known = !file.contains('$') && !folder.contains('$');
    let found = is_known.then(|| directive(Path::new(file), Path::new(folder), form, name));
    found?.ok()
}

fn nginx(words: &[String], line: &str) -> Option<String> {
    let ends = |word: &String| matches!(word.as_str(), "-t" | "-T" | "-v" | "-V" | "-h" | "-s");
    if words.iter().any(ends) {
        return None;
    }
    let told = words
        .iter()
        .any(|word| word.contains("daemon ") && word.contains("off"));
    let file = option(words, &["-c"]).unwrap_or("/etc/nginx/nginx.conf");
    // nginx takes other files relative to that file, and that one relative to its prefix.
    let prefix = option(words, &["-p"]).unwrap_or("/usr/share/nginx");
    let path = Path::new(prefix).join(file);
    let folder = path.parent()?.to_str()?;
    let found = match read(path.to_str()?, folder, Form::Blocks, "daemon") {
        Some(found) => found,
        // A file whose path is not known may have the directive.
        None if file.contains('$') || prefix.contains('$') => return None,
        None => None,
    };
    match found {
        Some(Directive { file, .. }) if told => Some(format!(
            "\"{line}\": nginx takes \"daemon\" only once, and {} has it too: take it out there",
            file.display()
        )),
        Some(Directive { value, .. }) if value == "off" => None,
        Some(Directive { file, .. }) => Some(format!(
            "\"{line}\" forks away from supervise: {} has \"daemon on;\": take that line out, and add -g 'daemon off;'",
            file.display()
        )),
        None if told => None,
        None => Some(format!(
            "\"{line}\" forks away from supervise: add -g 'daemon off;'"
        )),
    }
}

fn redis(words: &[String]) -> Option<String> {
    // What is on the command line counts after the file.
    if let Some(value) = option(words, &["--daemonize"]) {
        return (value == "yes").then(|| "write --daemonize no".to_owned());
    }
    let file = words.first().filter(|word| !word.starts_with('-'))?;
    let found = read(file, "/", Form::Words, "daemonize")??;
    (found.value == "yes").then(|| {
        let file = found.file.display();
        format!("{file} has \"daemonize yes\": add --daemonize no")
    })
}

fn php_fpm(name: &str, words: &[String]) -> Option<String> {
    let ends = |word: &String| {
        matches!(
            word.as_str(),
            "-F" | "--nodaemonize" | "-t" | "--test" | "-v" | "--version" | "-i" | "-m"
        )
    };
    if words.iter().any(ends) {
        return None;
    }
    let version = name.trim_start_matches("php-fpm");
    let usual = format!("/etc/php/{version}/fpm/php-fpm.conf");
    let file = option(words, &["-y", "--fpm-config"]).unwrap_or(&usual);
    match read(file, "/", Form::Assignments, "daemonize") {
        Some(Some(Directive { value, .. })) if value == "no" => None,
        None if file.contains('$') => None,
        _ => Some("add --nodaemonize".to_owned()),
    }
}

fn mongod(name: &str, words: &[String]) -> Option<String> {
    if name != "mongod" {
        return None;
    }
    let file = option(words, &["-f", "--config"])?;
    let found = read(file, "/", Form::Assignments, "fork")??;
    (found.value == "true").then(|| format!("{file} has \"fork\": take it out"))
}

#[cfg(test)]
mod tests;
