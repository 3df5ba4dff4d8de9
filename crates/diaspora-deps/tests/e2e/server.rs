//! One real server without a supervise, and probes of it.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use daemontools::unix::account;

use crate::world::World;

/// A server with a log and a folder of its own. It is killed at the end.
pub(crate) struct Server<'a> {
    world: &'a World,
    child: Child,
    log: PathBuf,
}

impl<'a> Server<'a> {
    /// Starts it as `user`.
    pub(crate) fn start(world: &'a World, user: &str, program: &str, words: &[&str]) -> Self {
        let name = program.rsplit('/').next().unwrap();
        let log = world.path(&format!("{name}.log"));
        let file = File::create(&log).unwrap();
        let mut command = world.command(program);
        command
            .args(words)
            .stderr(file.try_clone().unwrap())
            .stdout(file);
        let child = as_user(&mut command, user).spawn().expect(program);
        Self { world, child, log }
    }

    /// Its log.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn until_logged(&self, words: &str) {
        self.world.until(words, || self.text().contains(words));
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has a command run as a user of the system.
pub(crate) fn as_user<'a>(command: &'a mut Command, user: &str) -> &'a mut Command {
    let name = std::ffi::CString::new(user).unwrap();
    let account = account::find(&name).expect(user);
    command
        .uid(account.uid)
        .gid(account.gid)
        .stdin(Stdio::null())
}

/// Makes a folder of a user of the system in the world's.
pub(crate) fn folder(world: &World, name: &str, user: &str) -> String {
    let path = world.path(name);
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let name = std::ffi::CString::new(user).unwrap();
    let account = account::find(&name).expect(user);
    chown(&path, Some(account.uid), Some(account.gid)).unwrap();
    path.to_string_lossy().into_owned()
}

/// The exit code and the line of `check` for a service with this probe.
pub(crate) fn check(world: &World, probe: &str) -> (i32, String) {
    let services = world.path("services.toml");
    fs::write(&services, format!("[service.x]\nprobe = {{ {probe} }}\n")).unwrap();
    world.gate(&["--services", &services.to_string_lossy(), "check", "x"])
}

/// Polls until the probe has this outcome.
pub(crate) fn until(world: &World, probe: &str, outcome: &str) {
    let last = std::cell::RefCell::default();
    let what = || format!("{probe}: {outcome}, but {}", last.borrow());
    world.until_described(what, || {
        let line = check(world, probe).1;
        let is_so = line.starts_with(&format!("x: {outcome}"));
        last.replace(line);
        is_so
    });
}
