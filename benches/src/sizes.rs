//! What the static programs take on the disk.

use std::fs;

use crate::Outcome;
use crate::settings::Settings;
use crate::table::Row;

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for name in ["supervise", "svscan", "multilog", "readproctitle", "svc"] {
        let case = match name {
            "svc" => "svc (ours: one file with svok, svstat, pgrphack, …)",
            name => name,
        };
        let mut row = Row::new(case, "kB");
        for contender in settings.contenders.daemontools(name).into_iter().flatten() {
            let path = contender.folder().join(name);
            row.push(contender.name, fs::metadata(path)?.len() as f64 / 1e3);
        }
        rows.push(row);
    }
    Ok(rows)
}
