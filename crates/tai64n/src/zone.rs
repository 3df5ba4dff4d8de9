//! Local time as text. The C library is slow, so it is asked for the two ends of a
//! quarter of an hour, and the times in between are computed. If the ends do not fit
//! together, because of a clock change or a leap second, it is asked for each time.

use core::ops::RangeInclusive;

use daemontools::buffer::Buffer;
use daemontools::unix::localtime::LocalTime;

/// Seconds of a quarter of an hour. It begins at minute 0, 15, 30 or 45 of local time.
const QUARTER: i64 = 15 * 60;

/// `YYYY-MM-DD HH:MM:SS.`, where the year may have up to 20 digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text(Buffer<36>);

impl Text {
    pub(crate) const EMPTY: Self = Self(Buffer::new());

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text of a local time.
    fn new(time: &LocalTime) -> Self {
        let mut text = Self::EMPTY;
        // The reference computes the year so, also below 0 and beyond an `int`.
        let year = i64::from(time.years.wrapping_add(1900)).cast_unsigned();
        text.push(daemontools::strerr::Decimal::new(year).as_bytes());
        for (mark, number) in [
            (b'-', time.month),
            (b'-', time.day),
            (b' ', time.hour),
            (b':', time.minute),
            (b':', time.second),
        ] {
            text.push(&[mark]);
            text.push(&two_digits(number));
        }
        text.push(b".");
        text
    }

    fn push(&mut self, part: &[u8]) {
        self.0.push_cut(part);
    }

    /// The same text with another minute and second.
    fn with_time(mut self, minute: i32, second: i32) -> Self {
        if let Some([m0, m1, _, s0, s1, _]) = self.0.as_mut_bytes().last_chunk_mut() {
            [*m0, *m1] = two_digits(minute);
            [*s0, *s1] = two_digits(second);
        }
        self
    }
}

fn two_digits(number: i32) -> [u8; 2] {
    let digit = |number: i32| b'0' + u8::try_from(number % 10).unwrap_or(0);
    [digit(number / 10), digit(number)]
}

/// A time zone.
#[derive(Debug)]
pub(crate) struct Zone<F> {
    /// Gives the local time at a Unix time.
    ask: F,
    known: Option<Quarter>,
}

/// A quarter of an hour without a clock change or leap second.
#[derive(Debug)]
struct Quarter {
    /// Its Unix times.
    seconds: RangeInclusive<i64>,
    /// The minute at which it begins.
    minute: i32,
    /// The text of a time in it.
    text: Text,
}

impl<F: Fn(i64) -> Option<LocalTime>> Zone<F> {
    /// The zone whose local time `ask` gives.
    pub(crate) const fn new(ask: F) -> Self {
        Self { ask, known: None }
    }

    /// The local time at a Unix time; `None` if there is none.
    pub(crate) fn text(&mut self, unix: i64) -> Option<Text> {
        if let Some(known) = &self.known
            && known.seconds.contains(&unix)
        {
            let seconds = i32::try_from(unix - known.seconds.start()).unwrap_or(0);
            return Some(
                known
                    .text
                    .with_time(known.minute + seconds / 60, seconds % 60),
            );
        }
        let time = (self.ask)(unix)?;
        let text = Text::new(&time);
        self.known = self
            .regular_quarter(unix, &time)
            .map(|(seconds, minute)| Quarter {
                seconds,
                minute,
                text,
            });
        Some(text)
    }

    /// The quarter of an hour around a Unix time and the minute at which it begins; `None`
    /// if there is a clock change or leap second in it.
    fn regular_quarter(&self, unix: i64, time: &LocalTime) -> Option<(RangeInclusive<i64>, i32)> {
        let minute = time.minute - time.minute % 15;
        let into = i64::from((time.minute - minute) * 60 + time.second);
        let start = unix.checked_sub(into)?;
        let end = start.checked_add(QUARTER - 1)?;
        let at = |minute, second| LocalTime {
            minute,
            second,
            ..*time
        };
        let regular = unix <= end
            && (self.ask)(start)? == at(minute, 0)
            && (self.ask)(end)? == at(minute + 14, 59);
        regular.then_some((start..=end, minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    /// The local time `offset(unix)` seconds after UTC, always on the same day.
    fn clock(offset: impl Fn(i64) -> i64) -> impl Fn(i64) -> Option<LocalTime> {
        move |unix| {
            let local = i32::try_from(unix + offset(unix)).expect("a small number");
            Some(LocalTime {
                years: 70,
                month: 1,
                day: 1,
                hour: local.div_euclid(3600),
                minute: local.rem_euclid(3600) / 60,
                second: local.rem_euclid(60),
            })
        }
    }

    fn text<F: Fn(i64) -> Option<LocalTime>>(zone: &mut Zone<F>, unix: i64) -> String {
        let text = zone.text(unix).expect("a known time");
        String::from_utf8_lossy(text.as_bytes()).into_owned()
    }

    /// Compares the zone with its clock at every second, in order and in leaps.
    fn check(offset: impl Fn(i64) -> i64 + Copy) {
        let mut zone = Zone::new(clock(offset));
        let leaps = (0..20_000).map(|step| step * 7919 % 20_000);
        for unix in (0..20_000).chain(leaps) {
            let expected = clock(offset)(unix).expect("always told");
            let expected = String::from_utf8_lossy(Text::new(&expected).as_bytes()).into_owned();
            assert_eq!(text(&mut zone, unix), expected, "at {unix}");
        }
    }

    #[test]
    fn a_constant_offset_is_computed() {
        check(|_| 3600);
    }

    #[test]
    fn an_offset_with_seconds_is_computed() {
        check(|_| 1172);
    }

    #[test]
    fn a_change_of_the_offset_is_seen_at_its_second() {
        check(|unix| if unix < 7000 { 1172 } else { 0 });
        check(|unix| if unix < 7017 { 7200 } else { 3600 });
        check(|unix| if unix < 7017 { 3600 } else { 7200 });
        check(|unix| if unix < 7017 { 0 } else { -1 });
    }

    #[test]
    fn a_leap_second_is_second_60() {
        // A zone that counts a leap second at 3600.
        let mut zone = Zone::new(|unix| {
            let mut time = clock(|_| 0)(unix - i64::from(unix >= 3600))?;
            if unix == 3600 {
                time.second = 60;
            }
            Some(time)
        });
        assert_eq!(text(&mut zone, 3599), "1970-01-01 00:59:59.");
        assert_eq!(text(&mut zone, 3600), "1970-01-01 00:59:60.");
        assert_eq!(text(&mut zone, 3601), "1970-01-01 01:00:00.");
    }

    #[test]
    fn asks_the_library_three_times_for_a_quarter_of_an_hour() {
        let asked = Cell::new(0);
        let mut zone = Zone::new(|unix| {
            asked.set(asked.get() + 1);
            clock(|_| 0)(unix)
        });
        for unix in 0..900 {
            zone.text(unix);
        }
        assert_eq!(asked.get(), 3);
    }

    #[test]
    fn years_wrap_as_in_the_reference() {
        let year = |years| {
            let time = LocalTime {
                years,
                ..clock(|_| 0)(0).expect("always told")
            };
            let text = Text::new(&time);
            String::from_utf8_lossy(text.as_bytes()).replace("-01-01 00:00:00.", "")
        };
        assert_eq!(year(-1900), "0");
        assert_eq!(year(-1901), "18446744073709551615");
        assert_eq!(year(i32::MAX), "18446744071562069867");
    }
}
