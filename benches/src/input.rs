//! Lines to be logged, the same in every run.

/// Lines of `shortest` to `longest` bytes with their newline, `size` bytes in all or a
/// little more. They look like a web server's: words, numbers, quotes.
pub(crate) fn lines(size: usize, shortest: usize, longest: usize) -> Vec<u8> {
    const TEXT: &[u8] = b"192.0.2.7 - - [24/Nov/2026:12:00:00 +0000] \"GET /posts/4711?page=2 HTTP/1.1\" 200 5316 \"https://pod.example.org/stream\" \"Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0\" ";
    let mut out = Vec::with_capacity(size + longest);
    let mut random = 1_u64;
    while out.len() < size {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let spread = (longest - shortest + 1) as u64;
        let length = shortest + usize::try_from((random >> 33) % spread).unwrap_or(0);
        let begin = usize::try_from(random >> 50).unwrap_or(0);
        let text = TEXT.iter().cycle().skip(begin % TEXT.len());
        out.extend(text.take(length - 1));
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_lengths_asked_for() {
        let text = lines(10_000, 20, 30);
        assert!(text.len() >= 10_000 && text.ends_with(b"\n"));
        let lengths = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::len);
        assert!(lengths.clone().all(|length| (20..=30).contains(&length)));
        assert!(lengths.clone().min() < lengths.max());
    }
}
