//! `exec`: the whole of a run script. Prepares what the service needs, waits for its
//! dependencies, becomes its user and then the real program: no process stays
//! between supervise and it.

use std::ffi::{CStr, CString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use daemontools::unix::exec::Strings;
use daemontools::unix::{account, env};
use daemontools::{PERMANENT, TEMPORARY, errno, pathexec};

use crate::context::{self, Context, Places};
use crate::data::{Data, LogFile, Owned, Service};
use crate::name::{self, Name};
use crate::question::Question;
use crate::settings::Sourced;
use crate::wait::{self, Pace};

/// Why there is no program: exit code and message (none where it was said).
pub struct Failure {
    /// The exit code.
    pub code: i32,
    /// What to say.
    pub message: String,
}

impl Failure {
    pub(crate) const fn new(code: i32, message: String) -> Self {
        Self { code, message }
    }
}

/// The exit codes of the preparations, as the scripts of old had them.
const CHDIR: i32 = 1;
const CREATE: i32 = 2;
const OWNER: i32 = 3;
const MODE: i32 = 4;

fn permanent(message: String) -> Failure {
    Failure::new(PERMANENT, message)
}

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
    let name = identify(data, shown, &directory).map_err(permanent)?;
    let service = &data.services[&name.service];
    if service.exec.is_empty() {
        return Err(permanent(format!(
            "{shown} has no program: add exec = [...] to [service.{}]",
            name.service
        )));
    }
    // Before any thread: the shell is forked.
    let mut sourced = None;
    if service.source_settings {
        sourced =
            context::source(data, &places.settings).map_err(|why| Failure::new(TEMPORARY, why))?;
    }
    let all = Context::new(data, sourced.as_ref());
    let context = all.of(&name);
    let mut program = Program::new(service, &context, sourced.as_ref(), args).map_err(permanent)?;
    let questions = service.needs.iter().map(|need| {
        Question::new(data, &all, &places.directory, &need.name)
            .map_err(|why| permanent(format!("{}: {why}", need.place)))
    });
    let questions = questions.collect::<Result<Vec<_>, _>>()?;
    make_ready(service, &context)?;
    program.add_unless(service, &context).map_err(permanent)?;
    let attempts = || {
        let limit = service.attempts.map_or_else(|| context.attempts(), Ok);
        limit.map_err(|why| {
            crate::ME.fatal(&[why.as_bytes()], None);
            PERMANENT
        })
    };
    wait::all(&directory, &questions, Pace::Eager, attempts)
        .map_err(|code| Failure::new(code, String::new()))?;
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

/// Directory, directories and log file.
fn make_ready(service: &Service, context: &Context) -> Result<(), Failure> {
    for owned in &service.directories {
        make_directory(owned, context)?;
    }
    if let Some(directory) = &service.directory {
        let directory = context.expand_path(directory).map_err(permanent)?;
        std::env::set_current_dir(&directory)
            .map_err(|error| failed(CHDIR, "chdir to", &directory, &error))?;
    }
    match &service.log {
        Some(log) => make_log(log, context),
        None => Ok(()),
    }
}

fn make_directory(owned: &Owned, context: &Context) -> Result<(), Failure> {
    let path = context.expand_path(&owned.path).map_err(permanent)?;
    match fs::DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(CREATE, "make", &path, &error)),
        Ok(()) => {
            let open = OpenOptions::new()
                .read(true)
                .custom_flags(NOFOLLOW)
                .open(&path);
            let file = open.map_err(|error| failed(CREATE, "open", &path, &error))?;
            hand_over(
                &file,
                &path,
                owned.user.as_deref(),
                owned.group.as_deref(),
                owned.mode.as_deref(),
                context,
            )
        }
    }
}

/// `O_NOFOLLOW | O_NONBLOCK | O_NOCTTY`: neither a link nor a FIFO that was planted
/// may lead us anywhere.
const NOFOLLOW: i32 = 0o400_000 | 0o4_000 | 0o400;

/// Touches the log file and gives it owner and mode. Others may write to its
/// directory: what they may have planted there is refused.
fn make_log(log: &LogFile, context: &Context) -> Result<(), Failure> {
    let path = context.expand_path(&log.file).map_err(permanent)?;
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(NOFOLLOW)
        .open(&path)
        .map_err(|error| failed(CREATE, "open", &path, &error))?;
    let facts = file
        .metadata()
        .map_err(|error| failed(CREATE, "look at", &path, &error))?;
    if !facts.is_file() || facts.nlink() != 1 {
        return Err(Failure::new(
            CREATE,
            format!("{} is not a file of its own", path.display()),
        ));
    }
    hand_over(
        &file,
        &path,
        log.user.as_deref(),
        log.group.as_deref(),
        log.mode.as_deref(),
        context,
    )
}

fn hand_over(
    file: &File,
    path: &Path,
    user: Option<&str>,
    group: Option<&str>,
    mode: Option<&str>,
    context: &Context,
) -> Result<(), Failure> {
    let unknown = |why| Failure::new(OWNER, why);
    let (uid, gid) = ids(user, group, context).map_err(unknown)?;
    let facts = file
        .metadata()
        .map_err(|error| failed(OWNER, "look at", path, &error))?;
    let same = uid.is_none_or(|uid| uid == facts.uid()) && gid.is_none_or(|gid| gid == facts.gid());
    if !same {
        fchown(file, uid, gid).map_err(|error| failed(OWNER, "chown", path, &error))?;
    }
    if let Some(mode) = mode {
        let bits = u32::from_str_radix(mode, 8)
            .map_err(|_| Failure::new(MODE, format!("mode \"{mode}\" is not octal")))?;
        file.set_permissions(Permissions::from_mode(bits & 0o7777))
            .map_err(|error| failed(MODE, "chmod", path, &error))?;
    }
    Ok(())
}

fn failed(code: i32, what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let error = daemontools::Errno::from_raw(error.raw_os_error().unwrap_or(0));
    let message = format!(
        "unable to {what} {}: {}",
        path.display(),
        errno::text(error)
    );
    Failure::new(code, message)
}

/// The ids of a user and a group by name.
fn ids(
    user: Option<&str>,
    group: Option<&str>,
    context: &Context,
) -> Result<(Option<u32>, Option<u32>), String> {
    let uid = user.map(|user| find_user(&context.expand_c(user)?).map(|account| account.uid));
    let gid = group.map(|group| find_group(&context.expand_c(group)?));
    Ok((uid.transpose()?, gid.transpose()?))
}

pub(crate) fn find_user(name: &CStr) -> Result<account::Account, String> {
    account::find(name).ok_or_else(|| format!("unknown user {}", name.to_string_lossy()))
}

pub(crate) fn find_group(name: &CStr) -> Result<u32, String> {
    account::find_group(name).ok_or_else(|| format!("unknown group {}", name.to_string_lossy()))
}

/// Whom to become.
struct Identity {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

/// What will run.
struct Program {
    argv: Vec<CString>,
    env: Vec<CString>,
    identity: Option<Identity>,
}

impl Program {
    fn new(
        service: &Service,
        context: &Context,
        sourced: Option<&Sourced>,
        args: &[&CStr],
    ) -> Result<Self, String> {
        let mut argv = Vec::new();
        for word in &service.exec {
            argv.push(context.expand_c(word)?);
        }
        argv.extend(args.iter().map(|&word| word.to_owned()));
        let mut set = std::collections::BTreeMap::new();
        for (name, value) in &service.env {
            set.insert(name.clone(), context.expand(value)?);
        }
        let inherited: Vec<&[u8]> = env::iter().map(CStr::to_bytes).collect();
        let env = context::environment(&inherited, sourced, &set)
            .into_iter()
            .filter_map(|entry| CString::new(entry).ok())
            .collect();
        let identity = match &service.user {
            Some(user) => Some(Identity::find(&context.expand_c(user)?, service, context)?),
            None => None,
        };
        Ok(Self {
            argv,
            env,
            identity,
        })
    }

    /// The arguments that only some configurations bear.
    fn add_unless(&mut self, service: &Service, context: &Context) -> Result<(), String> {
        let Some(unless) = &service.unless else {
            return Ok(());
        };
        let text = fs::read(context.expand_path(&unless.file)?).unwrap_or_default();
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

    fn exec(&self) -> Failure {
        if let Some(identity) = &self.identity
            && let Err(error) = identity.assume()
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
        let name = std::ffi::OsStr::from_bytes(self.argv[0].to_bytes());
        let message = format!(
            "unable to run {}: {}",
            name.to_string_lossy(),
            errno::text(error)
        );
        Failure::new(TEMPORARY, message)
    }
}

impl Identity {
    fn find(user: &CStr, service: &Service, context: &Context) -> Result<Self, String> {
        let account = find_user(user)?;
        let gid = match &service.group {
            Some(group) => find_group(&context.expand_c(group)?)?,
            None => account.gid,
        };
        let groups = account::groups(user, gid).map_err(|error| {
            format!(
                "the groups of {}: {}",
                user.to_string_lossy(),
                errno::text(error)
            )
        })?;
        Ok(Self {
            uid: account.uid,
            gid,
            groups,
        })
    }

    /// Groups, then the group, then the user; each is looked at again. Nothing is
    /// done where it is so already: not everybody who gates a service is root.
    fn assume(&self) -> daemontools::Result<()> {
        if own_ids() == Some((self.uid, self.gid)) && self.uid != 0 {
            return Ok(());
        }
        account::become_group(self.gid, &self.groups)?;
        account::become_user(self.uid)
    }
}

/// Real, effective and saved ids where all are the same: user, group.
fn own_ids() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let id = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        let mut ids = line.split_whitespace().map(str::parse::<u32>);
        let first = ids.next()?.ok()?;
        ids.all(|id| id == Ok(first)).then_some(first)
    };
    Some((id("Uid:")?, id("Gid:")?))
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_log_file_that_somebody_planted_is_refused() {
        let place = tempfile::tempdir().expect("a directory");
        let secret = place.path().join("secret");
        fs::write(&secret, "x").expect("write");
        let data = Data::default();
        let context = Context::new(&data, None);
        let make = |name: &str| {
            let file = place.path().join(name);
            let log = LogFile {
                file: file.to_string_lossy().into_owned(),
                user: None,
                group: None,
                mode: Some("640".to_owned()),
            };
            make_log(&log, &context)
        };
        std::os::unix::fs::symlink(&secret, place.path().join("link")).expect("link");
        fs::hard_link(&secret, place.path().join("hard")).expect("link");
        for planted in ["link", "hard"] {
            assert_eq!(make(planted).expect_err(planted).code, CREATE);
        }
        assert!(make("fresh").is_ok());
        let mode = fs::metadata(place.path().join("fresh"))
            .expect("made")
            .mode();
        assert_eq!(mode & 0o7777, 0o640);
        assert_eq!(make("no/such").expect_err("no directory").code, CREATE);
    }
}
