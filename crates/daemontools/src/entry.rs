//! The entry point of every program. Rust's own `main` ignores SIGPIPE and opens
//! /dev/null on closed descriptors before the program runs. A program that execs another
//! must leave both as inherited, so all begin at C's `main`.

use core::ffi::{CStr, c_char, c_int};

use crate::unix::exec::Strings;
use crate::unix::own_file;

/// The words of the command line, as the kernel gave them. There is one such value. It is
/// consumed by a caller that keeps words for the life of the process, or writes to one.
#[derive(Debug)]
pub struct Args {
    /// Pointers to NUL-terminated words that live as long as the process, and the
    /// null pointer after the last.
    words: &'static [*const c_char],
}

impl Args {
    /// The number of words, with the program's name.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.words.len().saturating_sub(1)
    }

    /// Whether there are no words at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Word `index`; 0 is the program's name.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&CStr> {
        let word = *self.words.get(index)?;
        // SAFETY: every word that is not null is a C string of the process's own
        // command line, and nothing writes to it while this value is borrowed.
        (!word.is_null()).then(|| unsafe { CStr::from_ptr(word) })
    }

    /// Word `index` for the life of the process. For methods that consume the value.
    fn keep(words: &'static [*const c_char], index: usize) -> Option<&'static CStr> {
        let word = *words.get(index)?;
        // SAFETY: as above; without the value nothing can write to a word any more.
        (!word.is_null()).then(|| unsafe { CStr::from_ptr(word) })
    }

    /// The words from `index` on.
    pub fn words(&self, index: usize) -> impl Iterator<Item = &CStr> {
        (index..self.len()).filter_map(|i| self.get(i))
    }

    /// The words from `index` on, for the life of the process.
    pub fn from(self, index: usize) -> impl Iterator<Item = &'static CStr> {
        (index..self.len()).filter_map(move |i| Self::keep(self.words, i))
    }

    /// The beginning of the last word, to be written to.
    pub(crate) fn into_last(self) -> Option<*const c_char> {
        let last = *self.words.get(self.len().checked_sub(1)?)?;
        (!last.is_null()).then_some(last)
    }

    /// The words from `index` on as the argument vector of the next program, without a
    /// copy; `None` if there are none.
    #[must_use]
    pub fn vector(self, index: usize) -> Option<Strings<'static>> {
        let words = self.words.get(index..).filter(|words| words.len() > 1)?;
        // SAFETY: the words live as long as the process, a null pointer ends them, and
        // without the value nothing can write to one.
        Some(unsafe { Strings::borrow(words) })
    }
}

/// A program: takes the command line, gives the exit code.
pub type Program = fn(Args) -> i32;

/// Which of the programs in one binary is meant: the one whose name the binary was
/// executed under. `None` if nothing names one.
///
/// The path that was executed and the first word of the command line name it, where they
/// agree. They don't where the binary is a script's interpreter, or was executed through a
/// link or a descriptor: then the kernel's name of the file counts, and after it the path
/// and the word. The kernel is asked only then, since that costs more than all the rest.
#[must_use]
pub fn called(programs: &[(&str, Program)], args: &Args) -> Option<Program> {
    let named = |path: &[u8]| {
        let name = path.rsplit(|&byte| byte == b'/').next()?;
        programs
            .iter()
            .position(|(program, _)| program.as_bytes() == name)
    };
    let path = own_file::given_path().and_then(|path| named(path.to_bytes()));
    let word = args.get(0).and_then(|word| named(word.to_bytes()));
    let index = match path {
        Some(index) if path == word => index,
        _ => {
            let mut buffer = [0; own_file::PATH_MAX];
            let file = own_file::path(&mut buffer).and_then(named);
            file.or(path).or(word)?
        }
    };
    programs.get(index).map(|&(_, program)| program)
}

/// What [`main!`](crate::main) expands to.
///
/// # Safety
/// `argc` and `argv` must be those of C's `main`, and this be called once.
pub unsafe fn start(argc: c_int, argv: *const *const c_char, run: fn(Args) -> i32) -> c_int {
    let words = match usize::try_from(argc) {
        // SAFETY: C's main gets `argc` words and a null pointer after them, for the
        // life of the process.
        Ok(count) if !argv.is_null() => unsafe { core::slice::from_raw_parts(argv, count + 1) },
        _ => &[],
    };
    run(Args { words })
}

/// Makes `run`, a `fn(Args) -> i32`, the program; its result is the exit code. For a crate
/// root with `#![no_main]`.
#[macro_export]
macro_rules! main {
    ($run:path) => {
        /// C's entry point.
        #[allow(unsafe_code, clippy::not_unsafe_ptr_arg_deref)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn main(
            argc: core::ffi::c_int,
            argv: *const *const core::ffi::c_char,
        ) -> core::ffi::c_int {
            // SAFETY: these are the arguments of C's main, which runs once.
            unsafe { $crate::entry::start(argc, argv, $run) }
        }
    };
}
