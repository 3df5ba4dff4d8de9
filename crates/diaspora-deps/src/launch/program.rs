//! The real program of a service: its arguments, its environment and whom it runs as,
//! all made before the wait, so that what comes after it is nothing but the exec.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;

use daemontools::unix::env;
use daemontools::unix::exec::Strings;
use daemontools::{TEMPORARY, errno, pathexec};

use super::credentials::Credentials;
use crate::Failure;
use crate::context::{self, Context};
use crate::config::Service;
use crate::read;
use crate::settings::Settings;

/// What will run.
pub(super) struct Program {
    argv: Vec<CString>,
    env: Vec<CString>,
    credentials: Option<Credentials>,
}

impl Program {
    pub(super) fn new(
        service: &Service,
        context: &Context,
        settings: Option<&Settings>,
        args: &[&CStr],
    ) -> Result<Self, String> {
        let mut argv = Vec::new();
        for word in &service.exec {
            argv.push(context.expand_c(word)?);
        }
        argv.extend(args.iter().map(|&word| word.to_owned()));
        let mut set = BTreeMap::new();
        for (name, value) in &service.env {
            set.insert(name.clone(), context.expand(value)?);
        }
        let inherited: Vec<&[u8]> = env::iter().map(CStr::to_bytes).collect();
        let env = context::environment(&inherited, settings, &set)
            .into_iter()
            .filter_map(|entry| CString::new(entry).ok())
            .collect();
        let credentials = match &service.user {
            Some(user) => Some(Credentials::find(&context.expand_c(user)?, service, context)?),
            None => None,
        };
        Ok(Self {
            argv,
            env,
            credentials,
        })
    }

    /// The arguments that only some configurations bear.
    pub(super) fn add_unless(
        &mut self,
        service: &Service,
        context: &Context,
    ) -> Result<(), String> {
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

    pub(super) fn exec(&self) -> Failure {
        if let Some(credentials) = &self.credentials
            && let Err(error) = credentials.assume()
        {
            let message = format!("unable to change user: {}", errno::text(error));
            return Failure::new(TEMPORARY, message);
        }
        let argv: Strings = self.argv.iter().map(CString::as_c_str).collect();
        let env: Strings = self.env.iter().map(CString::as_c_str).collect();
        let path = self
            .env
            .iter()
            .find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="));
        let error = pathexec::exec_clean(&argv, path.unwrap_or(b"/bin:/usr/bin"), &env);
        let name = OsStr::from_bytes(self.argv[0].to_bytes());
        let message = format!(
            "unable to run {}: {}",
            name.to_string_lossy(),
            errno::text(error)
        );
        Failure::new(TEMPORARY, message)
    }
}
