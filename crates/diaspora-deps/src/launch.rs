//! `exec`: the whole of a run script. Prepares what the service needs, waits for its
//! dependencies, becomes its user and then the real program: no process stays
//! between supervise and it.

use std::ffi::CStr;

use daemontools::PERMANENT;

use crate::Failure;
use crate::context::{self, Context, Paths};
use crate::config::Config;
use crate::name::{self, Name};
use crate::dependency::Dependency;
use crate::wait::{self, Pace};

mod files;
mod credentials;
mod program;

use program::Program;

/// Becomes the service `label`, with `args` behind its own arguments. Returns only
/// to say why not.
pub fn exec(config: &Config, paths: &Paths, label: &str, args: &[&CStr]) -> Failure {
    match prepare(config, paths, label, args) {
        Ok(program) => program.exec(),
        Err(failure) => failure,
    }
}

fn prepare(config: &Config, paths: &Paths, label: &str, args: &[&CStr]) -> Result<Program, Failure> {
    let directory = here();
    let name = identify(config, label, &directory).map_err(Failure::permanent)?;
    let service = &config.services[&name.service];
    if service.exec.is_empty() {
        return Err(Failure::permanent(format!(
            "{label} has no program: add exec = [...] to [service.{}]",
            name.service
        )));
    }
    let mut settings = None;
    if service.source_settings {
        settings = context::source(config, &paths.settings)?;
    }
    let all = Context::new(config, settings.as_ref());
    let context = all.of(&name);
    let mut program =
        Program::new(service, &context, settings.as_ref(), args).map_err(Failure::permanent)?;
    let dependencies = service.needs.iter().map(|need| {
        Dependency::new(config, &all, &paths.directory, &need.name)
            .map_err(|why| Failure::permanent(format!("{}: {why}", need.place)))
    });
    let dependencies = dependencies.collect::<Result<Vec<_>, _>>()?;
    files::make_ready(service, &context)?;
    program
        .add_unless(service, &context)
        .map_err(Failure::permanent)?;
    let attempts = || {
        let limit = service.attempts.map_or_else(|| context.attempts(), Ok);
        limit.map_err(|why| {
            crate::ME.fatal(&[why.as_bytes()], None);
            PERMANENT
        })
    };
    wait::all(&directory, &dependencies, Pace::Eager, attempts)
        .map_err(|code| Failure::new(code, String::new()))?;
    Ok(program)
}

/// The name of the working directory, where supervise has put us.
pub(crate) fn here() -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let name = here.file_name().unwrap_or(here.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Which service `label` is, and which instance: said in the name, or by that of the
/// service directory.
fn identify(config: &Config, label: &str, directory: &str) -> Result<Name, String> {
    let mut name = config
        .find(label)
        .ok_or_else(|| format!("unknown '{label}': {}", config.suggest(label)))?;
    if config.services[&name.service].instances && name.instance.is_none() {
        name.instance = name::instance_of(directory);
        if name.instance.is_none() {
            return Err(format!(
                "the directory's name \"{directory}\" has no instance: call it {label}_0, say"
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
        let config = Config::load(Path::new("/nonexistent")).expect("the built-in config");
        let identify = |label: &str, directory: &str| {
            identify(&config, label, directory).map(|name| name.to_string())
        };
        assert_eq!(identify("thin", "99thin_2").as_deref(), Ok("thin_2"));
        assert_eq!(identify("thin_1", "99thin_2").as_deref(), Ok("thin_1"));
        assert_eq!(identify("redis", "30redis").as_deref(), Ok("redis"));
        assert!(identify("thin", "99thin").is_err_and(|why| why.contains("thin_0")));
        assert!(identify("thim", "x_1").is_err_and(|why| why.contains("\"thin\"")));
    }
}
