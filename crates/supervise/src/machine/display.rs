//! Events, actions and states as diagnostics show them.

use core::fmt::{Display, Formatter, Result};

use daemontools::command::Command;

use super::{Action, Actions, Event, Machine};

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Command(command) => {
                let mut all = Command::ALL.into_iter();
                let byte = all.find_map(|(byte, known)| (known == *command).then_some(byte));
                write!(f, "command {}", char::from(byte.unwrap_or(b'?')))
            }
            Self::Started(pid, _) => write!(f, "started process {pid}"),
            Self::NotStarted => f.write_str("not started"),
            Self::Ended(_) => f.write_str("process ended"),
            Self::Time => f.write_str("time"),
        }
    }
}

impl Display for Actions {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.is_empty() {
            return f.write_str("nothing to do");
        }
        for (number, action) in self.into_iter().enumerate() {
            f.write_str(if number == 0 { "" } else { ", " })?;
            match action {
                Action::Start => f.write_str("start")?,
                Action::Signal(signal) => f.write_str(signal.as_str())?,
                Action::Record => f.write_str("record")?,
                Action::Exit => f.write_str("exit")?,
            }
        }
        Ok(())
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match (self.pid, self.start_at) {
            (Some(pid), _) => write!(f, "up, pid {pid}")?,
            (None, Some(_)) => f.write_str("waiting")?,
            (None, None) => f.write_str("down")?,
        }
        write!(f, ", want {:?}", self.want)?;
        let paused = if self.status().paused { ", paused" } else { "" };
        let exiting = if self.exiting {
            ", exits when down"
        } else {
            ""
        };
        write!(f, "{paused}{exiting}")
    }
}
