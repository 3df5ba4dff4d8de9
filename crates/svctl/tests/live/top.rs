//! `svctl top` in a real terminal: tmux.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::world::World;

/// A terminal with `svctl top` in it.
struct Tmux<'a> {
    world: &'a World,
}

impl<'a> Tmux<'a> {
    fn start(world: &'a World, prepare: &str) -> Self {
        let tmux = Self { world };
        let top = world.path("top");
        let script = format!(
            "#!/bin/sh\n{prepare}\necho $$ >{}/pid\nexec {} top\n",
            world.path("").display(),
            env!("CARGO_BIN_EXE_svctl")
        );
        fs::write(&top, script).expect("a script");
        let command = format!(
            "SVDIR={} sh {}; echo \"ended $?\"; exec sleep 1000",
            world.path("service").display(),
            top.display()
        );
        let out = tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", &command]);
        assert!(out.status.success(), "{out:?}");
        tmux
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(self.world.path("tmux"))
            .args(["-f", "/dev/null"]);
        command.args(words).output().expect("tmux runs")
    }

    fn screen(&self) -> String {
        let out = self.run(&["capture-pane", "-p"]);
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    fn press(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    fn until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        self.world.until(what, |_| holds(&self.screen()));
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

/// Whether there is a tmux; Debian has one.
fn has_tmux() -> bool {
    let found = Command::new("tmux").arg("-V").output().is_ok();
    if !found {
        println!("LEFT OUT: there is no tmux; run tests/install-packages");
    }
    found
}

fn world() -> World {
    let mut world = World::new();
    let web = world.service("web", "exec 2>&1; echo hello from web; exec sleep 1000");
    let logger = web.join("log/run");
    fs::create_dir(web.join("log")).expect("mkdir");
    fs::copy(web.join("run"), &logger).expect("a script");
    fs::write(&logger, "#!/bin/sh\nexec multilog t ./main\n").expect("a script");
    world.service("crash", "exit 7");
    let policy = world.path("service/crash/supervise.toml");
    fs::write(policy, "backoff = 60\n").expect("a policy");
    world.start();
    world
}

#[test]
fn shows_services_takes_commands_and_follows_the_size() {
    if !has_tmux() {
        return;
    }
    let world = world();
    let tmux = Tmux::start(&world, "");
    tmux.until("trouble at the top", |screen| {
        let rows: Vec<_> = screen.lines().collect();
        rows.get(2).is_some_and(|row| row.starts_with("crash"))
            && rows
                .get(3)
                .is_some_and(|row| row.starts_with("web") && row.contains("hello from"))
    });
    tmux.press(&["End", "l"]);
    tmux.until("the log", |screen| {
        screen.contains("web: its log") && screen.contains("hello")
    });
    tmux.press(&["q", "Enter"]);
    tmux.until("all about web", |screen| screen.contains("web: up for"));
    tmux.press(&["d"]);
    tmux.until("the question", |screen| {
        screen.contains("web is up: down? y or n")
    });
    tmux.press(&["n", "d", "y"]);
    world.until("web is down", |world| {
        world.said(&["status", "web"]).1.contains("web: down")
    });
    tmux.until("web is down on the screen", |screen| {
        screen.contains("web: down")
    });
    tmux.press(&["u"]);
    tmux.until("web is up again", |screen| screen.contains("web: up for"));
    tmux.press(&["q"]);
    tmux.run(&["resize-window", "-x", "200", "-y", "50"]);
    tmux.until("a wider screen", |screen| {
        let rows: Vec<_> = screen.lines().collect();
        rows.len() == 50 && rows[49].starts_with("Enter all") && rows[0].chars().count() == 200
    });
    tmux.run(&["resize-window", "-x", "10", "-y", "3"]);
    tmux.until("a tiny one", |screen| screen.contains("too small"));
    tmux.run(&["resize-window", "-x", "80", "-y", "24"]);
    tmux.press(&["q"]);
    // The screen from before is back, and the terminal as it was.
    tmux.until("its end", |screen| screen.trim() == "ended 0");
}

#[test]
fn shows_the_log_in_the_pager() {
    if !has_tmux() {
        return;
    }
    let world = world();
    let pid = world.path("pager");
    let pager = format!(
        "echo $$ >{}; sed s/hello/paged/; exec sleep 1000",
        pid.display()
    );
    let tmux = Tmux::start(&world, &format!("export PAGER='{pager}'"));
    tmux.until("web", |screen| screen.contains("hello from"));
    tmux.press(&["End", "l", "v"]);
    tmux.until("the pager", |screen| screen.contains("paged from web"));
    let pid = fs::read_to_string(pid).expect("its pid");
    let _ = Command::new("kill").arg(pid.trim()).status();
    tmux.until("the log again", |screen| screen.contains("web: its log"));
}

#[test]
fn ends_with_its_terminal_and_by_a_signal() {
    if !has_tmux() {
        return;
    }
    let world = world();
    let pid = |world: &World| {
        let text = fs::read_to_string(world.path("pid")).unwrap_or_default();
        text.trim().to_owned()
    };
    let is_gone = |pid: &str| !Path::new("/proc").join(pid).exists();
    for prepare in ["", "trap '' HUP"] {
        let tmux = Tmux::start(&world, prepare);
        tmux.until("web", |screen| screen.contains("hello from"));
        let pid = pid(&world);
        drop(tmux);
        world.until("its end", |_| is_gone(&pid));
    }
    let tmux = Tmux::start(&world, "");
    tmux.until("web", |screen| screen.contains("hello from"));
    let _ = Command::new("kill").arg(pid(&world)).status();
    tmux.until("the shell says how it has ended", |screen| {
        screen.contains("ended 143")
    });
}

#[test]
fn wants_a_terminal() {
    let world = World::new();
    let (code, said) = world.said(&["top"]);
    assert_eq!(
        (code, said.as_str()),
        (100, "svctl: fatal: top needs a terminal\n")
    );
}
