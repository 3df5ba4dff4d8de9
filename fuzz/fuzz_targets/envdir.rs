//! A value fits into a variable, and is a part of the first line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let value = chainload::envdir::value(file.to_vec());
    assert!(!value.contains(&0));
    assert!(!matches!(value.last(), Some(b' ' | b'\t')));
    let line = file.split(|&byte| byte == b'\n').next().unwrap_or_default();
    assert!(value.len() <= line.len());
    for (ours, theirs) in value.iter().zip(line) {
        assert!(ours == theirs || (*ours == b'\n' && *theirs == 0));
    }
});
