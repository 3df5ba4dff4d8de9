//! `svprobe`: one probe of one server, for run scripts, `healthcheck` and containers.

use std::path::Path;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use daemontools::strerr::Reporter;
use daemontools::unix::{fd, signal};
use daemontools::{Args, PERMANENT, cli, diag};

use crate::check::Report;
use crate::config::{self, Config, Kind};
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::net::Limits;
use crate::output;
use crate::settings::SettingsFile;

static ME: Reporter = Reporter::new("svprobe");

/// The kinds of probes that an address says all of.
const KINDS: [&str; 13] = [
    "tcp",
    "unix",
    "http",
    "redis",
    "postgres",
    "mysql",
    "mongo",
    "smtp",
    "websocket",
    "memcached",
    "amqp",
    "exec",
    "file",
];

/// The seconds that a command may take without an option.
const EXEC_TIMEOUT: Duration = Duration::from_secs(5);

/// Probe a server once: exit 0 if it is ready, 1 if it is starting, 2 if it is down.
#[derive(Debug, Parser)]
#[command(
    name = "svprobe",
    version,
    override_usage = "svprobe [OPTIONS] KIND ADDRESS\n       \
                      svprobe [OPTIONS] exec -- PROGRAM [ARGUMENT]..."
)]
struct Arguments {
    /// What it is
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(KINDS))]
    kind: String,
    /// host:port, the path of a socket or a file, a URL for http; for exec the program and
    /// its arguments
    #[arg(value_name = "ADDRESS", required = true)]
    words: Vec<String>,
    /// The seconds that all of it may take [default: 2 for each address of the host; exec: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// Reads seconds, which may have a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| {
        let duration = Duration::try_from_secs_f64(seconds).ok()?;
        (!duration.is_zero() && duration <= Duration::from_secs(86400)).then_some(duration)
    });
    seconds.ok_or_else(|| "seconds, more than 0 and at most 86400, are needed".to_owned())
}

/// Runs the program; gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    fd::fill_standard();
    let _ = signal::harden();
    let arguments = match Arguments::try_parse_from(output::words(args)) {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error, PERMANENT),
    };
    match probe(&arguments) {
        Ok(report) => {
            let line = format!("{}\n", report.line());
            match cli::output(&ME, line.as_bytes()) {
                0 => report.state.code(),
                failed => failed,
            }
        }
        Err(error) => {
            let message = error.to_string();
            let fatal = ME.fatal(&[message.as_bytes()], None);
            fatal.with_code(error.exit_code()).code()
        }
    }
}

fn probe(arguments: &Arguments) -> Result<Report, Error> {
    let Arguments {
        kind,
        words,
        timeout,
    } = arguments;
    if kind != "exec" && words.len() > 1 {
        return Err(Error::OneAddress(words.clone()));
    }
    let mut parsed = config::kind_of(kind, words).map_err(Error::Probe)?;
    let mut limits = timeout.map_or_else(Limits::default, Limits::total);
    if let Kind::Exec { timeout, .. } = &mut parsed {
        // Whole seconds there, an exact limit here.
        *timeout = u64::MAX;
        limits.total = limits.total.or(Some(EXEC_TIMEOUT));
    }
    let (config, settings) = (Config::default(), SettingsFile::new(Path::new(""), false));
    let context = Context::verbatim(&config, &settings);
    let dependency = Dependency::of_kind(&config, &context, kind, &parsed)?.within(limits);
    Ok(Report::new(&dependency, dependency.probe()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(words: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(words.split(' '))
    }

    #[test]
    fn options_stand_before_or_after_the_address() {
        Arguments::command().debug_assert();
        for words in [
            "svprobe tcp a:1 --timeout=0.5",
            "svprobe --timeout 0.5 tcp a:1",
            "svprobe exec --timeout=0.5 -- ls -l --timeout=1",
        ] {
            let parsed = parse(words).expect(words);
            assert_eq!(parsed.timeout, Some(Duration::from_millis(500)));
        }
        for words in [
            "svprobe",
            "svprobe tcp",
            "svprobe pop3 a:1",
            "svprobe tcp a:1 --timeout=0",
            "svprobe tcp a:1 --timeout=-1",
            "svprobe tcp a:1 --timeout=1e9",
        ] {
            assert!(parse(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_probe_tells_its_state_and_a_mistake_says_the_fix() {
        let state = |words: &str| probe(&parse(words).expect(words));
        let down = state("svprobe exec sh -- -c exit\u{a0}3").expect("probed");
        assert_eq!(down.state.code(), 2);
        let ready = state("svprobe exec true").expect("probed");
        assert_eq!(ready.line().split(" (").next(), Some("exec: ready"));
        // Nothing is replaced.
        let text = state("svprobe file /none/${HOME}").expect("probed");
        assert!(text.line().contains("/none/${HOME}"), "{}", text.line());
        for (words, part) in [
            ("svprobe tcp here", "host:port"),
            ("svprobe unix a:1", "path of a socket"),
            ("svprobe tcp a:1 b:2", "one address"),
            ("svprobe http ftp://a/", "is no address"),
        ] {
            let error = state(words).expect_err(words);
            assert!(error.to_string().contains(part), "{error}");
            assert_eq!(error.exit_code(), PERMANENT);
        }
    }
}
