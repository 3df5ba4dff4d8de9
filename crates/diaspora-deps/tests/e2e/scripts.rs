//! `diaspora_svc` on scripts that hang, wait or are down.

use std::fs;
use std::process::Stdio;

use crate::status;
use crate::world::World;

/// Ignores TERM until the file `go` exists, and needs redis as its script says.
const HANGS: &str = "#!/bin/sh\ndiaspora-deps wait redis\ntrap '' TERM\n\
    until [ -e go ]; do sleep 0.05; done\n";

/// Without exit code 0 the output is shown.
#[track_caller]
pub(crate) fn succeed(world: &World, words: &[&str]) {
    let (code, text) = world.svc(words);
    assert_eq!((code, text.as_str()), (0, ""), "{words:?}");
}

pub(crate) fn killed(world: &World) {
    world.scan();
    let staged = world.path("staged/99thin_0");
    fs::create_dir_all(&staged).expect("mkdir");
    fs::write(staged.join("supervise.toml"), "stop-timeout = 1\n").expect("write");
    world.bring_script("99thin_0", &HANGS.replace("diaspora-deps wait redis", ""));
    world.until("up", || status::of(world, "99thin_0").1.starts_with("up "));
    let (code, text) = world.svc(&["stop"]);
    let line = "diaspora_svc: warning: 99thin_0 was killed: it did not end within 1 s of TERM\n";
    assert_eq!((code, text.as_str()), (0, line));
}

pub(crate) fn restart(world: &World) {
    world.scan();
    let script = "#!/bin/sh\nexec sleep 1000\n";
    fs::create_dir_all(world.path("staged/normally_down")).expect("mkdir");
    fs::write(world.path("staged/normally_down/down"), "").expect("write");
    for service in ["runs", "stopped", "normally_down"] {
        world.bring_script(service, script);
    }
    let down = |service| status::of(world, service).1.starts_with("down ");
    world.until("running", || {
        !down("runs") && !down("stopped") && down("normally_down")
    });
    world.control("-d", "stopped");
    world.until("stopped", || down("stopped"));
    let (_, before) = status::of(world, "runs");
    succeed(world, &["restartall", "--wait"]);
    let (code, after) = status::of(world, "runs");
    assert!(code == 0 && after.starts_with("up "), "{after}");
    let pid = |line: &str| line.split("pid ").nth(1).map(str::to_owned);
    assert_ne!(pid(&before), pid(&after));
    for service in ["stopped", "normally_down"] {
        let (_, line) = status::of(world, service);
        assert!(
            line.starts_with("down ") && !line.contains("want up"),
            "{service}: {line}"
        );
    }
}

pub(crate) fn waits_until_ready(world: &World) {
    world.scan();
    let patient = "#!/bin/sh\nuntil [ -e go ]; do sleep 0.05; done\necho >&3\nexec sleep 1000\n";
    let staged = world.path("staged/30redis");
    fs::create_dir_all(&staged).expect("mkdir");
    fs::write(staged.join("supervise.toml"), "ready-fd = 3\n").expect("write");
    world.bring_script("30redis", patient);
    world.bring_script(
        "mailer",
        "#!/bin/sh\nif false; then\nwait_service redis\nfi\nexec sleep 1000\n",
    );
    world.until("up", || status::of(world, "mailer").1.starts_with("up "));
    succeed(world, &["stopall"]);
    let (code, text) = world.svc(&["startall", "--wait", "--timeout", "1"]);
    let expected = "diaspora_svc: warning: 30redis is not ready after 1 s: up, not ready\n\
        diaspora_svc: warning: mailer was started and not waited for, because it needs what is \
        not ready: 30redis\n";
    assert_eq!((code, text.as_str()), (111, expected));
    let (_, line) = status::of(world, "30redis");
    assert!(line.ends_with(", not ready"), "{line}");
    fs::write(world.path("service/30redis/go"), "").expect("write");
    succeed(world, &["restartall", "--wait"]);
}

pub(crate) fn hanging_client(world: &World) {
    world.scan();
    world.stage("diaspora");
    world.bring(&["30redis"]);
    world.bring_script("mailer", HANGS);
    world.bring_script("other", "#!/bin/sh\nexec sleep 1000\n");
    world.until_ready(&["redis"]);
    for service in ["mailer", "other"] {
        world.until(service, || status::of(world, service).1.starts_with("up "));
    }
    let (code, text) = world.svc(&["stopall", "--timeout", "1"]);
    let lines: Vec<&str> = text.lines().collect();
    let [holder, held] = lines[..] else {
        panic!("{code} {text}")
    };
    let start = "diaspora_svc: warning: mailer is still not down 1 s after TERM: process ";
    assert!(code == 111 && holder.starts_with(start), "{text}");
    let expected = "diaspora_svc: warning: 30redis was not told to stop: it is needed by what is \
                    not down: mailer";
    assert_eq!(held, expected);
    assert!(status::of(world, "30redis").1.starts_with("up "));
    assert!(status::of(world, "other").1.starts_with("down "));
    fs::write(world.path("service/mailer/go"), "").expect("write");
    succeed(world, &["stopall"]);
    assert!(status::of(world, "30redis").1.starts_with("down "));
}

/// A client that has lost its supervise can't be told to stop; its store is not either.
pub(crate) fn lost_supervise(world: &World) {
    world.stage("diaspora");
    world.bring(&["30redis"]);
    let client = "#!/bin/sh\ndiaspora-deps wait redis || exit $?\nexec sleep 1000\n";
    world.bring_script("mailer", client);
    let supervise = |service| {
        let mut command = world.command("supervise");
        let directory = world.path("service").join(service);
        command.arg(directory).stdout(Stdio::null());
        command.stderr(Stdio::null()).spawn().expect("supervise")
    };
    let mut of_redis = supervise("30redis");
    let mut of_client = supervise("mailer");
    world.until("all up", || {
        ["30redis", "mailer"].map(|service| status::of(world, service).1.starts_with("up "))
            == [true; 2]
    });
    of_client.kill().expect("kill");
    of_client.wait().expect("a dead supervise");
    let line = "supervise not running, and its process runs";
    assert_eq!(status::of(world, "mailer"), (100, line.to_owned()));
    let expected = "diaspora_svc: warning: unable to control mailer: supervise not running\n\
        diaspora_svc: warning: 30redis was not told to stop: it is needed by what is not down: \
        mailer\n";
    assert_eq!(world.svc(&["stopall"]), (111, expected.to_owned()));
    assert!(status::of(world, "30redis").1.starts_with("up "));
    world.control("-dx", "30redis");
    of_redis.wait().expect("an ended supervise");
}
