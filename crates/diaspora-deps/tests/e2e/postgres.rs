//! Probes leave no line in the log of a postgres, whatever its state.

use std::process::{Command, Stdio};

use crate::server::{Server, as_user, check, folder, until};
use crate::world::World;

/// A program that Debian has outside of PATH.
fn program(name: &str) -> String {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("postgresql is installed")
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    versions.sort();
    versions.pop().expect(name).to_string_lossy().into_owned()
}

fn start<'a>(world: &'a World, method: &str) -> Server<'a> {
    let data = folder(world, &format!("postgres-{method}"), "postgres");
    let sockets = folder(world, "sockets", "postgres");
    let password = world.path("password");
    std::fs::write(&password, "secret\n").expect("write");
    let mut init = world.command(&program("initdb"));
    init.args(["-N", "-A", method, "-D", &data, "--pwfile"])
        .arg(&password);
    let output = as_user(&mut init, "postgres").output().expect("initdb");
    assert!(output.status.success(), "{output:?}");
    let port = world.port("POSTGRES").to_string();
    let words = ["-D", &data, "-p", &port, "-k", &sockets];
    let server = Server::start(world, "postgres", &program("postgres"), &words);
    server.until_logged("ready to accept connections");
    server
}

/// A session that lasts until it is killed.
fn session(world: &World) -> std::process::Child {
    let port = world.port("POSTGRES").to_string();
    let mut psql = Command::new("psql");
    psql.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres"]);
    psql.args(["-c", "select pg_sleep(1000)"]);
    psql.env("PGPASSWORD", "secret").env("PGAPPNAME", "sleeper");
    let quiet = psql
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.spawn().expect("psql")
}

/// Whether that session has begun.
fn is_in_session(world: &World) -> bool {
    let port = world.port("POSTGRES").to_string();
    let mut psql = Command::new("psql");
    psql.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-tAc"]);
    psql.arg("select count(*) from pg_stat_activity where application_name = 'sleeper'");
    let output = psql.env("PGPASSWORD", "secret").output().expect("psql");
    output.stdout == b"1\n"
}

pub(crate) fn quiet(world: &World) {
    for method in ["trust", "scram-sha-256"] {
        let server = start(world, method);
        let port = world.port("POSTGRES");
        let tcp = format!("kind = 'postgres', address = '127.0.0.1:{port}'");
        let socket = world.path(&format!("sockets/.s.PGSQL.{port}"));
        let unix = format!("kind = 'postgres', address = '{}'", socket.display());
        let mut probes = vec![tcp.clone(), unix.clone()];
        // Such a server refuses these only after the password, which is never sent.
        if method != "trust" {
            probes.push(format!("{tcp}, database = 'none'"));
            probes.push(format!("{tcp}, user = 'nobody'"));
        }
        let before = server.text();
        for probe in &probes {
            for _ in 0..10 {
                let (code, line) = check(world, probe);
                assert_eq!(code, 0, "{line}");
            }
        }
        let mut psql = session(world);
        world.until("a session", || is_in_session(world));
        assert_eq!(server.text(), before, "{method}");
        // It waits for the end of the session.
        server.signal("-TERM");
        server.until_logged("received smart shutdown request");
        world.until("stopping", || {
            check(world, &tcp).1.contains("shutting down")
        });
        let before = server.text();
        for probe in [&tcp, &unix] {
            for _ in 0..10 {
                let (code, line) = check(world, probe);
                assert_eq!(code, 1, "{line}");
                assert!(line.starts_with("x: starting: shutting down"), "{line}");
            }
        }
        assert_eq!(server.text(), before, "{method}");
        let _ = psql.kill();
        let _ = psql.wait();
    }
}

/// A postgres that waits for the log of another: it starts for as long as it is to.
pub(crate) fn quiet_while_starting(world: &World) {
    let server = start(world, "trust");
    server.signal("-INT");
    server.until_logged("database system is shut down");
    drop(server);
    let data = world.path("postgres-trust");
    std::fs::write(data.join("recovery.signal"), "").expect("write");
    let port = world.port("POSTGRES").to_string();
    let data = data.to_string_lossy();
    let words = [
        "-D",
        &data,
        "-p",
        &port,
        "-k",
        "",
        "-c",
        "restore_command=sleep 1000",
    ];
    let server = Server::start(world, "postgres", &program("postgres"), &words);
    let probe = format!("kind = 'postgres', address = '127.0.0.1:{port}'");
    until(world, &probe, "starting: starting up");
    let before = server.text();
    for _ in 0..10 {
        assert_eq!(check(world, &probe).0, 1);
    }
    assert_eq!(server.text(), before);
}
