//! Local time from the C library, which reads TZ and the time zone files.

/// A local time as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Years since 1900.
    pub years: i32,
    /// 1 to 12.
    pub month: i32,
    /// 1 to 31.
    pub day: i32,
    /// 0 to 23.
    pub hour: i32,
    /// 0 to 59.
    pub minute: i32,
    /// 0 to 59; 60 for a leap second, in zones that count them.
    pub second: i32,
}

/// Reads TZ or, if it is not set, the time zone of the system. To be called before
/// [`at`].
pub fn load_zone() {
    unsafe extern "C" {
        fn tzset();
    }
    // SAFETY: it reads the environment, which nobody changes (see `unix/env.rs`), and
    // guards what it writes with the C library's own lock.
    unsafe { tzset() };
}

/// The local time at a Unix time; `None` if its year is beyond an `int`.
#[must_use]
pub fn at(unix: i64) -> Option<LocalTime> {
    unsafe extern "C" {
        /// With 64 bits of seconds, which has a name of its own where `time_t` has 32: in
        /// glibc since 2.34, in musl since 1.2.
        #[cfg_attr(target_pointer_width = "32", link_name = "__localtime64_r")]
        fn localtime_r(unix: *const i64, tm: *mut libc::tm) -> *mut libc::tm;
    }
    let mut tm = core::mem::MaybeUninit::uninit();
    // SAFETY: the library reads one number and writes one `tm`; its zone has its lock.
    let tm = unsafe { localtime_r(&raw const unix, tm.as_mut_ptr()) };
    // SAFETY: null, or the `tm` above, which was written.
    let tm = unsafe { tm.as_ref() }?;
    Some(LocalTime {
        years: tm.tm_year,
        month: tm.tm_mon + 1,
        day: tm.tm_mday,
        hour: tm.tm_hour,
        minute: tm.tm_min,
        second: tm.tm_sec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_after_2038_are_converted() {
        load_zone();
        let year = |unix| at(unix).map(|time| time.years + 1900);
        // In the middle of a year in every zone.
        assert_eq!(year(2_540_000_000), Some(2050));
        assert_eq!(year(16_740_000_000), Some(2500));
        assert_eq!(year(i64::MAX), None);
    }
}
