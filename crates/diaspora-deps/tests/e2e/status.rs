//! `diaspora_svc status` under a real supervise: it tells the truth.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use crate::world::World;

/// The line of a service.
pub(crate) fn of(world: &World, service: &str) -> (i32, String) {
    let (code, text) = world.svc(&["statusall"]);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{service}: ")));
    (code, line.unwrap_or_default().to_owned())
}

pub(crate) fn crash_loop(world: &World) {
    world.scan();
    let staged = world.path("staged/looping");
    fs::create_dir_all(&staged).expect("mkdir");
    fs::write(staged.join("supervise.toml"), "stop-timeout = 9\n").expect("write");
    world.bring_script("looping", "#!/bin/sh\nsleep 0.2\nexit 7\n");
    world.bring_script("plain", "#!/bin/sh\nsleep 0.2\nexit 7\n");
    for (service, words) in [
        ("looping", "crash loop, it has ended early "),
        ("plain", "times, last end: exit code 7"),
    ] {
        world.until(words, || {
            let (code, line) = of(world, service);
            code == 3 && line.starts_with("up ") && line.contains(words)
        });
    }
}

/// The gates give up after a second; the wait is told from the first attempt on.
pub(crate) fn real_wait(world: &World) {
    let settings = format!(
        "DEFAULT_ATTEMPTS=1\nDIASPORA_HOME={}\n",
        world.path("app").display()
    );
    fs::write(world.path("settings"), settings).expect("write");
    world.scan();
    let script = "#!/bin/sh\ndiaspora-deps wait redis || exit $?\nexec sleep 1000\n";
    world.bring_script("mailer", script);
    // Its gate is in another directory while it waits.
    world.stage("modern");
    world.bring(&["90sidekiq"]);
    for (service, need) in [("mailer", "redis"), ("90sidekiq", "postgres")] {
        world.until("the fifth start", || starts(world, service) > 4);
        world.until("a wait longer than a start", || {
            let (code, line) = of(world, service);
            let why = format!("for {need}: down: connection refused");
            code == 3 && waits(&line) >= Some(4) && line.contains(&why)
        });
    }
    let below =
        ["postgres", "redis", "redis"].map(|need| format!("  {need}: down: connection refused"));
    world.until("all that they wait for", || {
        let (_, text) = world.svc(&["statusall", "--verbose"]);
        let lines = text.lines().filter(|line| line.starts_with("  "));
        lines.eq(&below)
    });
    // Stopped by somebody, it waits anew.
    world.control("-d", "mailer");
    world.until("down", || of(world, "mailer").1.starts_with("down "));
    let begun = Instant::now();
    world.control("-u", "mailer");
    world.until("a new wait", || {
        let waits = waits(&of(world, "mailer").1);
        waits.is_some_and(|seconds| seconds <= begun.elapsed().as_secs() + 1)
    });
}

/// The seconds of a line `waits 5 s ...`.
fn waits(line: &str) -> Option<u64> {
    let (seconds, _) = line.strip_prefix("waits ")?.split_once(" s ")?;
    seconds.parse().ok()
}

/// How often a service was started.
fn starts(world: &World, service: &str) -> u32 {
    let detail = world.path("service").join(service).join("supervise/detail");
    let detail = fs::read_to_string(detail).unwrap_or_default();
    let starts = detail.lines().find_map(|line| line.strip_prefix("starts "));
    starts.and_then(|starts| starts.parse().ok()).unwrap_or(0)
}

pub(crate) fn without_rights(world: &World) {
    world.scan();
    world.bring_script("plain", "#!/bin/sh\nexec sleep 1000\n");
    world.until("up", || of(world, "plain").1.starts_with("up "));
    // supervise/ is closed to others.
    let closed = fs::Permissions::from_mode(0o700);
    fs::set_permissions(world.path("service/plain/supervise"), closed).expect("chmod");
    let ask = |action: &str| {
        let mut command = world.command("setuidgid");
        let output = command.args(["nobody", crate::programs::SVC, action]);
        let output = output.output().expect("setuidgid");
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8(text).expect("UTF-8"),
        )
    };
    let line = "plain: unable to read supervise/ok: access denied\n";
    assert_eq!(ask("statusall"), (Some(111), line.to_owned()));
    let line = "diaspora_svc: warning: unable to control plain: access denied\n";
    assert_eq!(ask("stopall"), (Some(111), line.to_owned()));
}
