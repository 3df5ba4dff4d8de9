//! Real servers with a `supervise.toml`: what an operator asks of supervise, and what the
//! reference does, which knows no such file.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![migration(), crash_loop()];
    cases.extend(
        FILE_SYSTEMS
            .iter()
            .map(|&(name, mount)| notice(name, mount)),
    );
    for (program, case) in [
        ("/usr/bin/redis-server", redis as fn() -> Case),
        ("/usr/sbin/nginx", nginx),
    ] {
        if Path::new(program).exists() {
            cases.push(case());
        } else {
            println!("servers: no {program}: its case is left out");
        }
    }
    match postgres_folder() {
        Some(folder) => cases.push(postgres(folder)),
        None => println!("servers: no postgres: its case is left out"),
    }
    cases
}

/// How each file system is mounted on `m`, in a mount namespace of its own.
const FILE_SYSTEMS: &[(&str, &str)] = &[
    ("tmpfs", "mount -t tmpfs none m"),
    (
        "overlayfs",
        "mkdir l u w; mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m",
    ),
    (
        "ext4",
        "truncate -s 64M image; mkfs.ext4 -q image; mount -o loop image m",
    ),
    (
        "btrfs",
        "truncate -s 200M image; mkfs.btrfs -q image >/dev/null 2>&1; mount -o loop image m",
    ),
];

/// The service writes to a descriptor that it inherited. Where the kernel gives notice of
/// changes, supervise looks at its file only then: on each of these it has to come for
/// such a write. The service writes when svwait waits.
fn notice(name: &str, mount: &'static str) -> Case {
    Case::scenario(format!("a service is ready on {name}"), move |side| {
        side.service("x", "read _ <go; echo >&3; exec sleep 1000");
        side.file("x/supervise.toml", "ready-fd = 3\n");
        let script = format!(
            "PATH=$PATH:/usr/sbin:/sbin; mkdir m && {{ {mount}; }} && cp -a x m/x && mkfifo m/x/go && \
             {{ supervise m/x & }} && svwait --timeout=60 --up m/x && \
             {{ svwait --timeout=60 m/x & }} && echo >m/x/go && wait $! && echo ready; \
             svc -dx m/x; wait"
        );
        let script = ["/usr/bin/unshare", "-m", "sh", "-c", &script];
        let script = side.command(script).spawn();
        side.log("script", script.wait());
        side.log_output(&script);
    })
    .needs(Need::Namespaces)
    .promises(&["script: exit 0", "stdout: ready", "stderr:"])
}

fn supervise(side: &Side, name: &str) -> Proc {
    let supervise = side.command(["supervise", name]).spawn();
    side.until("a supervise", || side.is_supervised(name));
    supervise
}

fn leave(side: &Side, name: &str, supervise: &Proc) {
    side.control(name, b"dx");
    side.log("supervise", supervise.wait());
}

/// A wrapper of two lines reports readiness once redis answers. redis begins late, so that
/// a client which does not wait for readiness gets no answer.
fn redis() -> Case {
    Case::scenario("redis is ready when it answers", |side| {
        side.service(
            "redis",
            "(until redis-cli -s sock ping 2>/dev/null | grep -q PONG; do sleep 0.02; done; echo >&3) &\n\
             sleep 0.4; exec redis-server --port 0 --unixsocket sock --save '' >/dev/null",
        );
        side.file("redis/supervise.toml", "ready-fd = 3\nready-timeout = 60\n");
        let supervise = supervise(side, "redis");
        side.until_status("redis", "up", Status::is_up);
        side.command(["svwait", "--timeout=60", "redis"]).run();
        let ping = ["/usr/bin/redis-cli", "-s", "redis/sock", "ping"];
        side.command(ping).run();
        leave(side, "redis", &supervise);
    })
    .promises(&[
        "run: svwait --timeout=60 redis",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "run: /usr/bin/redis-cli -s redis/sock ping",
        "end: exit 0",
        "stdout: PONG",
        "stderr:",
        "supervise: exit 0",
    ])
}

const NGINX: &str = "daemon off; user root; pid pid; error_log error;
events { worker_connections 100; }
http {
    access_log off; client_body_temp_path t1; proxy_temp_path t2;
    fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server { listen unix:SOCKET; location / { root files; limit_rate 20k; } }
}
";

/// Twenty requests, each of which takes two seconds, when the service is told down.
fn nginx() -> Case {
    Case::scenario("nginx under load loses no request when told down", |side| {
        side.service("web", "exec /usr/sbin/nginx -p . -c conf -e error");
        let socket = side.path("web/socket");
        let config = NGINX.replace("SOCKET", &socket.display().to_string());
        side.file("web/conf", &config);
        side.file("web/files/page", "x".repeat(40_000));
        side.file("web/supervise.toml", "stop-signal = \"QUIT\"\n");
        let supervise = supervise(side, "web");
        side.until("nginx listens", || socket.exists());
        let bodies: Vec<_> = (0..20).map(|n| side.path(format!("body{n}"))).collect();
        let requests: Vec<Child> = bodies
            .iter()
            .map(|body| {
                Command::new("curl")
                    .args(["-sS", "--max-time", "60", "http://web/page", "-o"])
                    .arg(body)
                    .arg("--unix-socket")
                    .arg(&socket)
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("curl")
            })
            .collect();
        // The first bytes of each have come.
        let begun = |path| std::fs::metadata(path).is_ok_and(|body| body.len() > 0);
        side.until("every request is being answered", || {
            bodies.iter().all(begun)
        });
        side.control("web", b"d");
        let answered = requests
            .into_iter()
            .filter_map(|mut request| request.wait().ok())
            .filter(std::process::ExitStatus::success);
        side.log("every request answered", answered.count() == 20);
        side.until_status("web", "down", Status::is_down);
        leave(side, "web", &supervise);
    })
    .without_files()
    .differs(
        "supervise.toml: stop-signal",
        &["every request answered: false"],
        &["every request answered: true"],
    )
}

fn postgres_folder() -> Option<String> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("postgres").exists())
        .collect();
    versions.sort();
    Some(versions.pop()?.display().to_string())
}

/// A session that sleeps keeps postgres from ending after TERM; INT ends the session.
fn postgres(folder: String) -> Case {
    Case::scenario("postgres ends though a session is open", move |side| {
        let run = format!(
            "exec setuidgid nobody {folder}/postgres -D data -k $PWD/data -h '' >/dev/null 2>&1"
        );
        side.service("db", &run);
        side.file("db/supervise.toml", "stop-signal = \"INT\"\n");
        let data = side.path("db/data");
        std::fs::create_dir(&data).expect("a directory");
        std::os::unix::fs::chown(&data, Some(65534), Some(65534)).expect("its owner");
        let initdb = format!("{folder}/initdb");
        let initdb = [
            "setuidgid",
            "nobody",
            &initdb,
            "-A",
            "trust",
            "-N",
            "-D",
            "db/data",
        ];
        let made = side.command(initdb).spawn();
        assert!(made.wait().to_string() == "exit 0", "initdb");
        let supervise = supervise(side, "db");
        let socket = data.display().to_string();
        let psql = format!("{folder}/psql");
        let sql = |commands: &[&str]| {
            let mut words = vec![
                "setuidgid",
                "nobody",
                &psql,
                "-q",
                "-h",
                &socket,
                "postgres",
            ];
            words.extend(commands.iter().flat_map(|command| ["-c", command]));
            side.command(words).spawn()
        };
        let succeeds = |command| sql(&[command]).wait().to_string() == "exit 0";
        side.until("postgres answers", || succeeds("select 1"));
        let session = sql(&["create table here ()", "select pg_sleep(600)"]);
        side.until("the session", || succeeds("select * from here"));
        side.control("db", b"d");
        // The reference never does it: its limit is that of a poll.
        let ended = super::within(|| side.status("db").is_some_and(|now| now.is_down()));
        side.log("ended", ended);
        if !ended && let Some(now) = side.status("db") {
            // An immediate shutdown.
            let _ = kill(Pid::from_raw(now.pid.cast_signed()), Signal::SIGQUIT);
        }
        let _ = session.wait();
        side.until_status("db", "down", Status::is_down);
        leave(side, "db", &supervise);
    })
    .needs(Need::Root)
    .without_files()
    .differs(
        "supervise.toml: stop-signal",
        &["ended: false"],
        &["ended: true"],
    )
}

/// A server's gate waits for a one-shot, which runs once.
fn migration() -> Case {
    Case::scenario("a server starts when the migration is done, which runs once", |side| {
        side.service(
            "migrate",
            "echo >>runs; sleep 0.3; [ $(wc -l <runs) -ge 2 ] || exit 1; echo >done",
        );
        side.file(
            "migrate/supervise.toml",
            "restart = \"on-failure\"\nready-fd = 3\n",
        );
        side.service(
            "web",
            "exec svwait --timeout=60 ../migrate -- sh -c 'ls ../migrate/done >found; exec sleep 1000'",
        );
        let web = supervise(side, "web");
        let migrate = supervise(side, "migrate");
        side.until("the server", || !side.read("web/found").is_empty());
        side.log_bytes("found", &side.read("web/found"));
        side.log("runs", side.read("migrate/runs").len());
        side.log("migrate", side.until_status("migrate", "down", Status::is_down));
        leave(side, "migrate", &migrate);
        leave(side, "web", &web);
    })
    .promises(&[
        "found: ../migrate/done",
        "runs: 2",
        "migrate: status down, paused 0, want \\\\x00",
        "supervise: exit 0",
        "supervise: exit 0",
    ])
}

/// What is seen of a crash loop in the morning.
fn crash_loop() -> Case {
    Case::scenario("a crash loop ends, and svstat tells why", |side| {
        side.service("web", "exit 3");
        side.file("web/supervise.toml", "backoff = 2\ngive-up = 3\n");
        let supervise = supervise(side, "web");
        let json = || {
            let svstat = side.command(["svstat", "--json", "web"]).spawn();
            let _ = svstat.wait();
            String::from_utf8(svstat.stdout()).expect("JSON")
        };
        let mut seen = String::new();
        side.until("failed", || {
            seen = json();
            seen.contains("\"stage\":\"failed\"")
        });
        for fact in [
            "\"state\":\"down\"",
            "\"stage\":\"failed\"",
            "\"exit\":3",
            "\"failures\":3",
            "\"starts\":3",
        ] {
            side.log(fact, seen.contains(fact));
        }
        side.control("web", b"u");
        side.until("it runs again", || json().contains("\"starts\":4"));
        leave(side, "web", &supervise);
        side.log_output(&supervise);
    })
    .promises(&[
        "\"state\":\"down\": true",
        "\"stage\":\"failed\": true",
        "\"exit\":3: true",
        "\"failures\":3: true",
        "\"starts\":3: true",
        "supervise: exit 0",
        "stdout:",
        "stderr: supervise: warning: web has ended early 3 times in a row (exit code 3): given up; svc -u starts it",
    ])
}
