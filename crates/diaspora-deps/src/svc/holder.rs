//! Who holds up a stop: the process of a service, and its children. A command line may
//! hold a password and is not shown; a title that a program has given itself is.

use std::path::Path;
use std::time::Duration;

use daemontools::servicedir::status::Status;

use super::limits::Stop;
use super::words;

/// The most children that a message has.
const CHILDREN: usize = 5;
/// The longest title.
const TITLE: usize = 80;

/// A process and what it calls itself.
struct Process {
    pid: u32,
    title: String,
}

impl Process {
    fn new(pid: u32) -> Self {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let title = title(&line).unwrap_or_else(|| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            name.unwrap_or_default().trim_end().to_owned()
        });
        Self { pid, title }
    }

    /// The children, the youngest first.
    fn children(&self) -> Vec<Self> {
        let pid = self.pid;
        let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let text = text.unwrap_or_default();
        let pids = text.split_whitespace().rev();
        pids.filter_map(|pid| pid.parse().ok())
            .take(CHILDREN)
            .map(Self::new)
            .collect()
    }

    fn words(&self) -> String {
        format!("{} ({})", self.pid, self.title)
    }
}

/// The title that a program has given itself: one text in the place of its arguments,
/// with a space in it.
fn title(line: &[u8]) -> Option<String> {
    let end = line.iter().rposition(|&byte| byte != 0)?;
    let line = &line[..=end];
    let is_title = line.contains(&b' ') && !line.contains(&0);
    let printable = |&byte: &u8| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '?',
    };
    is_title.then(|| line.iter().take(TITLE).map(printable).collect())
}

/// Says who holds up the stop of a service that was told to stop so long ago.
/// `is_postgres`: its sessions are explained.
pub(super) fn describe(
    directory: &Path,
    status: &Status,
    stop: Stop,
    waited: Duration,
    is_postgres: bool,
    now: i64,
) -> String {
    let signal = stop.signal.as_str().trim_start_matches("SIG");
    let main = Process::new(status.pid);
    let since = words::seconds(now - status.since.unix_seconds());
    let time = words::duration(waited);
    let mut text = format!(
        "is still not down {time} after {signal}: process {} holds it, up {since}",
        main.words()
    );
    if status.paused {
        text += ", paused";
    }
    let children: Vec<String> = main.children().iter().map(Process::words).collect();
    if !children.is_empty() {
        text += "; its children, the youngest first: ";
        text += &children.join(", ");
    }
    let path = directory.display();
    match (is_postgres, stop.signal.as_str()) {
        (true, "SIGTERM") => {
            text += &format!(
                "; after TERM postgres waits until each session has ended: \
                 svc -i {path} ends them now, stop-signal = \"INT\" in its supervise.toml always"
            );
        }
        (true, _) => {
            text += "; postgres writes a checkpoint, or waits for a standby or an archiver: \
                     its log has the reason, and killing it makes the next start longer";
        }
        (false, _) => {
            text += &match stop.kill_after {
                Some(limit) if limit < waited => {
                    "; supervise has killed it, and the kernel does not let it go".to_owned()
                }
                Some(limit) => {
                    let limit = words::duration(limit);
                    format!("; supervise kills it {limit} after {signal}")
                }
                None => format!("; svc -k {path} kills it"),
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_shown_and_a_command_line_is_not() {
        let shown = |line: &[u8]| title(line);
        let session = b"postgres: me blog [local] SELECT\0\0\0\0";
        let text = "postgres: me blog [local] SELECT".to_owned();
        assert_eq!(shown(session), Some(text));
        assert_eq!(shown(b"server\0--password=secret\0"), None);
        assert_eq!(shown(b"server\0"), None);
        assert_eq!(shown(b""), None);
        assert_eq!(shown(b"a \x1b[31mb\0").as_deref(), Some("a ?[31mb"));
        assert_eq!(shown(&[b' '; 4096]).map(|text| text.len()), Some(TITLE));
    }
}
