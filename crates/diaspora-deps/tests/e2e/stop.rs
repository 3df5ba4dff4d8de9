//! `diaspora_svc` on real servers: what a stop, a restart and a status are worth.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use crate::modern::database;
use crate::world::World;

/// A job that takes longer than sidekiq waits for it. sidekiq waits longer than its threads
/// for a job (2 s): one of them would take what was put back.
const JOBS: &str = "require 'sidekiq'\nrequire_relative 'boot'\nboot 'sidekiq', :redis\n\
    url = { url: \"redis://localhost:#{REDIS[:port]}/0\" }\n\
    Sidekiq.configure_server { |c| c.redis = url; Sidekiq.options[:timeout] = 5 }\n\
    Sidekiq.configure_client { |c| c.redis = url }\n\
    class Slow\n include Sidekiq::Worker\n\
    def perform; Sidekiq.logger.info('job begun'); sleep 60; end\nend\n";

/// The stores of the modern set and their client, with a redis that keeps its data.
fn workers(world: &World) {
    database(world);
    fs::write(world.path("app/job.rb"), JOBS).expect("write");
    fs::write(world.path("redis.conf"), "save 3600 1\n").expect("write");
    world.stage("modern");
    world.scan();
    world.bring(&["10postgres", "30redis", "90sidekiq"]);
    world.until("sidekiq", || {
        world.log("90sidekiq").contains("sidekiq: booted")
    });
}

fn jobs_begun(world: &World) -> usize {
    world.log("90sidekiq").matches("job begun").count()
}

/// Without exit code 0 the output is shown.
#[track_caller]
fn succeed(world: &World, words: &[&str]) {
    let (code, text) = world.svc(words);
    assert_eq!((code, text.as_str()), (0, ""), "{words:?}");
}

/// The line of a service.
fn status(world: &World, service: &str) -> (i32, String) {
    let (code, text) = world.svc(&["statusall"]);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{service}: ")));
    (code, line.unwrap_or_default().to_owned())
}

pub(crate) fn jobs(world: &World) {
    workers(world);
    let enqueue = world
        .command("ruby")
        .args(["-r", "./job.rb", "-e", "Slow.perform_async"])
        .current_dir(world.path("app"))
        .output()
        .expect("ruby");
    assert!(enqueue.status.success(), "{enqueue:?}");
    world.until("a running job", || jobs_begun(world) == 1);
    succeed(world, &["stopall"]);
    for service in ["10postgres", "30redis", "90sidekiq"] {
        let (_, line) = status(world, service);
        assert!(line.starts_with("down "), "{service}: {line}");
    }
    succeed(world, &["startall", "--wait"]);
    world.until("the job again", || jobs_begun(world) == 2);
}

pub(crate) fn plain(world: &World) {
    workers(world);
    world.bring_script("anything", "#!/bin/sh\nexec sleep 1000\n");
    world.until("a stray", || status(world, "anything").1.starts_with("up "));
    succeed(world, &["stop"]);
    let (_, text) = world.svc(&["statusall"]);
    let up = text.lines().filter(|line| line.contains(": up "));
    let up: Vec<&str> = up.filter_map(|line| line.split(':').next()).collect();
    assert_eq!(up, ["10postgres", "30redis", "anything"], "{text}");
    let (code, text) = world.svc(&["status"]);
    assert!(code == 0 && text.starts_with("90sidekiq: down "), "{text}");
    assert_eq!(text.lines().count(), 1);
}

/// A session that nobody here has made; it is ended with the test.
fn session(world: &World) -> Child {
    let port = world.port("POSTGRES").to_string();
    let sleep = "select 'begun'; select pg_sleep(90)";
    let mut command = world.command("/usr/bin/psql");
    command
        .args([
            "-h",
            "localhost",
            "-p",
            &port,
            "-U",
            "postgres",
            "-c",
            sleep,
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command.spawn().expect("psql");
    world.until("a session", || {
        let query = "select count(*) from pg_stat_activity where query like '%pg_sleep(90)%'";
        let mut ask = world.command("/usr/bin/psql");
        let asked = ask.args([
            "-h",
            "localhost",
            "-p",
            &port,
            "-U",
            "postgres",
            "-Atc",
            query,
        ]);
        // The question is one of them.
        asked.output().is_ok_and(|output| output.stdout == b"2\n")
    });
    child
}

pub(crate) fn foreign_session(world: &World) {
    database(world);
    world.stage("modern");
    world.scan();
    world.bring(&["10postgres"]);
    world.until_ready(&["postgres"]);
    let mut foreign = session(world);
    succeed(world, &["restartall", "--wait"]);
    assert_eq!(world.gate(&["check", "postgres"]).0, 0);
    let _ = foreign.wait();

    // With the signal of daemontools it waits for that session.
    fs::remove_file(world.path("service/10postgres/supervise.toml")).expect("remove");
    world.bring_script(
        "client",
        "#!/bin/sh\ndiaspora-deps wait postgres\nexec sleep 1000\n",
    );
    let mut foreign = session(world);
    let (code, text) = world.svc(&["stopall", "--timeout", "1"]);
    assert_eq!(code, 111, "{text}");
    for part in [
        "diaspora_svc: warning: 10postgres is still not down 1 s after TERM: process ",
        " holds it, up ",
        "postgres: postgres postgres ",
        "after TERM postgres waits until each session has ended",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, line) = status(world, "10postgres");
    assert!(
        code == 3 && line.ends_with("was told to stop and has not ended"),
        "{line}"
    );
    world.control("-i", "10postgres");
    let _ = foreign.wait();
}

/// Ignores TERM until the file `go` exists, and needs redis as its script says.
const HANGS: &str = "#!/bin/sh\ndiaspora-deps wait redis\ntrap '' TERM\n\
    until [ -e go ]; do sleep 0.05; done\n";

pub(crate) fn hanging_client(world: &World) {
    world.scan();
    world.stage("diaspora");
    world.bring(&["30redis"]);
    world.bring_script("mailer", HANGS);
    world.bring_script("other", "#!/bin/sh\nexec sleep 1000\n");
    world.until_ready(&["redis"]);
    for service in ["mailer", "other"] {
        world.until(service, || status(world, service).1.starts_with("up "));
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
    assert!(status(world, "30redis").1.starts_with("up "));
    assert!(status(world, "other").1.starts_with("down "));
    fs::write(world.path("service/mailer/go"), "").expect("write");
    succeed(world, &["stopall"]);
    assert!(status(world, "30redis").1.starts_with("down "));
}

pub(crate) fn killed(world: &World) {
    world.scan();
    let staged = world.path("staged/99thin_0");
    fs::create_dir_all(&staged).expect("mkdir");
    fs::write(staged.join("supervise.toml"), "stop-timeout = 1\n").expect("write");
    world.bring_script("99thin_0", &HANGS.replace("diaspora-deps wait redis", ""));
    world.until("up", || status(world, "99thin_0").1.starts_with("up "));
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
    let down = |service| status(world, service).1.starts_with("down ");
    world.until("running", || {
        !down("runs") && !down("stopped") && down("normally_down")
    });
    world.control("-d", "stopped");
    world.until("stopped", || down("stopped"));
    let (_, before) = status(world, "runs");
    succeed(world, &["restartall", "--wait"]);
    let (code, after) = status(world, "runs");
    assert!(code == 0 && after.starts_with("up "), "{after}");
    let pid = |line: &str| line.split("pid ").nth(1).map(str::to_owned);
    assert_ne!(pid(&before), pid(&after));
    for service in ["stopped", "normally_down"] {
        let (_, line) = status(world, service);
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
    world.until("up", || status(world, "mailer").1.starts_with("up "));
    succeed(world, &["stopall"]);
    let (code, text) = world.svc(&["startall", "--wait", "--timeout", "1"]);
    let expected = "diaspora_svc: warning: 30redis is not ready after 1 s: up, not ready\n\
        diaspora_svc: warning: mailer was started and not waited for, because it needs what is \
        not ready: 30redis\n";
    assert_eq!((code, text.as_str()), (111, expected));
    let (_, line) = status(world, "30redis");
    assert!(line.ends_with(", not ready"), "{line}");
    fs::write(world.path("service/30redis/go"), "").expect("write");
    succeed(world, &["restartall", "--wait"]);
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
            let (code, line) = status(world, service);
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
        let (code, line) = status(world, "mailer");
        let seconds = line
            .strip_prefix("waits ")
            .and_then(|rest| rest.split(' ').next());
        let seconds: u32 = seconds
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(0);
        // Each start lives for about a second.
        code == 3 && seconds >= 4 && line.contains("for redis: down: connection refused")
    });
    // Stopped by somebody, it waits anew.
    world.control("-d", "mailer");
    world.until("down", || status(world, "mailer").1.starts_with("down "));
    world.control("-u", "mailer");
    world.until("a new wait", || {
        status(world, "mailer").1.starts_with("waits 0 s ")
    });
}

pub(crate) fn without_rights(world: &World) {
    world.scan();
    world.bring_script("plain", "#!/bin/sh\nexec sleep 1000\n");
    world.until("up", || status(world, "plain").1.starts_with("up "));
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

/// In a mount namespace of its own: the machine's /etc and /usr/local stay as they are.
pub(crate) fn link(world: &World) {
    let script = format!(
        "mount -t tmpfs none /etc && mount -t tmpfs none /usr/local && \
         {gate} install /etc/service && {gate} install /etc/service && \
         /usr/local/bin/diaspora_svc.sh --dir /etc/service statusall",
        gate = crate::programs::GATE
    );
    let mut command = world.command("unshare");
    let output = command.args(["-m", "/bin/sh", "-c", &script]);
    let output = output.output().expect("unshare");
    let text = String::from_utf8_lossy(&output.stdout);
    for line in [
        "/usr/local/bin/diaspora_svc.sh: made",
        "/usr/local/bin/diaspora_svc.sh: unchanged",
        "30redis: supervise not running",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line}: {output:?}"
        );
    }
}
