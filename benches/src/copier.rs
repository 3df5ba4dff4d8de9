//! What the kernel alone takes of a logger's time: a program that reads, writes as many
//! bytes as a logger would, and begins a new file with the calls that this takes, but
//! looks at no byte and keeps no promise. No logger that makes these calls from one
//! thread is much faster.

use std::env;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use nix::fcntl::{FcntlArg, fcntl};

use crate::Outcome;

/// How the bench tells itself to be a copier: this word, a directory, two numbers.
pub(crate) const OPTION: &str = "copy";

/// As much as ours reads at once.
const BLOCK: usize = 128 << 10;
const PAGE: usize = 4096;
/// So far below the limit a file is finished, as where a line would end.
const MARGIN: usize = 1800;
/// How many files are kept.
const COUNT: usize = 10;

/// The copier as a command: its directory, the size of its files, and how many bytes it
/// writes for a thousand that it reads.
pub(crate) fn command(directory: &Path, size: usize, per_thousand: usize) -> Outcome<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(OPTION).arg(directory);
    command.args([size, per_thousand].map(|number| number.to_string()));
    Ok(command)
}

/// Is the copier.
///
/// # Errors
/// Any of a call, or an argument that makes no sense.
pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let [directory, numbers @ ..] = arguments else {
        return Err("no directory".into());
    };
    let numbers: Vec<usize> = numbers
        .iter()
        .map(|n| n.parse())
        .collect::<Result<_, _>>()?;
    let [size, per_thousand] = numbers[..] else {
        return Err("two numbers are missing".into());
    };
    env::set_current_dir(directory)?;
    let _ = fcntl(io::stdin(), FcntlArg::F_SETPIPE_SZ(256 << 10));
    copy(size - MARGIN, per_thousand)?;
    Ok(())
}

fn copy(size: usize, per_thousand: usize) -> io::Result<()> {
    // Not through a buffer, of which standard input has one.
    let mut input = File::open("/dev/stdin")?;
    // To where a page begins: some processors copy much slower to just behind it.
    let mut block = vec![0_u8; BLOCK * per_thousand / 1000 + PAGE];
    let start = block.as_ptr().align_offset(PAGE);
    let block = &mut block[start..];
    let mut output = begin()?;
    let (mut written, mut files) = (0, 0);
    loop {
        let count = input.read(&mut block[..BLOCK])?;
        if count == 0 {
            return Ok(());
        }
        let mut rest = &block[..count * per_thousand / 1000];
        while !rest.is_empty() {
            let now = rest.len().min(size - written);
            output.write_all(&rest[..now])?;
            (rest, written) = (&rest[now..], written + now);
            if written == size {
                finish(&output, files)?;
                output = begin()?;
                if files >= COUNT {
                    fs::remove_file(name(files - COUNT))?;
                }
                (written, files) = (0, files + 1);
            }
        }
    }
}

fn begin() -> io::Result<File> {
    File::options().append(true).create(true).open("current")
}

fn finish(output: &File, number: usize) -> io::Result<()> {
    output.sync_all()?;
    output.set_permissions(Permissions::from_mode(0o744))?;
    fs::rename("current", name(number))
}

fn name(number: usize) -> String {
    format!("@{number:024}.s")
}
