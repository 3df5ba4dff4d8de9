//! `--fd`: the descriptor that supervise gives to a service with `ready-fd`.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::PERMANENT;
use daemontools::strerr::{Decimal, Fatal, Reporter};
use daemontools::unix::fd;

/// The descriptor if none is named.
pub(crate) const DEFAULT: i32 = 3;

/// The value of `--fd`: a number that supervise.toml takes for `ready-fd`.
pub(crate) fn parse(me: &Reporter, word: Option<&CStr>) -> Result<i32, Fatal> {
    let number = word.and_then(|word| word.to_str().ok()?.parse().ok());
    number
        .filter(|number| (3..=255).contains(number))
        .ok_or_else(|| {
            me.plain(&[b"--fd takes a number from 3 to 255"], None);
            Fatal::new(PERMANENT)
        })
}

/// A copy of the descriptor. The program inherits the descriptor itself: supervise looks
/// there whether it can still be told.
pub(crate) fn open(me: &Reporter, number: i32) -> Result<OwnedFd, Fatal> {
    fd::copy_inherited(number).map_err(|_| {
        let digits = Decimal::new(u64::from(number.unsigned_abs()));
        let what: [&[u8]; 5] = [
            b"descriptor ",
            digits.as_bytes(),
            b" is not open; ready-fd = ",
            digits.as_bytes(),
            b" in supervise.toml opens it",
        ];
        me.fatal(&what, None).with_code(PERMANENT)
    })
}
