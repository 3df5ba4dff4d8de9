//! The subcommands: each prints its output and gives an exit code.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use daemontools::{PERMANENT, strerr};

use super::arguments::Command;
use crate::check::{self, Report, State};
use crate::config::Config;
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::graph::{Format, Graph};
use crate::install::install;
use crate::launch;
use crate::lint::lint;
use crate::name::{self, Name};
use crate::output::print;
use crate::paths::Paths;
use crate::settings::SettingsFile;
use crate::wait::{self, Pace};
use crate::waiting::Notebook;

/// Runs a subcommand.
///
/// # Errors
/// The error that ends it; its message has not been written.
pub(super) fn run(command: Command, config: &Config, paths: &Paths) -> Result<i32, Error> {
    match command {
        Command::Exec { service, args } => {
            let args: Vec<CString> = args
                .into_iter()
                .filter_map(|word| CString::new(word.into_vec()).ok())
                .collect();
            let args: Vec<_> = args.iter().map(CString::as_c_str).collect();
            Err(launch::exec(config, paths, &service, &args))
        }
        Command::Wait { attempts, services } => wait(config, paths, attempts, &services),
        Command::Check { services, json } => check(config, paths, &services, json),
        Command::Graph {
            services,
            format,
            state,
        } => graph(config, paths, &services, format, state),
        Command::Lint { directory } => {
            let directory = directory.as_ref().unwrap_or(&paths.directory);
            let findings = lint(config, directory, &paths.settings)?;
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
    services: &[String],
) -> Result<i32, Error> {
    let settings = SettingsFile::new(&paths.settings);
    let context = Context::new(config, &settings);
    let dependencies = match named(config, &context, &paths.directory, services) {
        Ok(dependencies) if dependencies.is_empty() => {
            strerr::line(&[b"missing service"]);
            return Ok(PERMANENT);
        }
        Ok(dependencies) => dependencies,
        // Without the program's name, as in the scripts of 2010.
        Err(error) => {
            strerr::line(&[error.to_string().as_bytes()]);
            return Ok(error.exit_code());
        }
    };
    let notebook = Notebook::of_working_directory();
    let limit = || {
        notebook.note_wait();
        attempts.map_or_else(|| context.attempts(), Ok)
    };
    let name = name::of_working_directory();
    wait::all(&name, &dependencies, Pace::Steady, limit)?;
    Ok(0)
}

fn check(config: &Config, paths: &Paths, services: &[String], json: bool) -> Result<i32, Error> {
    let settings = SettingsFile::new(&paths.settings);
    let context = Context::new(config, &settings);
    let dependencies = if services.is_empty() {
        let graph = Graph::new(config, &check::default_names(config, &paths.directory))?;
        check::dependencies(config, &context, &paths.directory, graph.names())?
    } else {
        named(config, &context, &paths.directory, services)?
    };
    let reports = check::probe(&dependencies);
    let text = if json {
        let reports: Vec<_> = reports.iter().map(Report::json).collect();
        format!("{}\n", serde_json::Value::Array(reports))
    } else {
        let lines = reports.iter().map(|report| format!("{}\n", report.line()));
        lines.collect()
    };
    let worst = reports.iter().map(|report| report.state).max();
    Ok(worst.map_or(0, State::code).max(print(&text)))
}

/// The dependencies that were named: each must have a probe.
fn named(
    config: &Config,
    context: &Context,
    directory: &Path,
    services: &[String],
) -> Result<Vec<Dependency>, Error> {
    let services = services.iter();
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
    let graph = Graph::new(config, &names)?;
    let mut reports = Vec::new();
    if state {
        let settings = SettingsFile::new(&paths.settings);
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
