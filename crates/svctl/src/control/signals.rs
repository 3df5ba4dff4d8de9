//! Names of signals. Pure.

use daemontools::command::Command;
use daemontools::unix::signal::Signal;

/// The letter of `svc` for a signal: `HUP`, `SIGHUP`, `hup` or its number.
///
/// # Errors
/// What can be sent, for a message.
pub(crate) fn letter(word: &str) -> Result<u8, String> {
    let upper = word.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number = word.parse().ok();
    let mut all = sendable();
    let is = |signal: Signal| bare(signal) == name || number == Some(signal as i32);
    match all.find(|&(_, signal)| is(signal)) {
        Some((letter, _)) => Ok(letter),
        None => {
            let names: Vec<&str> = sendable().map(|(_, signal)| bare(signal)).collect();
            Err(format!("supervise sends {}", names.join(" ")))
        }
    }
}

/// The signals that supervise sends, with their letters.
fn sendable() -> impl Iterator<Item = (u8, Signal)> {
    Command::ALL
        .into_iter()
        .filter_map(|(letter, command)| match command {
            Command::Signal(signal) => Some((letter, signal)),
            Command::Pause => Some((letter, Signal::SIGSTOP)),
            Command::Continue => Some((letter, Signal::SIGCONT)),
            Command::Up | Command::Down | Command::Once | Command::Exit => None,
        })
}

/// The name without `SIG`.
fn bare(signal: Signal) -> &'static str {
    let name = signal.as_str();
    name.strip_prefix("SIG").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_its_names_and_its_number() {
        for (word, expected) in [
            ("HUP", b'h'),
            ("SIGHUP", b'h'),
            ("hup", b'h'),
            ("1", b'h'),
            ("usr1", b'1'),
            ("9", b'k'),
            ("STOP", b'p'),
            ("CONT", b'c'),
        ] {
            assert_eq!(letter(word), Ok(expected), "{word}");
        }
        for word in ["WINCH", "", "0", "SIG", "64", "-1", "u"] {
            let error = letter(word).expect_err("it can't be sent");
            assert!(error.contains("HUP"), "{word}");
        }
    }
}
