//! Any command line comes to an end, and every option was in it.
#![no_main]

use std::ffi::CString;

use daemontools::Args;
use daemontools::getopt::{Getopt, Long, Opt};
use libfuzzer_sys::fuzz_target;

const LONG: &[Long] = &[
    Long {
        name: "wait",
        takes_value: false,
    },
    Long {
        name: "timeout",
        takes_value: true,
    },
];

fuzz_target!(|input: &[u8]| {
    let words: Vec<CString> = input
        .split(|&byte| byte == 0)
        .filter_map(|word| CString::new(word).ok())
        .collect();
    let mut argv: Vec<_> = words.iter().map(|word| word.as_ptr()).collect();
    argv.push(core::ptr::null());
    let argc = i32::try_from(words.len()).expect("a short command line");
    // SAFETY: `argv` has `argc` words and a null pointer, and `look` keeps none.
    unsafe { daemontools::entry::start(argc, argv.as_ptr(), look) };
});

fn look(args: Args) -> i32 {
    for long in [&[][..], LONG] {
        let most: usize = args.from(1).map(|word| word.to_bytes().len()).sum();
        let mut options = Getopt::new(args, "ab:c:", long);
        let mut count = 0;
        for option in &mut options {
            if let Opt::Short(letter, value) = option {
                assert!(b"abc".contains(&letter));
                assert_eq!(value.is_some(), letter != b'a');
            }
            count += 1;
        }
        assert!(count <= most);
        assert!(options.index() <= args.len().max(1));
    }
    0
}
