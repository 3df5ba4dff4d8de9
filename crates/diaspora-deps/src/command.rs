//! The command line of `diaspora-deps`: reads it, lays it over the environment, and
//! has it done. What can be written is in `line`, what is done then in `act`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::Parser;
use daemontools::strerr::Fatal;
use daemontools::{Args, PERMANENT, about, diag, strerr};

use crate::ME;
use crate::context::Places;
use crate::data::Data;

mod act;
mod line;

use line::Line;

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
        Err(mistake) => return fail(PERMANENT, &mistake).code(),
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

fn fail(code: i32, why: &str) -> Fatal {
    if why.is_empty() {
        return Fatal::new(code);
    }
    ME.fatal(&[why.as_bytes()], None).with_code(code)
}

fn print(text: &str) -> i32 {
    about::output(&ME, text.as_bytes())
}
