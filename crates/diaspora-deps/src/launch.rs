//! `exec`: the whole of a run script. Prepares what the service needs, waits for its
//! dependencies, becomes its user and executes its program. The program has the gate's
//! pid: no process stays between it and supervise.

use std::ffi::CStr;
use std::path::Path;

use crate::config::{Config, Service};
use crate::context::Context;
use crate::dependency::Dependency;
use crate::error::Error;
use crate::name::{self, Name};
use crate::paths::Paths;
use crate::wait::{Options, Pace, Wait};
use crate::waiting::Notebook;

mod credentials;
mod fix;
mod interpreter;
mod managed;
mod prepare;
mod program;

use fix::Origin;
use program::Program;

/// Becomes the service `label`, with `args` after the arguments of its own. Returns only
/// if that fails.
pub fn exec(
    config: &Config,
    paths: &Paths,
    options: Options,
    label: &str,
    args: &[&CStr],
) -> Error {
    match gate(config, paths, options, label, args) {
        Ok(program) => program.exec(),
        Err(error) => options.judge(error),
    }
}

/// Does everything before the exec. A mistake in the configuration is found before the
/// wait.
fn gate(
    config: &Config,
    paths: &Paths,
    options: Options,
    label: &str,
    args: &[&CStr],
) -> Result<Program, Error> {
    let paths = paths.absolute();
    let directory = name::of_working_directory();
    let notebook = Notebook::of_working_directory();
    let name = identify(config, label, &directory)?;
    let service = &config.services[&name.service];
    if service.exec.is_empty() {
        return Err(Error::NoProgram {
            name: label.to_owned(),
            service: name.service,
        });
    }
    let file = paths.settings_file().within(options.left());
    let unnamed = Context::new(config, &file);
    let context = unnamed.of(&name);
    let origin = Origin {
        service,
        settings: &paths.settings,
    };
    let explain = |error| origin.explain(error, None);
    let mut program = Program::new(service, &context, args).map_err(explain)?;
    let dependencies = service.needs.iter().map(|need| {
        let dependency = Dependency::new(config, &unnamed, &paths.directory, &need.name);
        dependency.map_err(|cause| Error::Need {
            location: need.location.clone(),
            cause: Box::new(cause),
        })
    });
    let dependencies = dependencies.collect::<Result<Vec<_>, _>>()?;
    prepare::prepare(service, &context).map_err(explain)?;
    program.add_unless(service, &context)?;
    let looked = program.look();
    looked.map_err(|error| origin.explain(error, Some(&program)))?;
    let limit = || {
        notebook.note_wait();
        match options.deadline {
            Some(_) => Ok(0),
            None => service.attempts.map_or_else(|| context.attempts(), Ok),
        }
    };
    let wait = Wait {
        name: &directory,
        pace: Pace::Eager,
        options,
    };
    wait.all(&dependencies, limit)?;
    Ok(program)
}

/// Why a gate with this inherited environment would not find the program of a service, with
/// what to do about it. `None` if it would, or would end before for another reason.
pub(crate) fn not_found(
    service: &Service,
    context: &Context,
    settings: &Path,
    inherited: &[&[u8]],
) -> Option<Error> {
    let program = Program::inheriting(inherited, service, context, &[]).ok()?;
    let origin = Origin { service, settings };
    let error = program.look().err()?;
    Some(origin.explain(error, Some(&program)))
}

/// The service and instance that `label` means. An instance that is not in the name is
/// the one of the service directory.
fn identify(config: &Config, label: &str, directory: &str) -> Result<Name, Error> {
    let mut name = config.find(label).ok_or_else(|| config.unknown(label))?;
    if config.services[&name.service].instances && name.instance.is_none() {
        name.instance = name::instance_of(directory);
        if name.instance.is_none() {
            return Err(Error::NoInstanceInDirectory {
                directory: directory.to_owned(),
                service: label.to_owned(),
            });
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instance_comes_from_the_name_or_from_the_directory() {
        let config = Config::load(Path::new("/nonexistent")).expect("the built-in one");
        let identify = |label: &str, directory: &str| {
            let name = identify(&config, label, directory);
            name.map_or_else(|error| error.to_string(), |name| name.to_string())
        };
        assert_eq!(identify("thin", "99thin_2"), "thin_2");
        assert_eq!(identify("thin_1", "99thin_2"), "thin_1");
        assert_eq!(identify("redis", "30redis"), "redis");
        let no_instance = "the directory's name \"99thin\" has no instance: call it thin_0, say";
        assert_eq!(identify("thin", "99thin"), no_instance);
        let unknown = "unknown 'thim': did you mean \"thin\"?";
        assert_eq!(identify("thim", "x_1"), unknown);
    }
}
