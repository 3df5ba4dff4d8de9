//! `diaspora_svc` on real servers: what a stop, a restart and a status are worth.

use std::fs;
use std::process::{Child, Stdio};

use crate::modern::database;
use crate::scripts::succeed;
use crate::status;
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
        let (_, line) = status::of(world, service);
        assert!(line.starts_with("down "), "{service}: {line}");
    }
    succeed(world, &["startall", "--wait"]);
    world.until("the job again", || jobs_begun(world) == 2);
}

pub(crate) fn plain(world: &World) {
    workers(world);
    world.bring_script("anything", "#!/bin/sh\nexec sleep 1000\n");
    world.until("a stray", || {
        status::of(world, "anything").1.starts_with("up ")
    });
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
    let (code, line) = status::of(world, "10postgres");
    assert!(
        code == 3 && line.ends_with("was told to stop and has not ended"),
        "{line}"
    );
    world.control("-i", "10postgres");
    let _ = foreign.wait();
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

/// nginx and puma are told at the same time: both finish what runs.
pub(crate) fn request(world: &World) {
    database(world);
    world.write_nginx("run/puma.sock");
    let application =
        "run lambda { |_| File.write('begun', ''); sleep 2; [200, {}, [\"answered\"]] }\n";
    fs::write(world.path("app/config.ru"), application).expect("write");
    world.stage("modern");
    world.scan();
    world.bring(&["10postgres", "20nginx", "30redis", "99puma"]);
    world.until_ready(&["web", "puma"]);
    let address = format!("http://127.0.0.1:{}/", world.port("WEB"));
    let page = world
        .command("curl")
        .args(["-s", &address])
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl");
    world.until("a request", || world.path("app/begun").exists());
    succeed(world, &["stopall"]);
    let page = page.wait_with_output().expect("a page");
    assert_eq!(String::from_utf8_lossy(&page.stdout), "answered");
}
