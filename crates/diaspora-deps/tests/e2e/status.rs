//! `diaspora_svc status` under a real supervise: it tells the truth.

use std::fs;
use std::os::unix::fs::PermissionsExt;

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

/// The gate gives up after two seconds; the wait is told from its first attempt on.
pub(crate) fn real_wait(world: &World) {
    fs::write(world.path("settings"), "DEFAULT_ATTEMPTS=1\n").expect("write");
    world.scan();
    world.bring_script(
        "mailer",
        "#!/bin/sh\ndiaspora-deps wait redis || exit $?\nexec sleep 1000\n",
    );
    let starts = || {
        let detail = fs::read_to_string(world.path("service/mailer/supervise/detail"));
        let detail = detail.unwrap_or_default();
        let starts = detail.lines().find_map(|line| line.strip_prefix("starts "));
        starts
            .and_then(|starts| starts.parse::<u32>().ok())
            .unwrap_or(0)
    };
    world.until("the fifth start", || starts() > 4);
    world.until("a wait of its own", || {
        let (code, line) = of(world, "mailer");
        let seconds = line
            .strip_prefix("waits ")
            .and_then(|rest| rest.split(' ').next());
        let seconds: u32 = seconds
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(0);
        // Each start lives for about a second.
        code == 3 && seconds >= 4 && line.contains("for redis: down: connection refused")
    });
    let (_, text) = world.svc(&["statusall", "--verbose"]);
    let below = text.lines().nth(1);
    assert_eq!(below, Some("  redis: down: connection refused"), "{text}");
    // Stopped by somebody, it waits anew.
    world.control("-d", "mailer");
    world.until("down", || of(world, "mailer").1.starts_with("down "));
    world.control("-u", "mailer");
    world.until("a new wait", || {
        of(world, "mailer").1.starts_with("waits 0 s ")
    });
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
