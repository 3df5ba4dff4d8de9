//! `svctl metrics`: numbers for Prometheus.

mod file;
mod http;
mod server;
mod text;

use std::io;
use std::net::{SocketAddr, TcpListener};

use daemontools::unix::clock::Monotonic;
use daemontools::unix::poll;
use daemontools::{Errno, errno, shares};

use crate::arguments::Metrics;
use crate::output::{ME, print, printable};
use crate::processes;
use crate::service::Service;
use crate::snapshot::{self, Snapshot};
use crate::tree::{Tree, is_without_svscan};
use crate::words;
use server::Server;
use text::Row;

/// Runs the command. Gives the exit code.
pub(crate) fn run(tree: &Tree, request: &Metrics) -> i32 {
    let rows = match rows(tree, request.processes) {
        Ok(rows) => rows,
        Err(error) => return fatal("unable to read", tree.directory(), &error),
    };
    for row in &rows {
        if let Snapshot::Unreadable(error) = &row.snapshot {
            let (name, why) = (printable(&row.name), words::trouble(error));
            ME.warning(
                &[b"no numbers for ", name.as_bytes(), b": ", why.as_bytes()],
                None,
            );
        }
    }
    let listener = request.listen.map(|address| (address, listen(address)));
    let mut server = match listener {
        None => None,
        Some((_, Ok(listener))) => Some(Server::new(listener)),
        Some((address, Err(error))) => {
            let address = address.to_string();
            let text = ["unable to listen on ", &address].concat();
            return ME.fatal(&[text.as_bytes()], number(&error)).code();
        }
    };
    let text = text::render(&rows, !is_without_svscan(tree));
    drop(rows);
    let Some(path) = &request.output else {
        let Some(server) = &mut server else {
            return print(text.as_bytes());
        };
        server.serve(None, &|| collect(tree, request.processes));
        return 0;
    };
    if let Err(error) = file::write(path, &text) {
        return fatal("unable to write", path, &error);
    }
    let mut trouble = Trouble::default();
    loop {
        let deadline = request.every.map(|every| Monotonic::now() + every);
        match (&mut server, deadline) {
            (None, None) => return 0,
            (None, Some(deadline)) => poll::pause_until(deadline),
            (Some(server), deadline) => {
                server.serve(deadline, &|| collect(tree, request.processes));
            }
        }
        let written = file::write(path, &collect(tree, request.processes));
        trouble.say(path, written.err().as_ref());
    }
}

/// Whether the file can't be written: said when it begins and when it ends.
#[derive(Debug, Default)]
struct Trouble(bool);

impl Trouble {
    fn say(&mut self, path: &std::path::Path, error: Option<&io::Error>) {
        let is_news = self.0 != error.is_some();
        self.0 = error.is_some();
        let name = printable(path.as_os_str().as_encoded_bytes());
        match error {
            Some(error) if is_news => {
                ME.warning(&[b"unable to write ", name.as_bytes()], number(error));
            }
            None if is_news => ME.plain(&[name.as_bytes(), b" is written again"], None),
            _ => {}
        }
    }
}

/// The samples now. A tree that can't be read any more has no services.
fn collect(tree: &Tree, processes: bool) -> String {
    let rows = rows(tree, processes).unwrap_or_default();
    text::render(&rows, !is_without_svscan(tree))
}

/// The services that are enabled, and their loggers.
fn rows(tree: &Tree, processes: bool) -> io::Result<Vec<Row>> {
    let enabled = tree.services()?;
    let loggers = shares::each(&enabled, |service| {
        let logger = service.logger();
        logger.directory.is_dir().then_some(logger)
    });
    let with_loggers = enabled.into_iter().zip(loggers);
    let services: Vec<Service> = with_loggers
        .flat_map(|(service, logger)| std::iter::once(service).chain(logger))
        .collect();
    let snapshots = snapshot::read_all(&services);
    let rows = services.into_iter().zip(snapshots);
    let rows = rows.map(|(service, snapshot)| row(service, snapshot, processes));
    Ok(rows.collect())
}

fn row(service: Service, snapshot: Snapshot, processes: bool) -> Row {
    let main = match &snapshot {
        Snapshot::Supervised(facts) => facts.pid(),
        Snapshot::Unsupervised { leftover } => *leftover,
        Snapshot::Unreadable(_) => None,
    };
    let usage = processes.then(|| {
        main.map(|pid| processes::usage(pid, true))
            .unwrap_or_default()
    });
    Row {
        name: service.name,
        usage: usage.filter(|_| !matches!(snapshot, Snapshot::Unreadable(_))),
        snapshot,
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn number(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

fn fatal(what: &str, path: &std::path::Path, error: &io::Error) -> i32 {
    let name = printable(path.as_os_str().as_encoded_bytes());
    let text = [what, " ", &name].concat();
    let error = number(error);
    let fatal = ME.fatal(&[text.as_bytes()], error);
    fatal.with_code(errno::exit_code(error)).code()
}
