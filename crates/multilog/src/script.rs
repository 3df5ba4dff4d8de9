//! The script: each word is one action, and each line goes through all of them in order.

mod glob;
mod pattern;
mod stamp;

use core::ffi::CStr;

use daemontools::Args;

use pattern::Pattern;
pub(crate) use pattern::SEEN;
pub(crate) use stamp::{Format, SHORT, Stamp};

/// The range of sizes that `s` can ask for.
const SIZES: core::ops::RangeInclusive<u64> = 4096..=16_777_215;
/// The largest size that `B` can ask for.
const SIZE_MAX: u64 = 1 << 40;
/// The size of files unless `s` or `B` says another.
const SIZE: u64 = 99_999;
/// The number of files unless `n` says another.
const COUNT: u64 = 10;
/// The smallest number that `n` can ask for.
const COUNT_MIN: u64 = 2;

/// One action, carried out for each line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Selects the line (true) or deselects it, if the pattern matches.
    Select(bool, Pattern),
    /// Prints the line to standard error, if it is selected.
    Alert,
    /// Puts the line into this status file, if it is selected.
    Status(usize),
    /// Appends the line to this log, if it is selected.
    Log(usize),
}

/// A log, as the script wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogSpec {
    /// The directory.
    pub(crate) path: &'static CStr,
    /// The largest size of a file.
    pub(crate) size: u64,
    /// The largest number of files, `current` among them.
    pub(crate) count: u64,
    /// The largest total of its finished files and a full `current`.
    pub(crate) total: Option<u64>,
    /// The command that processes finished files.
    pub(crate) processor: Option<&'static CStr>,
}

/// A script.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The time in front of each line.
    pub(crate) stamp: Format,
    /// The text behind the time.
    pub(crate) prefix: &'static CStr,
    /// The actions, in order.
    pub(crate) actions: Vec<Action>,
    /// Whether the only action is that every log gets every line.
    pub(crate) is_plain: bool,
    /// The files of [`Action::Status`].
    pub(crate) statuses: Vec<&'static CStr>,
    /// The directories of [`Action::Log`].
    pub(crate) logs: Vec<LogSpec>,
}

impl Script {
    /// Parses the words after the program's name. A word that begins with no action's
    /// letter is ignored.
    pub(crate) fn parse(args: Args) -> Self {
        Self::of(args.from(1))
    }

    fn of(words: impl Iterator<Item = &'static CStr>) -> Self {
        let mut script = Self::default();
        let mut size = SIZE;
        let mut count = COUNT;
        let mut total = None;
        let mut processor = None;
        let mut is_glob = false;
        for (index, word) in words.enumerate() {
            let rest = tail(word);
            match word.to_bytes().first() {
                Some(b't') if index == 0 => script.stamp = Format::Label,
                Some(b'T') if index == 0 => script.stamp = Format::Epoch,
                Some(b'd') if index == 0 => script.stamp = Format::Local(9),
                Some(b'm') if index == 0 => script.stamp = Format::Local(3),
                Some(sign @ (b'+' | b'-')) => {
                    let pattern = if is_glob {
                        Pattern::Glob(rest)
                    } else {
                        Pattern::Simple(rest)
                    };
                    script.actions.push(Action::Select(*sign == b'+', pattern));
                }
                Some(b'F') => is_glob = true,
                Some(b'S') if rest.is_empty() => is_glob = false,
                Some(b'S') => total = Some(number(rest)).filter(|&total| total > 0),
                Some(b'B') => size = number(rest).clamp(*SIZES.start(), SIZE_MAX),
                Some(b'p') => script.prefix = rest,
                Some(b'e') => script.actions.push(Action::Alert),
                Some(b'=') => {
                    script.actions.push(Action::Status(script.statuses.len()));
                    script.statuses.push(rest);
                }
                Some(b's') => size = number(rest).clamp(*SIZES.start(), *SIZES.end()),
                Some(b'n') => count = number(rest).max(COUNT_MIN),
                Some(b'!') => processor = Some(rest),
                Some(b'.' | b'/') => {
                    script.actions.push(Action::Log(script.logs.len()));
                    script.logs.push(LogSpec {
                        path: word,
                        size,
                        count,
                        total,
                        processor,
                    });
                }
                _ => {}
            }
        }
        let is_log = |action: &Action| matches!(action, Action::Log(_));
        script.is_plain = script.actions.iter().all(is_log);
        script
    }
}

/// A word without its first byte.
fn tail(word: &'static CStr) -> &'static CStr {
    word.to_bytes_with_nul()
        .get(1..)
        .and_then(|rest| CStr::from_bytes_with_nul(rest).ok())
        .unwrap_or(word)
}

/// The number at the beginning of a word; 0 if it begins with none.
fn number(word: &CStr) -> u64 {
    let digits = word.to_bytes().iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0, |number: u64, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts_hold_for_the_logs_after_them() {
        let words = [
            c"s1",
            c"./a",
            c"s5000x",
            c"n1",
            c"!cat",
            c"./b",
            c"s99999999",
            c"!",
            c"/c",
            c"what",
        ];
        let script = Script::of(words.into_iter());
        let shape: Vec<_> = script
            .logs
            .iter()
            .map(|log| (log.path, log.size, log.count, log.processor))
            .collect();
        assert_eq!(
            shape,
            [
                (c"./a", 4096, 10, None),
                (c"./b", 5000, 2, Some(c"cat")),
                (c"/c", 16_777_215, 2, Some(c"")),
            ]
        );
        assert!(script.is_plain);
        assert_eq!(script.stamp, Format::None);
    }

    #[test]
    fn only_the_first_word_asks_for_stamps() {
        let stamp = |words: [&'static CStr; 2]| Script::of(words.into_iter()).stamp;
        assert_eq!(stamp([c"tea", c"e"]), Format::Label);
        assert_eq!(stamp([c"e", c"t"]), Format::None);
        assert_eq!(stamp([c"", c"t"]), Format::None);
        assert_eq!(stamp([c"T", c"t"]), Format::Epoch);
        assert_eq!(stamp([c"d", c"m"]), Format::Local(9));
        assert_eq!(stamp([c"m", c"d"]), Format::Local(3));
    }

    #[test]
    fn sizes_beyond_the_reference_have_their_own_letter_and_so_has_the_total() {
        let words = [
            c"B100000000",
            c"S5000000",
            c"./a",
            c"s100000000",
            c"S0",
            c"./b",
        ];
        let script = Script::of(words.into_iter());
        let shape: Vec<_> = script
            .logs
            .iter()
            .map(|log| (log.size, log.total))
            .collect();
        assert_eq!(shape, [(100_000_000, Some(5_000_000)), (16_777_215, None)]);
    }
}
