//! strace's names of system calls, whatever the architecture of the program.

/// Calls that a C library of 32 bits makes under another name, for arguments that are wider.
const OF_32_BITS: &[(&str, &str)] = &[
    ("fcntl", "fcntl64"),
    ("ftruncate", "ftruncate64"),
    ("lseek", "_llseek"),
    ("mmap", "mmap2"),
    ("newfstatat", "fstatat64,statx"),
    ("ppoll", "ppoll_time64"),
    ("setgid", "setgid32"),
    ("setgroups", "setgroups32"),
    ("setuid", "setuid32"),
];

/// The calls of a text for strace (`CALL[,CALL...][:...]`), with their names on platforms of
/// 32 bits. strace overlooks those that it does not know.
#[must_use]
pub fn with_names_of_32_bits(text: &str) -> String {
    let (calls, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
    let mut all = calls.to_owned();
    for call in calls.split(',') {
        let others = OF_32_BITS.iter().filter(|(name, _)| *name == call);
        for other in others.flat_map(|(_, others)| others.split(',')) {
            all.push_str(",?");
            all.push_str(other);
        }
    }
    all + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_as_on_32_bits_too() {
        let named = with_names_of_32_bits;
        assert_eq!(named("write:error=EIO:when=1"), "write:error=EIO:when=1");
        assert_eq!(named("setuid:retval=0"), "setuid,?setuid32:retval=0");
        assert_eq!(
            named("stat,newfstatat,fcntl"),
            "stat,newfstatat,fcntl,?fstatat64,?statx,?fcntl64"
        );
    }
}
