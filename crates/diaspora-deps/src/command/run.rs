//! The subcommands: each prints its output and gives an exit code.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use daemontools::{PERMANENT, strerr};

use super::arguments::Command;
use crate::check::{self, Report, State, nagios};
use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::graph::{Format, Graph};
use crate::install::install;
use crate::launch;
use crate::lint::lint;
use crate::name::{self, Name};
use crate::output::{self, print};
use crate::paths::Paths;
use crate::wait::{Options, Pace, Wait};
use crate::waiting::Notebook;

/// Runs a subcommand.
///
/// # Errors
/// The error that ends it; its message has not been written.
pub(super) fn run(command: Command, config: &Config, paths: &Paths) -> Result<i32, Error> {
    match command {
        Command::Exec {
            gate,
            service,
            args,
        } => {
            let args: Vec<CString> = args
                .into_iter()
                .filter_map(|word| CString::new(word.into_vec()).ok())
                .collect();
            let args: Vec<_> = args.iter().map(CString::as_c_str).collect();
            let options = gate.options();
            Err(launch::exec(config, paths, options, &service, &args))
        }
        Command::Wait {
            attempts,
            gate,
            services,
        } => wait(config, paths, attempts, gate.options(), &services),
        Command::Check {
            services,
            json,
            nagios,
        } => {
            let reports = check(config, paths, &services)?;
            Ok(show(&reports, json, nagios))
        }
        Command::Graph {
            services,
            format,
            state,
        } => graph(config, paths, &services, format, state),
        Command::Lint { directory } => {
            let directory = directory.as_ref().unwrap_or(&paths.directory);
            let findings = lint(config, directory, &paths.settings_file())?;
            let text: String = findings.iter().map(|line| format!("{line}\n")).collect();
            Ok(i32::from(!findings.is_empty()).max(print(&text)))
        }
        Command::Install {
            thin,
            set,
            with_settings,
            directory,
        } => {
            let settings = with_settings.then_some(paths.settings.as_path());
            Ok(print(&install(&directory, set, thin, settings)?))
        }
    }
}

fn wait(
    config: &Config,
    paths: &Paths,
    attempts: Option<u64>,
    options: Options,
    services: &[String],
) -> Result<i32, Error> {
    let settings = paths.settings_file().within(options.left());
    let context = Context::new(config, &settings);
    let dependencies = match named(config, &context, &paths.directory, services) {
        Ok(dependencies) if dependencies.is_empty() => {
            strerr::line(&[b"missing service"]);
            return Ok(PERMANENT);
        }
        Ok(dependencies) => dependencies,
        // Without the program's name, as in the scripts of 2010.
        Err(error) => {
            let error = options.judge(error);
            strerr::line(&[error.to_string().as_bytes()]);
            return Ok(error.exit_code());
        }
    };
    let notebook = Notebook::of_working_directory();
    let limit = || {
        notebook.note_wait();
        match (attempts, options.deadline) {
            (Some(attempts), _) => Ok(attempts),
            (None, Some(_)) => Ok(0),
            (None, None) => context.attempts(),
        }
    };
    let name = name::of_working_directory();
    let wait = Wait {
        name: &name,
        pace: Pace::Steady,
        options,
    };
    wait.all(&dependencies, limit)?;
    Ok(0)
}

fn check(config: &Config, paths: &Paths, services: &[String]) -> Result<Vec<Report>, Error> {
    let settings = paths.settings_file();
    let context = Context::new(config, &settings);
    let dependencies = if services.is_empty() {
        let graph = Graph::new(config, &check::default_names(config, &paths.directory));
        check::dependencies(config, &context, &paths.directory, graph.names())?
    } else {
        named(config, &context, &paths.directory, services)?
    };
    Ok(check::probe(&dependencies))
}

/// Prints the reports; gives the exit code.
fn show(reports: &[Report], json: bool, nagios: bool) -> i32 {
    if nagios {
        let (line, code) = nagios::line(reports);
        return output::print_for_nagios(&line, code);
    }
    let text = if json {
        let reports: Vec<_> = reports.iter().map(Report::json).collect();
        format!("{}\n", serde_json::Value::Array(reports))
    } else {
        let lines = reports.iter().map(|report| format!("{}\n", report.line()));
        lines.collect()
    };
    let worst = reports.iter().map(|report| report.state).max();
    worst.map_or(0, State::code).max(print(&text))
}

/// The dependencies that were named: each must have a probe. A word may hold several names.
fn named(
    config: &Config,
    context: &Context,
    directory: &Path,
    services: &[String],
) -> Result<Vec<Dependency>, Error> {
    let services = services.iter().flat_map(|word| word.split_whitespace());
    services
        .map(|label| Dependency::new(config, context, directory, label))
        .collect()
}

fn graph(
    config: &Config,
    paths: &Paths,
    services: &[String],
    format: Format,
    state: bool,
) -> Result<i32, Error> {
    let find = |label: &String| config.find(label).ok_or_else(|| config.unknown(label));
    let mut names: Vec<Name> = services.iter().map(find).collect::<Result<_, _>>()?;
    if names.is_empty() {
        names = check::default_names(config, &paths.directory);
    }
    let graph = Graph::new(config, &names);
    let mut reports = Vec::new();
    if state {
        let settings = paths.settings_file();
        let context = Context::new(config, &settings);
        let dependencies = check::dependencies(config, &context, &paths.directory, graph.names())?;
        reports = check::probe(&dependencies);
    }
    let text = graph.render(format, |name| {
        let report = reports.iter().find(|report| report.label == name)?;
        Some((report.state, report.state_and_reason()))
    });
    Ok(print(&text))
}
