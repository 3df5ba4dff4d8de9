//! `svctl start`, `stop`, `restart`, `reload`, `signal`, `once`, `pause` and `continue`:
//! what `svc` does, with names, and waiting for what follows.

mod signals;

use std::ffi::{CString, OsString};
use std::time::Duration;

use daemontools::PERMANENT;
use daemontools::client::{Request, Until};
use daemontools::strerr::Fatal;
use daemontools::unix::file;

use crate::output::{ME, printable};
use crate::selection::select;
use crate::service::{Service, c_path};
use crate::snapshot::{self, Snapshot};
use crate::tree::Tree;

pub(crate) use signals::letter;

/// What is asked of some services.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The letters of `svc`.
    pub(crate) letters: Vec<u8>,
    /// What to wait for; `None` does not wait.
    pub(crate) until: Option<Until>,
    /// Wait no longer than that.
    pub(crate) timeout: Duration,
    /// Signal all processes of a service, not its first alone.
    pub(crate) tree: bool,
}

/// Runs the command. Gives the exit code.
pub(crate) fn run(tree: &Tree, names: &[OsString], order: &Order) -> i32 {
    let (mut services, mut worst) = select(tree, names);
    services.retain(|service| match obstacle(service, order) {
        None => true,
        Some(text) => {
            let name = printable(&service.name);
            ME.warning(&[name.as_bytes(), text.as_bytes()], None);
            worst = PERMANENT;
            false
        }
    });
    // A logger takes what its service says as it ends.
    let ends = order.letters.starts_with(b"d");
    let (loggers, others): (Vec<Service>, Vec<Service>) = services
        .into_iter()
        .partition(|service| ends && service.is_logger());
    let sent = send(tree, &others, order)
        .and_then(|code| Ok(code.max(send(tree, &loggers, order)?)))
        .unwrap_or_else(Fatal::code);
    worst.max(sent)
}

/// Why it is no use to send the letters to a service, as far as it can be known.
fn obstacle(service: &Service, order: &Order) -> Option<&'static str> {
    let is_signal = |letter: &u8| !matches!(letter, b'u' | b'd' | b'o' | b'x');
    match snapshot::read(service) {
        Snapshot::Unsupervised { .. } if service.enabled => Some(" has no supervise"),
        Snapshot::Unsupervised { .. } => Some(" has no supervise: it is not enabled"),
        Snapshot::Supervised(facts)
            if facts.pid().is_none() && order.letters.iter().all(is_signal) =>
        {
            Some(" is down: there is no process to signal")
        }
        Snapshot::Supervised(_) | Snapshot::Unreadable(_) => None,
    }
}

/// Sends the letters to services, and waits. Gives the exit code.
///
/// # Errors
/// The directory of the tree could not be entered; that has been said.
pub(crate) fn send(tree: &Tree, services: &[Service], order: &Order) -> Result<i32, Fatal> {
    let names: Vec<CString> = services
        .iter()
        .filter_map(|service| name(tree, service))
        .collect();
    if names.is_empty() {
        return Ok(0);
    }
    let mut request = Request {
        tree: order.tree,
        wait: order.until,
        timeout: Some(order.timeout),
        ..Request::default()
    };
    order
        .letters
        .iter()
        .for_each(|&letter| request.commands.add(letter));
    enter(tree, services)?;
    request.control_all(&ME, names.iter().map(CString::as_c_str))
}

/// What people call the service, where that is a path from the tree; else its whole path.
fn name(tree: &Tree, service: &Service) -> Option<CString> {
    match is_in_tree(tree, service) {
        true => CString::new(service.name.clone()).ok(),
        false => service.path().ok(),
    }
}

fn is_in_tree(tree: &Tree, service: &Service) -> bool {
    tree.path_of(&service.name) == service.directory
}

fn enter(tree: &Tree, services: &[Service]) -> Result<(), Fatal> {
    if !services.iter().any(|service| is_in_tree(tree, service)) {
        return Ok(());
    }
    let directory = tree.directory();
    c_path(directory)
        .and_then(|path| file::chdir(&path))
        .map_err(|error| {
            let directory = directory.as_os_str().as_encoded_bytes();
            ME.fatal(&[b"unable to chdir to ", directory], error)
        })
}
