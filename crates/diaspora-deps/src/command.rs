//! The command line of `diaspora-deps`.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use daemontools::{Args, PERMANENT, TEMPORARY, about, diag, strerr};

use crate::ME;
use crate::check::{self, State};
use crate::context::{self, Context, Places};
use crate::data::Data;
use crate::graph::{Format, Graph};
use crate::name::Name;
use crate::question::Question;
use crate::wait::{self, Pace};
use crate::{install, launch, lint};

/// Gate each service on what it needs.
#[derive(Debug, Parser)]
#[command(name = "diaspora-deps", version, disable_help_subcommand = true)]
struct Line {
    /// What each service needs [default: /etc/diaspora-deps/services.toml]
    // Its own id: subcommands have `services` too.
    #[arg(long = "services", id = "data", global = true, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The settings, a shell file [default: /etc/default/diaspora]
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The scan directory [default: /etc/service]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prepare a service, wait for what it needs, and become its program
    Exec {
        /// The service; its instance comes from the directory's name
        service: String,
        /// More arguments for its program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Wait until all of these are ready, one after the other
    Wait {
        /// Give up after so many attempts, one a second; 0 is never
        #[arg(short = 'a', value_name = "N", overrides_with = "attempts")]
        attempts: Option<u64>,
        /// What to wait for
        services: Vec<String>,
    },
    /// Say of each dependency whether it is ready, starting or down
    Check {
        /// Which; without any, those of the scan directory and what they need
        services: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show who needs whom
    Graph {
        /// Which; without any, those of the scan directory
        services: Vec<String>,
        /// How to draw it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// Ask each for its state
        #[arg(long)]
        state: bool,
    },
    /// Look over service directories for what makes them fail
    Lint {
        /// The scan directory
        directory: Option<PathBuf>,
    },
    /// Make the service directories; what an operator has changed stays
    Install {
        /// How many thins
        #[arg(long, default_value_t = 3, value_name = "N")]
        thin: u32,
        /// Which stack
        #[arg(long, value_enum, default_value_t)]
        set: install::Set,
        /// Make the settings file too, if there is none
        #[arg(long)]
        with_settings: bool,
        /// The scan directory
        directory: PathBuf,
    },
}

/// The program: gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    let words: Vec<OsString> = args
        .from(0)
        .map(|word| OsStr::from_bytes(word.to_bytes()).to_owned())
        .collect();
    let waits = words.iter().skip(1).any(|word| word == "wait");
    let line = match Line::try_parse_from(words) {
        Ok(line) => line,
        // The scripts of old exited 1 for a bad option of wait_service.
        Err(error) => return usage(&error, if waits { 1 } else { PERMANENT }),
    };
    let mut places = Places::from_environment();
    for (place, given) in [
        (&mut places.services, line.data),
        (&mut places.settings, line.settings),
        (&mut places.directory, line.dir),
    ] {
        if let Some(given) = given {
            *place = given;
        }
    }
    let data = match Data::load(&places.services) {
        Ok(data) => data,
        Err(mistake) => return fail(PERMANENT, &mistake),
    };
    line.command.run(&data, places)
}

/// Prints clap's text where it belongs.
pub(crate) fn usage(error: &clap::Error, code: i32) -> i32 {
    let text = error.render().to_string();
    if error.use_stderr() {
        strerr::line(&[text.trim_end().as_bytes()]);
        code
    } else {
        about::output(&ME, text.as_bytes())
    }
}

fn fail(code: i32, why: &str) -> i32 {
    if !why.is_empty() {
        ME.fatal(&[why.as_bytes()], None);
    }
    code
}

fn print(text: &str) -> i32 {
    about::output(&ME, text.as_bytes())
}

impl Command {
    fn run(self, data: &Data, places: Places) -> i32 {
        match self {
            Self::Exec { service, args } => {
                let args: Vec<CString> = args
                    .into_iter()
                    .filter_map(|word| CString::new(word.into_vec()).ok())
                    .collect();
                let args: Vec<_> = args.iter().map(CString::as_c_str).collect();
                let failure = launch::exec(data, &places, &service, &args);
                fail(failure.code, &failure.message)
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
                    Err(why) => fail(TEMPORARY, &why),
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
                    Err(why) => fail(TEMPORARY, &why),
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
            .and_then(|sourced| Context::new(data, sourced.as_ref()).attempts())
            .map_err(|why| fail(TEMPORARY, &why)),
    };
    match wait::all(&launch::here(), &questions, Pace::Steady, limit) {
        Ok(()) => 0,
        Err(code) => code,
    }
}

fn check(data: &Data, places: &Places, services: &[String], json: bool) -> i32 {
    let sourced = match context::source(data, &places.settings) {
        Ok(sourced) => sourced,
        Err(why) => return fail(TEMPORARY, &why),
    };
    let context = Context::new(data, sourced.as_ref());
    let names: Vec<String> = if services.is_empty() {
        match Graph::new(data, &check::default_names(data, &places.directory)) {
            Ok(graph) => graph.names().map(str::to_owned).collect(),
            Err(why) => return fail(PERMANENT, &why),
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

fn graph(data: &Data, places: &Places, services: &[String], format: Format, state: bool) -> i32 {
    let mut names: Vec<Name> = Vec::new();
    for shown in services {
        match data.find(shown) {
            Some(name) => names.push(name),
            None => {
                return fail(
                    PERMANENT,
                    &format!("unknown '{shown}': {}", data.suggest(shown)),
                );
            }
        }
    }
    if names.is_empty() {
        names = check::default_names(data, &places.directory);
    }
    let graph = match Graph::new(data, &names) {
        Ok(graph) => graph,
        Err(why) => return fail(PERMANENT, &why),
    };
    let mut reports = Vec::new();
    if state {
        let sourced = match context::source(data, &places.settings) {
            Ok(sourced) => sourced,
            Err(why) => return fail(TEMPORARY, &why),
        };
        let context = Context::new(data, sourced.as_ref());
        match check::questions(data, &context, &places.directory, graph.names()) {
            Ok(questions) => reports = check::ask(&questions),
            Err(why) => return fail(PERMANENT, &why),
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_option_is_what_the_code_takes_it_for() {
        Line::command().debug_assert();
        // An option and an operand of the same name once shared one id.
        let words = "diaspora-deps --services /s --dir /d check redis --json";
        let line = Line::try_parse_from(words.split(' ')).expect("a good line");
        assert_eq!(line.data.as_deref(), Some(std::path::Path::new("/s")));
        assert!(
            matches!(line.command, Command::Check { services, json: true } if services == ["redis"])
        );
        let words = "diaspora-deps wait -a 3 -a 0 redis";
        let line = Line::try_parse_from(words.split(' ')).expect("the last counts");
        assert!(matches!(
            line.command,
            Command::Wait {
                attempts: Some(0),
                ..
            }
        ));
    }
}
