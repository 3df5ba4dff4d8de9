//! What each subcommand does: from its words to an exit code, with whatever is to be
//! said printed on the way.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

use daemontools::{PERMANENT, TEMPORARY, strerr};

use super::line::Command;
use super::{fail, print};
use crate::Failure;
use crate::check::{self, State};
use crate::context::{self, Context, Paths};
use crate::config::Config;
use crate::graph::{Format, Graph};
use crate::name::Name;
use crate::dependency::Dependency;
use crate::wait::{self, Pace};
use crate::{install, launch, lint};

impl Command {
    pub(super) fn run(self, config: &Config, paths: Paths) -> i32 {
        match self {
            Self::Exec { service, args } => {
                let args: Vec<CString> = args
                    .into_iter()
                    .filter_map(|word| CString::new(word.into_vec()).ok())
                    .collect();
                let args: Vec<_> = args.iter().map(CString::as_c_str).collect();
                let failure = launch::exec(config, &paths, &service, &args);
                fail(failure.code, &failure.message)
            }
            Self::Wait { attempts, services } => wait(config, &paths, attempts, &services),
            Self::Check { services, json } => check(config, &paths, &services, json),
            Self::Graph {
                services,
                format,
                state,
            } => graph(config, &paths, &services, format, state),
            Self::Lint { directory } => {
                let directory = directory.unwrap_or(paths.directory);
                match lint::look(config, &directory, &paths.settings) {
                    Ok(findings) => {
                        let code = i32::from(!findings.is_empty());
                        let text: String =
                            findings.iter().map(|line| format!("{line}\n")).collect();
                        code.max(print(&text))
                    }
                    Err(failure) => fail(failure.code, &failure.message),
                }
            }
            Self::Install {
                thin,
                set,
                with_settings,
                directory,
            } => {
                let settings = with_settings.then_some(paths.settings.as_path());
                match install::install(&directory, set, thin, settings) {
                    Ok(lines) => print(&lines),
                    Err(why) => fail(TEMPORARY, &why),
                }
            }
        }
    }
}

fn wait(config: &Config, paths: &Paths, attempts: Option<u64>, services: &[String]) -> i32 {
    if services.is_empty() {
        strerr::line(&[b"missing service"]);
        return PERMANENT;
    }
    let context = Context::new(config, None);
    let dependencies = services
        .iter()
        .map(|label| Dependency::new(config, &context, &paths.directory, label));
    let dependencies = match dependencies.collect::<Result<Vec<_>, _>>() {
        Ok(dependencies) => dependencies,
        Err(why) => {
            strerr::line(&[why.as_bytes()]);
            return PERMANENT;
        }
    };
    // Asked for only when something is not ready: most often nothing has to be read.
    let limit = || match attempts {
        Some(attempts) => Ok(attempts),
        None => context::source(config, &paths.settings)
            .and_then(|settings| {
                let attempts = Context::new(config, settings.as_ref()).attempts();
                attempts.map_err(Failure::temporary)
            })
            .map_err(|failure| fail(failure.code, &failure.message)),
    };
    match wait::all(&launch::here(), &dependencies, Pace::Steady, limit) {
        Ok(()) => 0,
        Err(code) => code,
    }
}

fn check(config: &Config, paths: &Paths, services: &[String], json: bool) -> i32 {
    let settings = match context::source(config, &paths.settings) {
        Ok(settings) => settings,
        Err(failure) => return fail(failure.code, &failure.message),
    };
    let context = Context::new(config, settings.as_ref());
    let names: Vec<String> = if services.is_empty() {
        match Graph::new(config, &check::default_names(config, &paths.directory)) {
            Ok(graph) => graph.names().map(str::to_owned).collect(),
            Err(why) => return fail(PERMANENT, &why),
        }
    } else {
        services.to_vec()
    };
    // What was named must have a probe; of the others, those that have one are asked.
    let dependencies = if services.is_empty() {
        check::dependencies(
            config,
            &context,
            &paths.directory,
            names.iter().map(String::as_str),
        )
    } else {
        let ask = |name: &String| Dependency::new(config, &context, &paths.directory, name);
        names.iter().map(ask).collect()
    };
    let reports = match dependencies {
        Ok(dependencies) => check::ask(&dependencies),
        Err(why) => return fail(PERMANENT, &why),
    };
    let text = if json {
        let reports: Vec<_> = reports.iter().map(check::Report::json).collect();
        format!("{}\n", serde_json::Value::Array(reports))
    } else {
        reports
            .iter()
            .map(|report| format!("{}\n", report.line()))
            .collect()
    };
    let worst = reports.iter().map(|report| report.state).max();
    worst.map_or(0, State::code).max(print(&text))
}

fn graph(config: &Config, paths: &Paths, services: &[String], format: Format, state: bool) -> i32 {
    let mut names: Vec<Name> = Vec::new();
    for label in services {
        match config.find(label) {
            Some(name) => names.push(name),
            None => {
                return fail(
                    PERMANENT,
                    &format!("unknown '{label}': {}", config.suggest(label)),
                );
            }
        }
    }
    if names.is_empty() {
        names = check::default_names(config, &paths.directory);
    }
    let graph = match Graph::new(config, &names) {
        Ok(graph) => graph,
        Err(why) => return fail(PERMANENT, &why),
    };
    let mut reports = Vec::new();
    if state {
        let settings = match context::source(config, &paths.settings) {
            Ok(settings) => settings,
            Err(failure) => return fail(failure.code, &failure.message),
        };
        let context = Context::new(config, settings.as_ref());
        match check::dependencies(config, &context, &paths.directory, graph.names()) {
            Ok(dependencies) => reports = check::ask(&dependencies),
            Err(why) => return fail(PERMANENT, &why),
        }
    }
    print(&graph.render(format, |name| {
        let report = reports.iter().find(|report| report.label == name)?;
        let why = report
            .why
            .as_ref()
            .map_or(String::new(), |why| format!(": {why}"));
        Some(format!("{}{why}", report.state.word()))
    }))
}
