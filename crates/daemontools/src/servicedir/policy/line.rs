//! One line of `supervise.toml`: its name and its value.

use core::time::Duration;

/// The longest time that can be asked for, in seconds.
const SECONDS_MAX: u32 = 86_400;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a>(Option<(&'a [u8], Value<'a>)>);

/// A value, of one of the types that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number without decimals.
    Whole(u64),
    /// A number with one to three decimals, in thousandths.
    Thousandths(u64),
    Truth(bool),
    Text(&'a [u8]),
}

impl<'a> Line<'a> {
    /// `None` if the line is neither empty, nor a comment, nor of the form
    /// `name = value`.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        // TOML has no control characters but tabs.
        if text
            .iter()
            .any(|&byte| byte.is_ascii_control() && byte != b'\t')
        {
            return None;
        }
        let text = text.trim_ascii();
        if is_end(text) {
            return Some(Self(None));
        }
        let len = text.iter().take_while(|byte| is_of_name(**byte)).count();
        let (name, rest) = text.split_at(len);
        let rest = rest.trim_ascii_start().strip_prefix(b"=")?;
        let (value, rest) = Value::parse(rest.trim_ascii_start())?;
        (len > 0 && is_end(rest.trim_ascii_start())).then_some(Self(Some((name, value))))
    }

    /// Name and value; `None` for an empty line or a comment.
    pub(super) const fn pair(self) -> Option<(&'a [u8], Value<'a>)> {
        self.0
    }
}

fn is_end(text: &[u8]) -> bool {
    text.first().is_none_or(|&byte| byte == b'#')
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

impl<'a> Value<'a> {
    /// The value at the beginning of `text`, and what follows it.
    fn parse(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        if let Some(rest) = text.strip_prefix(b"\"") {
            let len = rest.iter().position(|&byte| byte == b'"')?;
            let (inside, rest) = rest.split_at(len);
            let printable = |&byte: &u8| byte == b' ' || byte.is_ascii_graphic();
            let plain = inside.iter().all(|byte| printable(byte) && *byte != b'\\');
            return plain.then(|| (Self::Text(inside), &rest[1..]));
        }
        let len = text
            .iter()
            .take_while(|byte| is_of_name(**byte) || **byte == b'.');
        let (word, rest) = text.split_at(len.count());
        let value = match word {
            b"true" => Self::Truth(true),
            b"false" => Self::Truth(false),
            _ => number(word)?,
        };
        Some((value, rest))
    }

    pub(super) const fn text(self) -> Option<&'a [u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn truth(self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(truth),
            _ => None,
        }
    }

    /// A number without decimals, within these bounds.
    pub(super) fn whole(self, least: u32, most: u32) -> Option<u32> {
        let Self::Whole(number) = self else {
            return None;
        };
        let number = u32::try_from(number).ok()?;
        (least..=most).contains(&number).then_some(number)
    }

    /// A time of at least so many seconds.
    pub(super) fn seconds(self, least: u32) -> Option<Duration> {
        let thousandths = match self {
            Self::Whole(number) => number.checked_mul(1000)?,
            Self::Thousandths(number) => number,
            Self::Truth(_) | Self::Text(_) => return None,
        };
        let bounds = u64::from(least) * 1000..=u64::from(SECONDS_MAX) * 1000;
        bounds
            .contains(&thousandths)
            .then(|| Duration::from_millis(thousandths))
    }
}

/// A number that is too large for any use is larger than every bound.
fn number<'a>(word: &[u8]) -> Option<Value<'a>> {
    let mut halves = word.splitn(2, |&byte| byte == b'.');
    let (whole, decimals) = (halves.next()?, halves.next());
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    // TOML has no leading zeros.
    if !is_number(whole) || (whole.len() > 1 && whole[0] == b'0') {
        return None;
    }
    let read = |digits: &[u8]| {
        digits.iter().fold(0_u64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        })
    };
    let Some(decimals) = decimals else {
        return Some(Value::Whole(read(whole)));
    };
    if !is_number(decimals) || decimals.len() > 3 {
        return None;
    }
    let scale = [1, 100, 10, 1][decimals.len()];
    let thousandths = read(whole).saturating_mul(1000);
    Some(Value::Thousandths(
        thousandths.saturating_add(read(decimals) * scale),
    ))
}
