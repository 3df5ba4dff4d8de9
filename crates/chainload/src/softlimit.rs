//! softlimit: a program with lower limits on what it may use. Uses no heap: the
//! limits hold for this process too, from the moment when they are set.

use core::ffi::CStr;

use daemontools::getopt::{self, Getopt, Opt};
use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::rlimit::{self, Resource};
use daemontools::{Args, Errno};

use crate::become_program;

static ME: Reporter = Reporter::new("softlimit");
const USAGE: &str = "softlimit [-a allbytes] [-c corebytes] [-d databytes] \
    [-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles] [-p processes] \
    [-r residentbytes] [-s stackbytes] [-t cpusecs] child";

/// Sets the limits in the order given, and becomes the program.
pub fn softlimit(args: Args) -> i32 {
    run(args).code()
}

fn run(args: Args) -> Fatal {
    let mut options = Getopt::new(&args, "a:c:d:f:l:m:o:p:r:s:t:", &[]);
    for option in &mut options {
        let Opt::Short(letter, Some(value)) = option else {
            return getopt::usage(&ME, USAGE);
        };
        let Some(wanted) = Wanted::parse(CStr::to_bytes(value)) else {
            return getopt::usage(&ME, USAGE);
        };
        for &resource in resources(letter) {
            if let Err((what, error)) = limit(resource, wanted) {
                return ME.fatal(&[what], error);
            }
        }
    }
    let index = options.index();
    if args.get(index).is_none() {
        return getopt::usage(&ME, USAGE);
    }
    become_program(&ME, args, index)
}

/// What a letter limits, in the order in which that is set.
const fn resources(letter: u8) -> &'static [Resource] {
    match letter {
        b'a' => &[Resource::RLIMIT_AS],
        b'c' => &[Resource::RLIMIT_CORE],
        b'd' => &[Resource::RLIMIT_DATA],
        b'f' => &[Resource::RLIMIT_FSIZE],
        b'l' => &[Resource::RLIMIT_MEMLOCK],
        b'm' => &[
            Resource::RLIMIT_DATA,
            Resource::RLIMIT_STACK,
            Resource::RLIMIT_MEMLOCK,
            Resource::RLIMIT_AS,
        ],
        b'o' => &[Resource::RLIMIT_NOFILE],
        b'p' => &[Resource::RLIMIT_NPROC],
        b'r' => &[Resource::RLIMIT_RSS],
        b's' => &[Resource::RLIMIT_STACK],
        _ => &[Resource::RLIMIT_CPU],
    }
}

/// A soft limit as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// As high as the hard limit.
    Hard,
    /// This much, or as high as the hard limit if that is lower.
    AtMost(u64),
}

impl Wanted {
    /// `=`, or decimal digits; none at all are 0, and more than 64 bits hold are as
    /// many as they hold.
    fn parse(value: &[u8]) -> Option<Self> {
        if value == b"=" {
            return Some(Self::Hard);
        }
        let mut number = 0_u64;
        for &byte in value {
            let digit = char::from(byte).to_digit(10)?;
            number = number.saturating_mul(10).saturating_add(digit.into());
        }
        Some(Self::AtMost(number))
    }

    const fn below(self, hard: u64) -> u64 {
        match self {
            Self::AtMost(number) if number < hard => number,
            _ => hard,
        }
    }
}

/// Sets one soft limit; on failure says what failed, and how.
fn limit(resource: Resource, wanted: Wanted) -> Result<(), (&'static [u8], Errno)> {
    let (_, hard) = rlimit::get(resource).map_err(|error| (&b"getrlimit failed"[..], error))?;
    rlimit::set(resource, (wanted.below(hard), hard))
        .map_err(|error| (&b"setrlimit failed"[..], error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (text, wanted) in [
            (&b"="[..], Some(Wanted::Hard)),
            (b"", Some(Wanted::AtMost(0))),
            (b"007", Some(Wanted::AtMost(7))),
            (b"18446744073709551615", Some(Wanted::AtMost(u64::MAX))),
            (b"=5", None),
            (b"-1", None),
            (b"+1", None),
            (b"0x10", None),
            (b"5 ", None),
        ] {
            assert_eq!(Wanted::parse(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_number_past_64_bits_does_not_wrap_to_a_small_limit() {
        let wanted = Wanted::parse(b"18446744073709551616");
        assert_eq!(wanted, Some(Wanted::AtMost(u64::MAX)));
        assert_eq!(wanted.map(|wanted| wanted.below(5)), Some(5));
    }

    #[test]
    fn the_hard_limit_is_the_highest() {
        assert_eq!(Wanted::Hard.below(9), 9);
        assert_eq!(Wanted::AtMost(10).below(9), 9);
        assert_eq!(Wanted::AtMost(8).below(9), 8);
    }
}
