//! Runs the command that the command line asks for.

use std::ffi::OsString;
use std::time::Duration;

use daemontools::cli;
use daemontools::client::Until;

use crate::access;
use crate::arguments::{Arguments, Command, Steered};
use crate::control::{self, Order};
use crate::enable;
use crate::lint;
use crate::list;
use crate::logs;
use crate::metrics;
use crate::output::ME;
use crate::status;
use crate::top;
use crate::tree::Tree;

/// How long is waited for what happens at once.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs it. Gives the exit code.
pub(crate) fn run(arguments: Arguments) -> i32 {
    let tree = &Tree::find(arguments.dir);
    let Some(command) = arguments.command else {
        return list::run(tree, &list::Request::default());
    };
    match command {
        Command::List {
            pattern,
            all,
            json,
            names,
        } => {
            let request = list::Request {
                pattern,
                all,
                json,
                names,
            };
            list::run(tree, &request)
        }
        Command::Status { lines, names } => status::run(tree, &names, lines),
        Command::Start(steered) => steer(tree, &steered, b"u", Until::Ready),
        Command::Stop(steered) => steer(tree, &steered, b"d", Until::Done),
        Command::Restart(steered) => steer(tree, &steered, b"du", Until::Ready),
        Command::Reload { names } => send(tree, &names, b"h", None),
        Command::Signal { signal, names } => send(tree, &names, &[signal], None),
        Command::Once { names } => send(tree, &names, b"o", Some(Until::Done)),
        Command::Pause { names } => send(tree, &names, b"p", Some(Until::Done)),
        Command::Continue { names } => send(tree, &names, b"c", Some(Until::Done)),
        Command::Logs {
            follow,
            lines,
            names,
        } => logs::run(
            tree,
            &names,
            logs::Request {
                follow,
                lines: lines.0,
            },
        ),
        Command::Enable { name, directory } => enable::enable(tree, &name, directory.as_deref()),
        Command::Disable {
            name,
            directory,
            timeout,
        } => enable::disable(tree, &name, directory.as_deref(), timeout),
        Command::Access {
            status,
            control,
            names,
        } => access::run(tree, &names, status, control),
        Command::Lint { names } => lint::run(tree, &names),
        Command::Metrics(request) => metrics::run(tree, &request),
        Command::Top => top::run(tree),
        Command::Version => cli::version(&ME),
    }
}

fn steer(tree: &Tree, steered: &Steered, letters: &[u8], until: Until) -> i32 {
    let order = Order {
        letters: letters.to_vec(),
        until: (!steered.no_wait).then_some(until),
        timeout: steered.timeout,
        tree: steered.tree,
    };
    control::run(tree, &steered.names, &order)
}

fn send(tree: &Tree, names: &[OsString], letters: &[u8], until: Option<Until>) -> i32 {
    let order = Order {
        letters: letters.to_vec(),
        until,
        timeout: TIMEOUT,
        tree: false,
    };
    control::run(tree, names, &order)
}
