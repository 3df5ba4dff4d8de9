//! `exec`: the whole of a run script. Prepares what the service needs, waits for its
//! dependencies, becomes its user and then the real program: no process stays
//! between supervise and it.

use std::ffi::CStr;

use daemontools::PERMANENT;

use crate::Failure;
use crate::context::{self, Context, Places};
use crate::data::Data;
use crate::name::{self, Name};
use crate::question::Question;
use crate::wait::{self, Pace};

mod files;
mod identity;
mod program;

use program::Program;

/// Becomes the service `shown`, with `args` behind its own arguments. Returns only
/// to say why not.
pub fn exec(data: &Data, places: &Places, shown: &str, args: &[&CStr]) -> Failure {
    match prepare(data, places, shown, args) {
        Ok(program) => program.exec(),
        Err(failure) => failure,
    }
}

fn prepare(data: &Data, places: &Places, shown: &str, args: &[&CStr]) -> Result<Program, Failure> {
    let directory = here();
    let name = identify(data, shown, &directory).map_err(Failure::permanent)?;
    let service = &data.services[&name.service];
    if service.exec.is_empty() {
        return Err(Failure::permanent(format!(
            "{shown} has no program: add exec = [...] to [service.{}]",
            name.service
        )));
    }
    let mut sourced = None;
    if service.source_settings {
        sourced = context::source(data, &places.settings)?;
    }
    let all = Context::new(data, sourced.as_ref());
    let context = all.of(&name);
    let mut program =
        Program::new(service, &context, sourced.as_ref(), args).map_err(Failure::permanent)?;
    let questions = service.needs.iter().map(|need| {
        Question::new(data, &all, &places.directory, &need.name)
            .map_err(|why| Failure::permanent(format!("{}: {why}", need.place)))
    });
    let questions = questions.collect::<Result<Vec<_>, _>>()?;
    files::make_ready(service, &context)?;
    program
        .add_unless(service, &context)
        .map_err(Failure::permanent)?;
    let attempts = || {
        let limit = service.attempts.map_or_else(|| context.attempts(), Ok);
        limit.map_err(|why| {
            let fatal = crate::ME.fatal(&[why.as_bytes()], None);
            fatal.with_code(PERMANENT)
        })
    };
    wait::all(&directory, &questions, Pace::Eager, attempts)
        .map_err(|fatal| Failure::new(fatal.code(), String::new()))?;
    Ok(program)
}

/// The name of the working directory, where supervise has put us.
pub(crate) fn here() -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let name = here.file_name().unwrap_or(here.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Which service `shown` is, and which instance: said in the name, or by that of the
/// service directory.
fn identify(data: &Data, shown: &str, directory: &str) -> Result<Name, String> {
    let mut name = data
        .find(shown)
        .ok_or_else(|| format!("unknown '{shown}': {}", data.suggest(shown)))?;
    if data.services[&name.service].instances && name.instance.is_none() {
        name.instance = name::instance_of(directory);
        if name.instance.is_none() {
            return Err(format!(
                "the directory's name \"{directory}\" has no instance: call it {shown}_0, say"
            ));
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_instance_comes_from_the_name_or_from_the_directory() {
        let data = Data::load(Path::new("/nonexistent")).expect("the built-in data");
        let identify = |shown: &str, directory: &str| {
            identify(&data, shown, directory).map(|name| name.to_string())
        };
        assert_eq!(identify("thin", "99thin_2").as_deref(), Ok("thin_2"));
        assert_eq!(identify("thin_1", "99thin_2").as_deref(), Ok("thin_1"));
        assert_eq!(identify("redis", "30redis").as_deref(), Ok("redis"));
        assert!(identify("thin", "99thin").is_err_and(|why| why.contains("thin_0")));
        assert!(identify("thim", "x_1").is_err_and(|why| why.contains("\"thin\"")));
    }
}
