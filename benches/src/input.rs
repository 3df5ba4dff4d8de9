//! Lines to be logged, the same in every run, and how they are given.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::Outcome;
use crate::settings::Settings;

/// What a fast writer writes at once.
const BLOCK: usize = 65536;

/// How input is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    File,
    Pipe,
    /// A pipe, and each line is a write of its own.
    Lines,
}

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

/// Input in a file in memory, and as bytes for the writer of a pipe.
pub(crate) struct Input {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: usize,
    pub(crate) file: PathBuf,
}

impl Input {
    /// Lines of `shortest` to `longest` bytes.
    pub(crate) fn new(
        settings: &Settings,
        size: usize,
        shortest: usize,
        longest: usize,
    ) -> Outcome<Self> {
        Self::of(settings, lines(size, shortest, longest))
    }

    /// These.
    pub(crate) fn of(settings: &Settings, bytes: Vec<u8>) -> Outcome<Self> {
        let (mut file, path) = tempfile::NamedTempFile::new_in(settings.scratch())?.keep()?;
        file.write_all(&bytes)?;
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        Ok(Self {
            bytes,
            lines,
            file: path,
        })
    }

    /// Lets a command read it all; MB/s from its start to its end.
    pub(crate) fn through(&self, command: &mut Command, from: From) -> Outcome<f64> {
        let begin = Instant::now();
        let status = match from {
            From::File => command.stdin(File::open(&self.file)?).status()?,
            From::Pipe | From::Lines => {
                let mut child = command.stdin(Stdio::piped()).spawn()?;
                let mut stdin = child.stdin.take().ok_or("no pipe")?;
                thread::scope(|scope| {
                    scope.spawn(move || {
                        let mut write = |bytes: &[u8]| stdin.write_all(bytes).is_ok();
                        let bytes = &self.bytes;
                        let _ = if from == From::Lines {
                            bytes.split_inclusive(|&byte| byte == b'\n').all(&mut write)
                        } else {
                            bytes.chunks(BLOCK).all(&mut write)
                        };
                    });
                    child.wait()
                })?
            }
        };
        if !status.success() {
            return Err(format!("{command:?}: {status}").into());
        }
        Ok(self.bytes.len() as f64 / 1e6 / begin.elapsed().as_secs_f64())
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
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
