//! softlimit: a program with lower resource limits. The limits hold for softlimit too from
//! the moment when they are set, so it uses no heap.

use core::ffi::CStr;

use daemontools::Args;
use daemontools::getopt::{self, Getopt, Opt};
use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::rlimit::{self, Resource};

use crate::next;

static ME: Reporter = Reporter::new("softlimit");
const USAGE: &str = "softlimit [-a allbytes] [-c corebytes] [-d databytes] \
    [-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles] [-p processes] \
    [-r residentbytes] [-s stackbytes] [-t cpusecs] child";

/// Sets the limits in the order of the command line, then execs the program. Gives the
/// exit code if that failed.
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
            if let Err(fatal) = limit(resource, wanted) {
                return fatal;
            }
        }
    }
    let index = options.index();
    if args.get(index).is_none() {
        return getopt::usage(&ME, USAGE);
    }
    next::exec(&ME, args, index)
}

/// The resources that an option limits, in the order in which the limits are set.
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

/// A soft limit as it stands on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// As high as the hard limit.
    Hard,
    /// This number, or the hard limit if that is lower.
    AtMost(u64),
}

impl Wanted {
    /// Reads `=` or decimal digits. No digits are 0, and a number beyond 64 bits is the
    /// largest one.
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

    /// The soft limit under the hard limit `hard`.
    const fn under(self, hard: u64) -> u64 {
        match self {
            Self::AtMost(number) if number < hard => number,
            _ => hard,
        }
    }
}

/// Sets one soft limit.
fn limit(resource: Resource, wanted: Wanted) -> Result<(), Fatal> {
    let (_, hard) =
        rlimit::get(resource).map_err(|error| ME.fatal(&[b"getrlimit failed"], error))?;
    rlimit::set(resource, (wanted.under(hard), hard))
        .map_err(|error| ME.fatal(&[b"setrlimit failed"], error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_an_equals_sign_or_decimal_digits() {
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
        assert_eq!(wanted.map(|wanted| wanted.under(5)), Some(5));
    }

    #[test]
    fn a_soft_limit_is_never_above_the_hard_limit() {
        assert_eq!(Wanted::Hard.under(9), 9);
        assert_eq!(Wanted::AtMost(10).under(9), 9);
        assert_eq!(Wanted::AtMost(8).under(9), 8);
    }
}
