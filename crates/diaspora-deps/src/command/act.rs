//! What each subcommand does: from its words to an exit code, with whatever is to be
//! said printed on the way.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

use daemontools::{PERMANENT, TEMPORARY, strerr};

use super::line::Command;
use super::{fail, print};
use crate::Failure;
use crate::check::{self, State};
use crate::context::{self, Context, Places};
use crate::data::Data;
use crate::graph::{Format, Graph};
use crate::name::Name;
use crate::question::Question;
use crate::wait::{self, Pace};
use crate::{install, launch, lint};

impl Command {
    pub(super) fn run(self, data: &Data, places: Places) -> i32 {
        match self {
            Self::Exec { service, args } => {
                let args: Vec<CString> = args
                    .into_iter()
                    .filter_map(|word| CString::new(word.into_vec()).ok())
                    .collect();
                let args: Vec<_> = args.iter().map(CString::as_c_str).collect();
                let failure = launch::exec(data, &places, &service, &args);
                fail(failure.code, &failure.message).code()
            }
            Self::Wait { attempts, services } => wait(data, &places, attempts, &services),
            Self::Check { services, json } => check(data, &places, &services, json),
            Self::Graph {
                services,
                format,
                state,
            } => graph(data, &places, &services, format, state),
            Self::Lint { directory } => {
                let directory = directory.unwrap_or(places.directory);
                match lint::look(data, &directory, &places.settings) {
                    Ok(findings) => {
                        let code = i32::from(!findings.is_empty());
                        let text: String =
                            findings.iter().map(|line| format!("{line}\n")).collect();
                        code.max(print(&text))
                    }
                    Err(failure) => fail(failure.code, &failure.message).code(),
                }
            }
            Self::Install {
                thin,
                set,
                with_settings,
                directory,
            } => {
                let settings = with_settings.then_some(places.settings.as_path());
                match install::install(&directory, set, thin, settings) {
                    Ok(lines) => print(&lines),
                    Err(why) => fail(TEMPORARY, &why).code(),
                }
            }
        }
    }
}

fn wait(data: &Data, places: &Places, attempts: Option<u64>, services: &[String]) -> i32 {
    if services.is_empty() {
        strerr::line(&[b"missing service"]);
        return PERMANENT;
    }
    let context = Context::new(data, None);
    let questions = services
        .iter()
        .map(|shown| Question::new(data, &context, &places.directory, shown));
    let questions = match questions.collect::<Result<Vec<_>, _>>() {
        Ok(questions) => questions,
        Err(why) => {
            strerr::line(&[why.as_bytes()]);
            return PERMANENT;
        }
    };
    // Asked for only when something is not ready: most often nothing has to be read.
    let limit = || match attempts {
        Some(attempts) => Ok(attempts),
        None => context::source(data, &places.settings)
            .and_then(|sourced| {
                let attempts = Context::new(data, sourced.as_ref()).attempts();
                attempts.map_err(Failure::temporary)
            })
            .map_err(|failure| fail(failure.code, &failure.message)),
    };
    match wait::all(&launch::here(), &questions, Pace::Steady, limit) {
        Ok(()) => 0,
        Err(fatal) => fatal.code(),
    }
}

fn check(data: &Data, places: &Places, services: &[String], json: bool) -> i32 {
    let sourced = match context::source(data, &places.settings) {
        Ok(sourced) => sourced,
        Err(failure) => return fail(failure.code, &failure.message).code(),
    };
    let context = Context::new(data, sourced.as_ref());
    let names: Vec<String> = if services.is_empty() {
        match Graph::new(data, &check::default_names(data, &places.directory)) {
            Ok(graph) => graph.names().map(str::to_owned).collect(),
            Err(why) => return fail(PERMANENT, &why).code(),
        }
    } else {
        services.to_vec()
    };
    // What was named must have a probe; of the others, those that have one are asked.
    let questions = if services.is_empty() {
        check::questions(
            data,
            &context,
            &places.directory,
            names.iter().map(String::as_str),
        )
    } else {
        let ask = |name: &String| Question::new(data, &context, &places.directory, name);
        names.iter().map(ask).collect()
    };
    let reports = match questions {
        Ok(questions) => check::ask(&questions),
        Err(why) => return fail(PERMANENT, &why).code(),
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

fn graph(data: &Data, places: &Places, services: &[String], format: Format, state: bool) -> i32 {
    let mut names: Vec<Name> = Vec::new();
    for shown in services {
        match data.find(shown) {
            Some(name) => names.push(name),
            None => {
                let why = format!("unknown '{shown}': {}", data.suggest(shown));
                return fail(PERMANENT, &why).code();
            }
        }
    }
    if names.is_empty() {
        names = check::default_names(data, &places.directory);
    }
    let graph = match Graph::new(data, &names) {
        Ok(graph) => graph,
        Err(why) => return fail(PERMANENT, &why).code(),
    };
    let mut reports = Vec::new();
    if state {
        let sourced = match context::source(data, &places.settings) {
            Ok(sourced) => sourced,
            Err(failure) => return fail(failure.code, &failure.message).code(),
        };
        let context = Context::new(data, sourced.as_ref());
        match check::questions(data, &context, &places.directory, graph.names()) {
            Ok(questions) => reports = check::ask(&questions),
            Err(why) => return fail(PERMANENT, &why).code(),
        }
    }
    print(&graph.render(format, |name| {
        let report = reports.iter().find(|report| report.shown == name)?;
        let why = report
            .why
            .as_ref()
            .map_or(String::new(), |why| format!(": {why}"));
        Some(format!("{}{why}", report.state.word()))
    }))
}
