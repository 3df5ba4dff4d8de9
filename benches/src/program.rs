//! Programs for services to be: a few instructions without any library, so that what
//! is measured is the supervisor and not its service's start. They say their pid on
//! standard output, four bytes, when they run.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the bench's own services are written for x86-64");

/// write(1, getpid(), 4)
const ANNOUNCE: &[u8] = &[
    0xb8, 39, 0, 0, 0, 0x0f, 0x05, // mov eax, SYS_getpid; syscall
    0x50, // push rax
    0x48, 0x89, 0xe6, // mov rsi, rsp
    0xbf, 1, 0, 0, 0, // mov edi, 1
    0xba, 4, 0, 0, 0, // mov edx, 4
    0xb8, 1, 0, 0, 0, 0x0f, 0x05, // mov eax, SYS_write; syscall
];
/// for (;;) pause()
const STAY: &[u8] = &[0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7];

/// Ends at once, with a code.
pub(crate) fn exit(code: u8) -> Vec<u8> {
    vec![0xbf, code, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05]
}

/// Says its pid and stays.
pub(crate) fn stay() -> Vec<u8> {
    [ANNOUNCE, STAY].concat()
}

/// Says its pid and ends with a failure.
pub(crate) fn crash() -> Vec<u8> {
    [ANNOUNCE, &exit(111)].concat()
}

/// Makes an executable of instructions.
pub(crate) fn write(path: &Path, code: &[u8]) -> io::Result<()> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u16 = 64 + 56;
    let size = (usize::from(HEADERS) + code.len()) as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    let long = |file: &mut Vec<u8>, value: u64| file.extend(value.to_le_bytes());
    half(&mut file, 2); // an executable
    half(&mut file, 62); // for x86-64
    word(&mut file, 1);
    long(&mut file, BASE + u64::from(HEADERS)); // where it begins
    long(&mut file, 64); // program headers
    long(&mut file, 0); // section headers: none
    word(&mut file, 0);
    for value in [64, 56, 1, 0, 0, 0] {
        half(&mut file, value);
    }
    word(&mut file, 1); // to be loaded,
    word(&mut file, 5); // read and executed
    for value in [0, BASE, BASE, size, size, 0x1000] {
        long(&mut file, value);
    }
    file.extend_from_slice(code);
    fs::write(path, file)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}
