//! Diagnostics for debugging the programs: `log` records, off unless the environment
//! variable `DAEMONTOOLS_LOG` is set. They are not part of the contract and separate from
//! the messages of [`crate::strerr`]. `RUST_LOG`, which a service may have in its
//! environment, changes nothing.

use std::io::{self, Write};

use env_logger::{Builder, Target};

use crate::strerr::MESSAGE_MAX;
use crate::unix::fd;

/// The variable that asks for diagnostics; its value is an `env_logger` filter,
/// such as `debug` or `supervise=trace`.
pub const VARIABLE: &str = "DAEMONTOOLS_LOG";

/// Installs the logger if [`VARIABLE`] is set, else does nothing.
pub fn init() {
    if std::env::var_os(VARIABLE).is_some() {
        let target = Target::Pipe(Box::<Unblocking>::default());
        let _ = Builder::from_env(VARIABLE).target(target).try_init();
    }
}

/// Writes to standard error what can be written without waiting and drops the rest: a
/// reader that does not read must not stop the program. The number of dropped records is
/// told before the next one that gets through.
#[derive(Default)]
struct Unblocking {
    dropped: u32,
}

impl Write for Unblocking {
    /// Takes a whole record, which `env_logger` hands over in one piece; what is longer
    /// than one undivided write to a pipe is cut.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        if self.dropped > 0 && fd::writable_now(fd::STDERR) {
            let lost = format!("[{} diagnostics lost]\n", self.dropped);
            self.dropped = 0;
            let _ = fd::write(fd::STDERR, lost.as_bytes());
        }
        if fd::writable_now(fd::STDERR) {
            let _ = fd::write(fd::STDERR, &record[..record.len().min(MESSAGE_MAX)]);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
