//! The commands of a shell script, as words. Pure. It knows quotes, comments and the ends
//! of commands; what a word with `$` or a here-document becomes, it does not know.

/// A command of a script.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Its words without their quotes, the program first.
    pub(super) words: Vec<String>,
    /// Whether `&` ends it.
    pub(super) in_background: bool,
}

/// Words after which a command begins.
const BEFORE: [&str; 14] = [
    "exec", "env", "then", "do", "else", "elif", "if", "while", "until", "!", "{", "}", "time",
    "pgrphack",
];
/// Programs that become another one after so many arguments of their own, and after their
/// options.
const CHAIN_LOADERS: [(&str, usize); 8] = [
    ("setuidgid", 1),
    ("envuidgid", 1),
    ("envdir", 1),
    ("setlock", 1),
    ("chpst", 0),
    ("softlimit", 0),
    ("nice", 0),
    ("notifyfd", 0),
];

/// The name of a program without its directory.
pub(super) fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// All commands of a script, without what stands before their program.
pub(super) fn commands(text: &str) -> Vec<Command> {
    let mut commands = split(text);
    for command in &mut commands {
        let start = program(&command.words);
        command.words.drain(..start);
    }
    commands.retain(|command| !command.words.is_empty());
    commands
}

/// The position of the program.
fn program(words: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if BEFORE.contains(&word.as_str()) || is_assignment(word) {
            at += 1;
            continue;
        }
        let loader = CHAIN_LOADERS
            .iter()
            .find(|(loader, _)| *loader == base(word));
        let Some((_, arguments)) = loader else {
            break;
        };
        at += 1;
        while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
            at += 1;
            let value = words.get(at).is_some_and(|word| {
                word.starts_with(|char: char| char.is_ascii_digit() || char == '=')
            });
            at += usize::from(option.len() == 2 && value);
        }
        at += arguments;
    }
    at.min(words.len())
}

/// `NAME=value`.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    !name.is_empty() && name.chars().all(is_name)
}

/// Splits at the ends of commands and between words.
fn split(text: &str) -> Vec<Command> {
    let mut commands = vec![Command::default()];
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let in_word = word.is_some();
        match char {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(char) => word.get_or_insert_default().push(char),
            },
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                while let Some(inner) = chars.next() {
                    match inner {
                        '\\' if char == '"' => word.extend(chars.next()),
                        _ if inner == char => break,
                        _ => word.push(inner),
                    }
                }
            }
            '#' if !in_word => while chars.next_if(|&char| char != '\n').is_some() {},
            // `2>&1` and `&>file` are no ends.
            '&' if word.as_ref().is_some_and(|word| word.ends_with(['>', '<'])) => {
                word.get_or_insert_default().push(char);
            }
            '&' if chars.peek() == Some(&'>') => word.get_or_insert_default().push(char),
            '\n' | ';' | '&' | '|' | '(' | ')' => {
                let command = commands.last_mut().expect("there is always one");
                command.words.extend(word.take());
                let doubled = chars.next_if_eq(&char).is_some();
                command.in_background = char == '&' && !doubled;
                commands.push(Command::default());
            }
            _ if char.is_whitespace() => {
                let command = commands.last_mut().expect("there is always one");
                command.words.extend(word.take());
            }
            _ => word.get_or_insert_default().push(char),
        }
    }
    let command = commands.last_mut().expect("there is always one");
    command.words.extend(word);
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let commands = commands(text);
        let joined = |command: &Command| {
            let end = if command.in_background { "&" } else { "" };
            command.words.join("|") + end
        };
        commands.iter().map(joined).collect()
    }

    #[test]
    fn quotes_comments_and_the_ends_of_commands() {
        for (text, expected) in [
            ("exec nginx -g 'daemon off;'", &["nginx|-g|daemon off;"][..]),
            ("a \"b \\\" c\"d; e # f; g\nh#i", &["a|b \" cd", "e", "h#i"]),
            ("a \\\n  b", &["a|b"]),
            ("exec 2>&1\nX=1 Y=\"$Z\" a &", &["2>&1", "a&"]),
            ("a && b || c | d", &["a", "b", "c", "d"]),
            ("if ! a; then exec b; fi", &["a", "b", "fi"]),
            ("exec setuidgid www softlimit -m 9 -d9 a -b", &["a|-b"]),
            ("envdir ./env /usr/bin/setlock -n lock a", &["a"]),
            ("x=$(a b)", &["a|b"]),
            ("", &[]),
        ] {
            assert_eq!(words(text), expected, "{text:?}");
        }
    }
}
