//! Measures the suite's programs beside the reference and the peers: every contender
//! in turn within one run (A B C A B C), medians, ratios, and whether a target is met,
//! as Markdown tables. Figures of different runs or machines don't compare; ratios do.
#![forbid(unsafe_code)]

mod chain;
mod clients;
mod contender;
mod copier;
mod crashes;
mod family;
mod idle;
mod input;
mod latency;
mod log_lines;
mod log_path;
mod machine;
mod memory;
mod process;
mod program;
mod settings;
mod sizes;
mod startup;
mod stop;
mod table;
mod tree;

use std::error::Error;

use clap::Parser;

use settings::Settings;
use table::Row;

/// Whatever goes wrong in a case ends it, with a message in place of its rows.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// A number of rows that are measured together.
struct Case {
    name: &'static str,
    about: &'static str,
    measure: fn(&Settings) -> Outcome<Vec<Row>>,
}

/// In the order they are run.
const CASES: &[Case] = &[
    Case {
        name: "sizes",
        about: "sizes of programs",
        measure: sizes::measure,
    },
    Case {
        name: "memory",
        about: "idle supervise, svscan with 1,000 services",
        measure: memory::measure,
    },
    Case {
        name: "startup",
        about: "1,000 services until all are up",
        measure: startup::thousand,
    },
    Case {
        name: "startup-10000",
        about: "10,000 services until all are up",
        measure: startup::ten_thousand,
    },
    Case {
        name: "latency",
        about: "commands, new directories, supervises that are killed",
        measure: latency::measure,
    },
    Case {
        name: "restart",
        about: "from a crash to the next start",
        measure: latency::restart,
    },
    Case {
        name: "stop",
        about: "from the command d until the service is down",
        measure: stop::measure,
    },
    Case {
        name: "clients",
        about: "svc, svok, svstat, svctl",
        measure: clients::measure,
    },
    Case {
        name: "chain",
        about: "chain loaders, exec to exec",
        measure: chain::measure,
    },
    Case {
        name: "log",
        about: "multilog: throughput",
        measure: log_path::web,
    },
    Case {
        name: "log-others",
        about: "multilog: throughput of other lines, on a disk",
        measure: log_path::others,
    },
    Case {
        name: "filters",
        about: "tai64n, tai64nlocal, readproctitle: throughput",
        measure: log_path::filters,
    },
    Case {
        name: "log-lines",
        about: "multilog: latency, system calls, memory",
        measure: log_lines::measure,
    },
    Case {
        name: "idle",
        about: "CPU of an idle tree, of a crash loop",
        measure: idle::measure,
    },
    Case {
        name: "crashes",
        about: "many restarts of one service: descriptors, memory",
        measure: crashes::measure,
    },
];

/// Measures the suite beside the reference and the peers.
#[derive(Debug, Parser)]
#[command(name = "bench", version, after_help = cases())]
struct Options {
    /// Only this case (may be given more than once).
    #[arg(long, value_name = "CASE")]
    only: Vec<String>,
    /// Few rounds and small inputs: whether it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    places: settings::Places,
}

fn cases() -> String {
    let list = CASES
        .iter()
        .map(|case| format!("  {:14} {}\n", case.name, case.about));
    format!("Cases:\n{}", list.collect::<String>())
}

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &arguments[..]
        && first == copier::OPTION
    {
        return copier::run(rest);
    }
    let options = Options::parse();
    for name in &options.only {
        if !CASES.iter().any(|case| case.name == name) {
            return Err(format!("there is no case {name}; see --help").into());
        }
    }
    let settings = Settings::new(options.places, options.quick)?;
    println!("{}", machine::heading(&settings));
    let mut failed = Vec::new();
    for case in CASES {
        if !options.only.is_empty() && !options.only.iter().any(|name| case.name == name) {
            continue;
        }
        eprintln!("bench: {}: {}", case.name, case.about);
        match (case.measure)(&settings) {
            Ok(rows) => println!("{}", table::markdown(case.about, &rows)),
            Err(error) => {
                println!("### {}\n\nnot measured: {error}\n", case.about);
                failed.push(case.name);
            }
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("not measured: {}", failed.join(", ")).into())
    }
}
