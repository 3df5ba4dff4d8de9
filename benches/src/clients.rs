//! The commands an operator, or a monitor, runs.

use std::process::{Command, Stdio};

use crate::contender::Contender;
use crate::settings::Settings;
use crate::table::{Of, Row, Target};
use crate::tree::Tree;
use crate::{Outcome, process, program};

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let count = settings.amount(1000);
    let ours = settings.contenders.with(|family| family.scan());
    let ours = ours.first().ok_or("no svscan")?;
    let mut tree = Tree::new(settings, ours, count, &program::stay())?;
    tree.start_scan()?;
    tree.heard(count)?;
    let names: Vec<String> = (0..count).map(|index| format!("s{index:05}")).collect();
    let one = &names[..1];
    let continued = [vec!["-c".to_owned()], one.to_vec()].concat();
    let mut rows = Vec::new();
    for (case, program, arguments, factor, rounds) in [
        (
            format!("svstat on {count} directories"),
            "svstat",
            &names[..],
            0.8,
            60,
        ),
        ("svstat on one".into(), "svstat", one, 0.95, 400),
        ("svok".into(), "svok", one, 0.95, 400),
        // CONT: the letter that does a running service nothing.
        ("svc -c".into(), "svc", &continued[..], 0.95, 400),
    ] {
        let Some(all) = settings.contenders.daemontools(program) else {
            continue;
        };
        let mut row = Row::new(case, "µs").target(Target::at_most(factor));
        let command = |contender: &&Contender| -> Command {
            let mut command = contender.command(program);
            command
                .args(arguments)
                .current_dir(tree.scan())
                .stdout(Stdio::null());
            command
        };
        for _ in 0..settings.rounds(rounds) {
            for contender in &all {
                row.push(contender.name, process::whole(&mut command(contender))?);
            }
        }
        rows.push(row);
    }
    if ours.program("svctl").is_some() {
        for case in ["list", "metrics"] {
            rows.push(beside_svstat(settings, ours, &tree, &names, case)?);
        }
    }
    Ok(rows)
}

/// A command of svctl on the whole tree beside svstat on its services, both ours.
fn beside_svstat(
    settings: &Settings,
    ours: &Contender,
    tree: &Tree,
    all: &[String],
    case: &str,
) -> Outcome<Row> {
    let row = Row::new(format!("svctl {case} on {} services", all.len()), "µs");
    let mut row = row.target(Target::AtMost(2.0, Of::Column("svstat")));
    let svctl = ["--dir=.".to_owned(), case.to_owned()];
    for _ in 0..settings.rounds(60) {
        for (column, program, arguments) in
            [("ours", "svctl", &svctl[..]), ("svstat", "svstat", all)]
        {
            let mut command = ours.command(program);
            command
                .args(arguments)
                .current_dir(tree.scan())
                .stdout(Stdio::null());
            row.push(column, process::whole(&mut command)?);
        }
    }
    Ok(row)
}
