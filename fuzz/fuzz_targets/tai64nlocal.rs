//! Where blocks end changes nothing, and what is no label is copied.
#![no_main]

use daemontools::unix::localtime;
use libfuzzer_sys::fuzz_target;
use tai64n::Converter;

fuzz_target!(|input: (u8, &[u8])| {
    let (size, text) = input;
    let convert = |blocks: &mut dyn Iterator<Item = &[u8]>| {
        let mut converter = Converter::new(localtime::at);
        let mut out = Vec::new();
        for block in blocks {
            converter.feed(block, &mut out);
        }
        out
    };
    let whole = convert(&mut core::iter::once(text));
    let pieces = convert(&mut text.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces);
    if !text.contains(&b'@') {
        assert_eq!(whole, text);
    }
});
