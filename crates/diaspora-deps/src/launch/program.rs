//! The program of a service: its arguments, its environment and its credentials. They are
//! found before the wait, so that only the exec is left after it.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use daemontools::pathexec;
use daemontools::unix::exec::Strings;
use daemontools::unix::{account, env};

use super::credentials::Credentials;
use super::interpreter;
use crate::config::Service;
use crate::context::Context;
use crate::environment::environment;
use crate::error::Error;
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
}

impl Program {
    pub(super) fn new(service: &Service, context: &Context, args: &[&CStr]) -> Result<Self, Error> {
        let inherited: Vec<&[u8]> = env::iter().map(CStr::to_bytes).collect();
        Self::inheriting(&inherited, service, context, args)
    }

    /// The program with another inherited environment than that of this process.
    pub(super) fn inheriting(
        inherited: &[&[u8]],
        service: &Service,
        context: &Context,
        args: &[&CStr],
    ) -> Result<Self, Error> {
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
        let env = environment(inherited, settings, &set)
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

    /// The PATH along which it is searched.
    pub(super) fn path(&self) -> &[u8] {
        self.variable(b"PATH=").unwrap_or(b"/bin:/usr/bin")
    }

    /// The homes whose programs it may mean: that of its environment, and this process's.
    pub(super) fn homes(&self) -> Vec<PathBuf> {
        let homes = [self.variable(b"HOME="), env::get(b"HOME")].into_iter();
        let homes = homes.flatten().filter(|home| home.starts_with(b"/"));
        homes
            .map(|home| PathBuf::from(OsStr::from_bytes(home)))
            .collect()
    }

    fn variable(&self, start: &[u8]) -> Option<&[u8]> {
        let mut entries = self.env.iter();
        entries.find_map(|entry| entry.to_bytes().strip_prefix(start))
    }

    /// Looks whether it is there.
    ///
    /// # Errors
    /// [`Error::NotInPath`], [`Error::NoInterpreter`]; the kernel finds what else is wrong.
    pub(super) fn look(&self) -> Result<(), Error> {
        let name = self.argv[0].to_bytes();
        let program = self.argv[0].to_string_lossy().into_owned();
        let path = String::from_utf8_lossy(self.path()).into_owned();
        let Some(file) = interpreter::find(name, self.path()) else {
            return Err(Error::NotInPath { program, path });
        };
        match interpreter::missing(&file, self.path()) {
            None => Ok(()),
            Some(interpreter) => Err(Error::NoInterpreter {
                program,
                interpreter,
                path,
            }),
        }
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
        let cause = pathexec::exec_clean(&argv, self.path(), &env);
        let program = self.argv[0].to_string_lossy().into_owned();
        Error::Run { program, cause }
    }
}
