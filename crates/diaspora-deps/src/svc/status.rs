//! `status`: a line for each service, with what its gate waits for.

use std::io::IsTerminal;
use std::time::{SystemTime, UNIX_EPOCH};

use daemontools::servicedir::query::QueryError;
use daemontools::servicedir::state::State;
use daemontools::{cli, errno};

use super::gates::{Gates, Need};
use super::limits;
use super::services::{ME, Service};
use crate::config::Config;
use crate::paths::Paths;
use crate::{supervised, waiting};

mod line;

use line::{Facts, HEALTHY, Health};

/// Prints the status of all services; gives 0 if each one that should run does.
pub(super) fn status(
    services: &[Service],
    config: &Config,
    paths: &Paths,
    is_verbose: bool,
) -> i32 {
    let settings = paths.settings_file();
    let mut gates = Gates::new(config, paths, &settings);
    let color = std::io::stdout().is_terminal();
    let mut worst = 0;
    let mut text = Vec::new();
    for service in services {
        let (health, words, needs) = look(service, &mut gates);
        worst = worst.max(health.code());
        text.extend_from_slice(service.label());
        let words = match color {
            true => format!(": {}{words}\x1b[0m\n", health.color()),
            false => format!(": {words}\n"),
        };
        text.extend_from_slice(words.as_bytes());
        for need in needs.iter().filter(|_| is_verbose) {
            text.extend_from_slice(format!("  {}: {}\n", need.name, need.words).as_bytes());
        }
    }
    let printed = cli::output(&ME, &text);
    if printed == 0 { worst } else { printed }
}

/// The health of a service, its words, and what its gate waits for.
fn look(service: &Service, gates: &mut Gates) -> (Health, String, Vec<Need>) {
    let path = &service.path;
    let (state, detail) = match supervised::state(path) {
        Ok((State::Unsupervised, _)) => {
            let words = match supervised::runs_without_supervise(path) {
                true => "supervise not running, and its process runs",
                false => "supervise not running",
            };
            return (Health::Unsupervised, words.to_owned(), Vec::new());
        }
        Ok(read) => read,
        Err(error) => {
            let code = errno::exit_code(error.errno());
            return (Health::Unknown(code), unreadable(error), Vec::new());
        }
    };
    let Some(status) = supervised::status(path) else {
        let words = "supervise has not written its status".to_owned();
        return (Health::Bad, words, Vec::new());
    };
    let needs = gates.needs(status.pid);
    let policy = limits::policy(path);
    let facts = Facts {
        status,
        state,
        detail,
        healthy: policy.map_or(HEALTHY, |policy| policy.healthy()),
        needs: needs.as_deref(),
        waits_since: waiting::since(path, detail.starts),
        now: now(),
    };
    let (health, words) = facts.describe();
    (health, words, needs.unwrap_or_default())
}

fn unreadable(error: QueryError) -> String {
    let why = errno::text(error.errno());
    match error {
        QueryError::Directory(_) => format!("unable to read the directory: {why}"),
        QueryError::File(file, _) => {
            format!("unable to read {}: {why}", file.to_string_lossy())
        }
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0))
}
