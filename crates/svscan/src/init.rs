//! `svinit`: svscan for a container. It starts the services of a directory and perhaps one
//! program, puts names before the lines of those that have no logger, and ends with the
//! exit code of the one that matters. It need not be process 1.

mod options;

use core::ffi::CStr;

use daemontools::strerr::Fatal;
use daemontools::unix::file::{self, Kind};
use daemontools::unix::{fd, process, terminal};
use daemontools::{Args, Errno, cli, diag, getopt};

use crate::container::{Container, Program};
use crate::main_end::Mains;
use crate::mirror;
use crate::reporter::REPORTER;
use crate::run::{Setup, run_container};
use crate::signals::of_init;
use crate::spawn::Apart;

use options::{HELP, Options, Parsed, USAGE};

/// The program: `svinit [options] [directory] [-- program [argument ...]]`. Returns the exit
/// code: that of a main service or of the program, 0 after a stop that was asked for, 100 for
/// wrong usage, 111 if it could not begin.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    REPORTER.is_svinit();
    let options = match options::parse(&args) {
        Ok(Parsed::Run(options)) => options,
        Ok(Parsed::Help) => return cli::help(&REPORTER, HELP),
        Ok(Parsed::Version) => return cli::version(&REPORTER),
        Ok(Parsed::Usage) => return getopt::usage(&REPORTER, USAGE).code(),
        Err(fatal) => return fatal.code(),
    };
    fd::fill_standard();
    match prepare(args, options) {
        Ok(setup) => run_container(of_init(terminal::is_terminal(fd::STDIN)), setup),
        Err(fatal) => fatal.code(),
    }
}

/// Goes to the scan directory or its mirror, and puts together what svscan does not have.
fn prepare(args: Args, options: Options) -> Result<Setup, Fatal> {
    let directory = options.directory.as_c_str();
    let started_in = file::open_directory_path(c".").ok();
    let mirror = mirror::prepare(directory, options.state.as_deref())?;
    for main in &options.mains {
        check_main(main, directory)?;
    }
    // Without it what services leave behind is another's to end.
    let _ = process::become_subreaper();
    let program = options
        .program
        .and_then(|index| args.vector(index))
        .map(|argv| Program::new(argv, started_in));
    let apart = (!options.plain).then(|| Apart {
        input: file::open_null().ok(),
    });
    Ok(Setup {
        mains: Mains {
            names: options.mains,
            program_name: program
                .as_ref()
                .map(Program::name)
                .unwrap_or_default()
                .into(),
            ..Mains::default()
        },
        container: Container::new(mirror, program, options.stop_timeout),
        prefixes: !options.plain,
        apart,
    })
}

/// A main service has to be there: its end would be waited for for ever.
fn check_main(name: &CStr, directory: &CStr) -> Result<(), Fatal> {
    let error = match file::stat(name) {
        Ok(facts) if facts.kind == Kind::Directory => return Ok(()),
        Ok(_) => Errno::ENOTDIR,
        Err(error) => error,
    };
    let what: [&[u8]; 4] = [
        b"--main=",
        name.to_bytes(),
        b" is no service of ",
        directory.to_bytes(),
    ];
    Err(REPORTER.fatal(&what, error))
}
