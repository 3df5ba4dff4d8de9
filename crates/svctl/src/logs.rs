//! `svctl logs`: what services have said, the lines of all in the order of their labels.

mod files;
mod line;
mod merge;
mod place;
mod show;
mod source;
mod splitter;
mod succession;
mod wait;

use std::collections::VecDeque;
use std::ffi::OsString;

use daemontools::TEMPORARY;

use crate::list;
use crate::output::{ME, print, printable};
use crate::selection::select;
use crate::service::Service;
use crate::tree::Tree;

pub(crate) use line::Line;
use merge::Merge;
pub(crate) use place::NoLog;
use show::Shown;
use source::Source;
use wait::Waiter;

/// How many lines are collected before they are written.
const BLOCK: usize = 64 * 1024;

/// What the options ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Go on with lines as they come.
    pub(crate) follow: bool,
    /// How many of the last lines; `None` for all.
    pub(crate) lines: Option<usize>,
}

/// Runs the command for the services of these names, or for all. Gives the exit code.
pub(crate) fn run(tree: &Tree, names: &[OsString], request: Request) -> i32 {
    let (services, worst) = match names {
        [] => match tree.services() {
            Ok(services) => (services, 0),
            Err(error) => return list::unreadable(tree, &error),
        },
        names => select(tree, names),
    };
    let mut logs = Vec::new();
    let mut lines = 0;
    let mut code = worst;
    for service in services {
        match open(&service, request) {
            Ok((source, found)) => {
                logs.push((service, source));
                lines += found;
            }
            // Many services have no logger.
            Err(NoLog::None) if names.is_empty() => {}
            Err(trouble) => {
                let text = format!("{}: {trouble}", printable(&service.name));
                ME.warning(&[text.as_bytes()], None);
                code = code.max(TEMPORARY);
            }
        }
    }
    if logs.is_empty() {
        return code;
    }
    let (services, sources): (Vec<Service>, Vec<Source>) = logs.into_iter().unzip();
    code.max(copy(&services, Merge::new(sources), request, lines))
}

/// The last lines of a service's log.
///
/// # Errors
/// It has none, or it can't be read.
pub(crate) fn last_lines(service: &Service, count: usize) -> Result<VecDeque<Line>, NoLog> {
    let request = Request {
        follow: false,
        lines: Some(count),
    };
    let mut merge = Merge::new(vec![open(service, request)?.0]);
    let mut last = VecDeque::new();
    while let Some((_, line)) = merge.next() {
        keep(&mut last, line, count);
    }
    Ok(last)
}

/// Opens the log of a service. Gives the number of its lines that are wanted, too.
fn open(service: &Service, request: Request) -> Result<(Source, usize), NoLog> {
    let directory = place::find(service)?;
    let opened = Source::open(&directory, request.follow).and_then(|mut source| {
        let lines = request
            .lines
            .map_or(Ok(0), |lines| source.seek_back(lines))?;
        Ok((source, lines))
    });
    opened.map_err(|error| NoLog::System(directory, error))
}

/// Keeps the last lines of all.
fn keep<T>(last: &mut VecDeque<T>, line: T, count: usize) {
    last.push_back(line);
    if last.len() > count {
        last.pop_front();
    }
}

/// Copies lines to standard output; the first `before` are those that were there before, of
/// which the last are wanted. Gives the exit code.
fn copy(services: &[Service], mut merge: Merge, request: Request, before: usize) -> i32 {
    let mut shown = Shown::new(services);
    let mut out = Vec::new();
    let waiter = request.follow.then(|| Waiter::new(merge.directories()));
    // The last lines of each log are read; the last of all of them are wanted.
    if let Some(count) = request.lines {
        let mut last = VecDeque::new();
        for line in std::iter::from_fn(|| merge.next()).take(before) {
            keep(&mut last, line, count);
        }
        for (index, line) in last {
            shown.push(&mut out, index, &line);
        }
    }
    loop {
        while let Some((index, line)) = merge.next() {
            shown.push(&mut out, index, &line);
            if out.len() >= BLOCK {
                match print(&out) {
                    0 => out.clear(),
                    code => return code,
                }
                merge.look_again();
            }
        }
        match print(&out) {
            0 => out.clear(),
            code => return code,
        }
        let code = say_trouble(services, &mut merge);
        match &waiter {
            Some(waiter) if !merge.is_over() => waiter.wait(),
            _ => return code,
        }
        merge.look_again();
    }
}

/// Says what went wrong with each log. Gives the exit code.
fn say_trouble(services: &[Service], merge: &mut Merge) -> i32 {
    let mut code = 0;
    for (service, trouble) in services.iter().zip(merge.take_troubles()) {
        if let Some(trouble) = trouble {
            let text = format!("{}: {trouble}", printable(&service.name));
            ME.warning(&[text.as_bytes()], None);
            code = TEMPORARY;
        }
    }
    code
}
