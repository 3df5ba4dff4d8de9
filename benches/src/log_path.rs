//! The log path's throughput.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::contender::Contender;
use crate::family::Family;
use crate::input::{From, Input};
use crate::settings::Settings;
use crate::table::{Of, Row, Target};
use crate::{Outcome, copier};

/// Bytes of a label and what stands around it.
const STAMP: usize = 26;
/// The size of files where nobody says one.
const DEFAULT_SIZE: usize = 99_999;

/// How a logger is told to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    pub(crate) stamp: bool,
    pub(crate) size: Option<u32>,
    /// Every line is printed to standard error too.
    pub(crate) alert: bool,
}

/// A contender's logger, for a log directory made anew.
pub(crate) fn logger(contender: &Contender, directory: &Path, style: Style) -> Outcome<Command> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    let mut command = contender.command(contender.family.logger());
    let size = style.size.map(|size| format!("s{size}"));
    match contender.family {
        Family::Daemontools | Family::S6 => {
            command.args(style.stamp.then_some("t")).args(size);
            command.args(style.alert.then_some("e"));
        }
        Family::Runit => {
            command.args(style.stamp.then_some("-t"));
            if let Some(size) = size {
                fs::write(directory.join("config"), size + "\n")?;
            }
        }
    }
    command.arg(directory).stderr(Stdio::null());
    Ok(command)
}

/// The size of most inputs.
const SIZE: usize = 100_000_000;

/// A web server's lines, into a folder in memory.
pub(crate) fn web(settings: &Settings) -> Outcome<Vec<Row>> {
    let plain = Style::default();
    let stamped = Style {
        stamp: true,
        ..Style::default()
    };
    let long = Style {
        stamp: true,
        size: Some(16_777_215),
        ..Style::default()
    };
    let peer = |factor| Target::AtLeast(factor, Of::BestPeer);
    let copier = |factor| Target::AtLeast(factor, Of::Column("copier"));
    let at_least = Target::at_least;
    let cases: [(&str, Style, From, &[Target]); 5] = [
        (
            "multilog, file",
            plain,
            From::File,
            &[at_least(9.0), peer(4.0)],
        ),
        (
            "multilog, pipe",
            plain,
            From::Pipe,
            &[at_least(8.0), copier(0.9)],
        ),
        (
            "multilog t, file",
            stamped,
            From::File,
            &[at_least(8.0), peer(4.0)],
        ),
        (
            "multilog t, pipe",
            stamped,
            From::Pipe,
            &[at_least(8.5), peer(4.0)],
        ),
        (
            "multilog t s16777215, file",
            long,
            From::File,
            &[at_least(7.0)],
        ),
    ];
    let input = Input::new(settings, settings.amount(SIZE), 100, 250)?;
    let rows = cases.into_iter();
    rows.map(|case| log_row(settings, settings.scratch(), case, &input))
        .collect()
}

/// Short lines, long lines, and a real disk.
pub(crate) fn others(settings: &Settings) -> Outcome<Vec<Row>> {
    let stamped = Style {
        stamp: true,
        ..Style::default()
    };
    let alert = Style {
        alert: true,
        ..Style::default()
    };
    let input = Input::new(settings, settings.amount(SIZE), 100, 250)?;
    let case = (
        "multilog e, file",
        alert,
        From::File,
        &[Target::at_least(4.0)][..],
    );
    let mut rows = vec![log_row(settings, settings.scratch(), case, &input)?];
    for (case, shortest, longest, from, place, factor) in [
        (
            "multilog t, 20 B lines, pipe",
            20,
            20,
            From::Pipe,
            settings.scratch(),
            Some(8.0),
        ),
        (
            "multilog t, one line a write",
            100,
            250,
            From::Lines,
            settings.scratch(),
            None,
        ),
        (
            "multilog t, 8 KB lines, pipe",
            8192,
            8192,
            From::Pipe,
            settings.scratch(),
            Some(7.0),
        ),
        (
            "multilog t, file, on a disk",
            100,
            250,
            From::File,
            settings.disk(),
            Some(2.2),
        ),
    ] {
        let input = Input::new(settings, settings.amount(SIZE), shortest, longest)?;
        let targets: Vec<_> = factor.map(Target::at_least).into_iter().collect();
        rows.push(log_row(
            settings,
            place,
            (case, stamped, from, &targets),
            &input,
        )?);
    }
    Ok(rows)
}

/// One case of a logger beside all others, `cat` for what the machine can do, and what
/// the calls of a logger take without the logger.
fn log_row(
    settings: &Settings,
    place: &Path,
    (case, style, from, targets): (&str, Style, From, &[Target]),
    input: &Input,
) -> Outcome<Row> {
    let mut row = targets
        .iter()
        .fold(Row::new(case, "MB/s"), |row, t| row.target(*t));
    let directory = place.join("log");
    for _ in 0..settings.rounds(3) {
        let contenders = settings.contenders.with(|family| family.logger());
        // The others have no action that prints.
        let contenders = contenders
            .into_iter()
            .filter(|c| !style.alert || c.family == Family::Daemontools);
        for contender in contenders {
            let mut command = logger(contender, &directory, style)?;
            row.push(contender.name, input.through(&mut command, from)?);
        }
        let mut cat = Command::new("cat");
        cat.stdout(File::create(directory.join("current"))?);
        row.push("cat", input.through(&mut cat, from)?);
        fs::remove_dir_all(&directory)?;
        fs::create_dir(&directory)?;
        let stamps = if style.stamp { input.lines * STAMP } else { 0 };
        let per_thousand = 1000 + stamps * 1000 / input.bytes.len();
        let size = style.size.map_or(DEFAULT_SIZE, |size| size as usize);
        let mut copier = copier::command(&directory, size, per_thousand)?;
        row.push("copier", input.through(&mut copier, from)?);
        fs::remove_dir_all(&directory)?;
    }
    Ok(row)
}

/// The filters, which write to nowhere.
pub(crate) fn filters(settings: &Settings) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    let web = &Input::new(settings, settings.amount(SIZE), 100, 250)?;
    let Some([_, reference]) = settings.contenders.pair("tai64n") else {
        return Ok(rows);
    };
    let labelled = reference
        .command("tai64n")
        .stdin(File::open(&web.file)?)
        .output()?;
    let labelled = Input::of(settings, labelled.stdout)?;
    let few = Input::new(settings, settings.amount(20_000_000), 100, 250)?;
    for (program, from, input, factor) in [
        ("tai64n", From::File, web, 9.0),
        ("tai64nlocal", From::File, &labelled, 20.0),
        ("tai64nlocal", From::Pipe, &labelled, 10.0),
        // The reference takes a byte at a time: less input is enough.
        ("readproctitle", From::Pipe, &few, 300.0),
    ] {
        let Some(pair) = settings.contenders.pair(program) else {
            continue;
        };
        let source = if from == From::File { "file" } else { "pipe" };
        let mut row =
            Row::new(format!("{program}, {source}"), "MB/s").target(Target::at_least(factor));
        for _ in 0..settings.rounds(3) {
            for contender in pair {
                let mut command = contender.command(program);
                if program == "readproctitle" {
                    command.arg("errors:").arg(".".repeat(400));
                }
                row.push(
                    contender.name,
                    input.through(command.stdout(Stdio::null()), from)?,
                );
            }
            let mut cat = Command::new("cat");
            row.push("cat", input.through(cat.stdout(Stdio::null()), from)?);
        }
        rows.push(row);
    }
    Ok(rows)
}
