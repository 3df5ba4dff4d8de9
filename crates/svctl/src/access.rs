//! `svctl access`: who may look at services and who may steer them.

mod modes;
mod place;

use std::ffi::OsString;

use daemontools::PERMANENT;
use daemontools::unix::account;
use daemontools::unix::file::Facts;

use crate::list;
use crate::output::{ME, print, printable};
use crate::selection::select;
use crate::service::Service;
use crate::table::{self, Cell, Side};
use crate::tree::Tree;

pub(crate) use modes::{Access, Who};
pub(crate) use place::prepare;
use place::{Error, Place};

/// Runs the command: sets what is asked for, and prints it if nothing is. Gives the exit
/// code.
pub(crate) fn run(
    tree: &Tree,
    names: &[OsString],
    status: Option<Who>,
    control: Option<Who>,
) -> i32 {
    let sets = status.is_some() || control.is_some();
    let (services, worst) = match names {
        [] if sets => {
            let _ = ME.fatal(&[b"access needs the names of services"], None);
            return PERMANENT;
        }
        [] => match tree.services() {
            Ok(services) => (services, 0),
            Err(error) => return list::unreadable(tree, &error),
        },
        names => select(tree, names),
    };
    worst.max(match sets {
        false => show(&services),
        true => match Access::new(status, control) {
            Ok(access) => set(&services, access),
            Err(text) => {
                let _ = ME.fatal(&[text.as_bytes()], None);
                PERMANENT
            }
        },
    })
}

fn set(services: &[Service], access: Access) -> i32 {
    let mut worst = 0;
    for service in services {
        let done = Place::open(&service.directory).and_then(|place| place.set(access.modes()));
        if let Err(error) = done {
            worst = worst.max(say(service, &error));
        }
    }
    worst
}

fn say(service: &Service, error: &Error) -> i32 {
    let text = format!("{}: {error}", printable(&service.name));
    ME.warning(&[text.as_bytes()], None);
    error.exit_code()
}

const HEAD: [&str; 6] = ["NAME", "STATUS", "CONTROL", "supervise/", "ok", "control"];

fn show(services: &[Service]) -> i32 {
    let mut worst = 0;
    let mut rows = vec![HEAD.map(Cell::from)];
    for service in services {
        match Place::open(&service.directory) {
            Ok(place) => rows.push(row(service, place.facts())),
            Err(error) => worst = worst.max(say(service, &error)),
        }
    }
    let printed = match rows.len() {
        1 => 0,
        _ => print(table::render([Side::Left; 6], &rows).as_bytes()),
    };
    worst.max(printed)
}

fn row(service: &Service, [directory, ok, control]: [&Facts; 3]) -> [Cell; 6] {
    let text = |facts: &Facts| {
        let user = account::user_name(facts.owner).unwrap_or_else(|| facts.owner.to_string());
        format!(
            "{:04o} {user}:{}",
            facts.mode,
            Who::Group(facts.group).name()
        )
    };
    [
        printable(&service.name),
        who(directory, ok).name(),
        who(directory, control).name(),
        text(directory),
        text(ok),
        text(control),
    ]
    .map(Cell::from)
}

/// Who may write a FIFO in `supervise/`: whoever may search that, and write this.
fn who(directory: &Facts, fifo: &Facts) -> Who {
    let (all, group) = ((0o001, 0o002), (0o010, 0o020));
    let may = |(search, write): (u32, u32)| directory.mode & search != 0 && fifo.mode & write != 0;
    match () {
        () if may(all) => Who::All,
        () if may(group) && directory.group == fifo.group => Who::Group(fifo.group),
        () => Who::Owner,
    }
}
