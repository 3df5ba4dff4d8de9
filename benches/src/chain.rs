//! What a chain loader costs before the program that it leads to.

use std::fs;

use crate::settings::Settings;
use crate::table::{Row, Target};
use crate::{Outcome, process, program};

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let folder = settings.scratch().join("chain");
    fs::create_dir_all(folder.join("env"))?;
    fs::write(folder.join("env/NAME"), "value\n")?;
    program::write(&folder.join("next"), &program::exit(0))?;
    let mut rows = Vec::new();
    for (words, factor) in [
        ("fghack ./next", 0.95),
        ("pgrphack ./next", 0.95),
        ("setlock lock ./next", 0.95),
        ("envdir env ./next", 0.95),
        ("softlimit -o 100 ./next", 0.95),
        // They ask the user database, and stay dynamic for that.
        ("envuidgid root ./next", 1.05),
        ("setuidgid root ./next", 1.05),
    ] {
        let (name, arguments) = words.split_once(' ').unwrap_or((words, ""));
        // Dynamic programs don't depend on the C library of the static ones.
        let contenders = if ["envuidgid", "setuidgid"].contains(&name) {
            settings.contenders.pair(name).map(Vec::from)
        } else {
            settings.contenders.daemontools(name)
        };
        let Some(contenders) = contenders else {
            continue;
        };
        if name == "setuidgid" && !nix::unistd::geteuid().is_root() {
            continue;
        }
        let mut row = Row::new(words, "µs").target(Target::at_most(factor));
        for _ in 0..settings.rounds(400) {
            for contender in &contenders {
                let mut command = contender.command(name);
                command.args(arguments.split(' ')).current_dir(&folder);
                row.push(contender.name, process::whole(&mut command)?);
            }
        }
        rows.push(row);
    }
    Ok(rows)
}
