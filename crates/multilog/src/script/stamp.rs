//! Stamps: the time in front of each line, if the script asks for one, and the prefix.

use daemontools::buffer::Buffer;
use daemontools::tai64n::Tai64n;
use daemontools::unix::localtime;

/// The longest prefix; the rest of a longer one is ignored.
const PREFIX_MAX: usize = 200;
/// The length at which short stamps and lines are copied, together with bytes behind them.
pub(crate) const SHORT: usize = 32;
/// The longest time, with its space.
const TIME_MAX: usize = 40;

/// The format of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// No time.
    #[default]
    None,
    /// `@` and a TAI64N label.
    Label,
    /// Seconds since 1970, a dot, six digits.
    Epoch,
    /// Local date and time, a dot, and this number of digits.
    Local(u8),
}

/// The bytes in front of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(Buffer<{ TIME_MAX + PREFIX_MAX }>);

impl Stamp {
    /// The stamp of lines that were read at a moment.
    pub(crate) fn new(format: Format, prefix: &[u8], moment: Tai64n) -> Self {
        let mut stamp = Self(Buffer::new());
        match format {
            Format::None => {}
            Format::Label => {
                stamp.push(b"@");
                stamp.push(&moment.label());
                stamp.push(b" ");
            }
            Format::Epoch => {
                let seconds = u64::try_from(moment.unix_seconds()).unwrap_or(0);
                stamp.push(daemontools::strerr::Decimal::new(seconds).as_bytes());
                stamp.push(b".");
                stamp.push(&digits::<9>(moment.nanos)[..6]);
                stamp.push(b" ");
            }
            Format::Local(count) => stamp.push_local(moment, count),
        }
        stamp.push(&prefix[..prefix.len().min(PREFIX_MAX)]);
        stamp
    }

    fn push_local(&mut self, moment: Tai64n, count: u8) {
        let Some(time) = localtime::at(moment.unix_seconds()) else {
            return;
        };
        let number = |number: i32| u32::try_from(number).unwrap_or(0);
        self.push(&digits::<4>(number(time.years + 1900)));
        for (front, value) in [
            (b"-", time.month),
            (b"-", time.day),
            (b" ", time.hour),
            (b":", time.minute),
            (b":", time.second),
        ] {
            self.push(front);
            self.push(&digits::<2>(number(value)));
        }
        self.push(b".");
        self.push(&digits::<9>(moment.nanos)[..usize::from(count.min(9))]);
        self.push(b" ");
    }

    fn push(&mut self, bytes: &[u8]) {
        self.0.push_cut(bytes);
    }

    /// Its length in bytes.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Its bytes and bytes behind them, [`SHORT`] in all, unless it is longer.
    pub(crate) fn as_short(&self) -> Option<&[u8; SHORT]> {
        self.0.first_chunk().filter(|_| self.0.len() <= SHORT)
    }

    /// Its bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The last `N` decimal digits of a number.
fn digits<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format() {
        let moment = Tai64n::from_unix(1_722_249_368, 811_661_123);
        let text = |format, prefix| {
            let stamp = Stamp::new(format, prefix, moment);
            String::from_utf8(stamp.as_bytes().to_vec()).expect("text")
        };
        assert_eq!(text(Format::None, b""), "");
        assert_eq!(text(Format::None, b"web: "), "web: ");
        let label = text(Format::Label, b"");
        assert_eq!((&label[..9], label.len()), ("@40000000", 26));
        assert_eq!(text(Format::Epoch, b"p "), "1722249368.811661 p ");
        let local = text(Format::Local(3), b"");
        assert_eq!(local.len(), "2024-07-29 10:36:08.811 ".len());
        assert!(local.ends_with(".811 "), "{local}");
        assert_eq!(text(Format::Local(9), b"").len(), local.len() + 6);
    }
}
