//! The program of a service: its arguments, its environment and its credentials. They are
//! found before the wait, so that only the exec is left after it.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStringExt;

use daemontools::unix::exec::Strings;
use daemontools::unix::{account, env};
use daemontools::{Errno, pathexec};

use super::credentials::Credentials;
use super::interpreter;
use crate::config::Service;
use crate::context::Context;
use crate::environment::environment;
use crate::error::{Error, Search};
use crate::read;

/// The variables that tell a program its user, as a login sets them.
fn variables_of(user: &CStr) -> BTreeMap<String, Vec<u8>> {
    let home = account::home(user).map(|home| home.into_os_string().into_vec());
    let name = Some(user.to_bytes().to_vec());
    let variables = [("HOME", home), ("USER", name.clone()), ("LOGNAME", name)];
    let known = |(name, value): (&str, Option<_>)| Some((name.to_owned(), value?));
    variables.into_iter().filter_map(known).collect()
}

/// A program that is ready to be executed.
pub(super) struct Program {
    argv: Vec<CString>,
    env: Vec<CString>,
    credentials: Option<Credentials>,
    /// Whether the settings file may change its PATH.
    is_sourced: bool,
}

impl Program {
    pub(super) fn new(service: &Service, context: &Context, args: &[&CStr]) -> Result<Self, Error> {
        let mut words = service.exec.iter();
        let program = words.next().map(|program| context.expand_name(program));
        let mut argv = Vec::from_iter(program.transpose()?);
        for word in words {
            argv.push(context.expand_c(word)?);
        }
        argv.extend(args.iter().map(|&word| word.to_owned()));
        let mut set = match &service.user {
            Some(user) => variables_of(&context.expand_name(user)?),
            None => BTreeMap::new(),
        };
        for (name, value) in &service.env {
            set.insert(name.clone(), context.expand(value)?);
        }
        let settings = match service.source_settings {
            true => context.settings()?,
            false => None,
        };
        let inherited: Vec<&[u8]> = env::iter().map(CStr::to_bytes).collect();
        let env = environment(&inherited, settings, &set)
            .into_iter()
            .filter_map(|entry| CString::new(entry).ok())
            .collect();
        let credentials = match &service.user {
            Some(user) => Some(Credentials::find(
                &context.expand_name(user)?,
                service,
                context,
            )?),
            None => None,
        };
        Ok(Self {
            argv,
            env,
            credentials,
            is_sourced: service.source_settings,
        })
    }

    /// Adds the arguments of `unless`, if its file does not have the line.
    pub(super) fn add_unless(&mut self, service: &Service, context: &Context) -> Result<(), Error> {
        let Some(unless) = &service.unless else {
            return Ok(());
        };
        let text = read::regular(&context.expand_path(&unless.file)?).unwrap_or_default();
        let line = context.expand(&unless.line)?;
        if !text
            .split(|&byte| byte == b'\n')
            .any(|found| found.trim_ascii() == line)
        {
            for word in &unless.args {
                self.argv.push(context.expand_c(word)?);
            }
        }
        Ok(())
    }

    /// Becomes the program. Returns only if that fails.
    pub(super) fn exec(&self) -> Error {
        if let Some(credentials) = &self.credentials
            && let Err(error) = credentials.assume()
        {
            return Error::ChangeUser(error);
        }
        let argv: Strings = self.argv.iter().map(CString::as_c_str).collect();
        let env: Strings = self.env.iter().map(CString::as_c_str).collect();
        let path = self
            .env
            .iter()
            .find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="));
        let path = path.unwrap_or(b"/bin:/usr/bin");
        let program = self.argv[0].to_string_lossy().into_owned();
        let search = || Search {
            path: String::from_utf8_lossy(path).into_owned(),
            is_sourced: self.is_sourced,
        };
        let file = interpreter::find(self.argv[0].to_bytes(), path);
        let interpreter = file
            .as_ref()
            .and_then(|file| interpreter::missing(file, path));
        if let Some(interpreter) = interpreter {
            let search = search();
            return Error::NoInterpreter {
                program,
                interpreter,
                search,
            };
        }
        match pathexec::exec_clean(&argv, path, &env) {
            Errno::ENOENT if file.is_none() => {
                let search = search();
                Error::NotInPath { program, search }
            }
            cause => Error::Run { program, cause },
        }
    }
}
