//! notifyfd and healthcheck under supervise, with real servers, and with a supervise that
//! is killed meanwhile. The reference's supervise has no readiness: nobody is told there.

use std::path::Path;

use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::Signal;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![killed(), unhealthy()];
    for (file, case) in [
        ("/usr/bin/redis-server", redis as fn() -> Case),
        ("/usr/share/doc/ruby-sd-notify", puma),
    ] {
        if Path::new(file).exists() {
            cases.push(case());
        } else {
            println!("told: no {file}: its case is left out");
        }
    }
    cases
}

fn supervise(side: &Side) -> Proc {
    let supervise = side.command(["supervise", "x"]).spawn();
    side.until("a supervise", || side.is_supervised("x"));
    supervise
}

fn leave(side: &Side, supervise: &Proc) {
    side.control("x", b"dx");
    side.log("supervise", supervise.wait());
}

fn log_ready(side: &Side) {
    side.command(["svwait", "--timeout=60", "x"]).run();
    let detail = std::fs::read_to_string(side.path("x/supervise/detail")).unwrap_or_default();
    side.log("ready", detail.contains("\nstage ready\n"));
}

const READY: [&str; 6] = [
    "run: svwait --timeout=60 x",
    "end: exit 0",
    "stdout:",
    "stderr:",
    "ready: true",
    "supervise: exit 0",
];

fn redis() -> Case {
    Case::scenario("redis-server --supervised systemd is ready", |side| {
        side.service(
            "x",
            "exec notifyfd redis-server --port 0 --unixsocket sock --save '' \
             --supervised systemd >/dev/null",
        );
        side.file("x/supervise.toml", "ready-fd = 3\n");
        let supervise = supervise(side);
        log_ready(side);
        leave(side, &supervise);
    })
    .promises(&READY)
}

/// With a watchdog, which puma serves by itself.
fn puma() -> Case {
    Case::scenario("puma is ready, and tells that it lives", |side| {
        side.service(
            "x",
            "exec notifyfd --watchdog=2 puma -b unix://$PWD/sock config.ru >/dev/null",
        );
        side.file("x/config.ru", "run lambda { |env| [200, {}, ['ok']] }\n");
        side.file("x/supervise.toml", "ready-fd = 3\n");
        let supervise = supervise(side);
        log_ready(side);
        let pid = side.status("x").map(|status| status.pid);
        // Longer than the watchdog's limit: the process behind looks four times within it.
        std::thread::sleep(std::time::Duration::from_secs(5));
        side.log(
            "still there",
            side.status("x").map(|status| status.pid) == pid,
        );
        leave(side, &supervise);
    })
    .promises(&[
        "run: svwait --timeout=60 x",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "ready: true",
        "still there: true",
        "supervise: exit 0",
    ])
}

/// The word comes while no supervise runs, and the next one knows it. No second copy.
fn killed() -> Case {
    Case::scenario(
        "a word that no supervise hears reaches the next one",
        |side| {
            side.service(
                "x",
                "echo >>starts; exec notifyfd /usr/bin/python3 client.py",
            );
            let client = "import os, socket, time\n\
            while not os.path.exists('go'): time.sleep(0.01)\n\
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
            s.connect(os.environ['NOTIFY_SOCKET'])\n\
            s.send(b'READY=1')\n\
            open('said', 'w').close()\n\
            time.sleep(1000)\n";
            side.file("x/client.py", client);
            side.file("x/supervise.toml", "ready-fd = 3\n");
            let first = supervise(side);
            side.until_status("x", "up", Status::is_up);
            first.signal(Signal::SIGKILL);
            side.log("killed", first.wait());
            side.file("x/go", "");
            crate::within(|| side.path("x/said").exists());
            let second = supervise(side);
            log_ready(side);
            let starts = std::fs::read_to_string(side.path("x/starts")).unwrap_or_default();
            side.log("starts", starts.len());
            leave(side, &second);
        },
    )
    .promises(&[
        "killed: killed by SIGKILL",
        "run: svwait --timeout=60 x",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "ready: true",
        "starts: 1",
        "supervise: exit 0",
    ])
}

/// A program that does not answer is ended, whether a supervise runs or not.
fn unhealthy() -> Case {
    Case::scenario(
        "an unhealthy program is ended without a supervise",
        |side| {
            side.service(
                "x",
                "exec healthcheck --ready='test -e go' --alive='test ! -e sick' --every=0.2 \
             --tries=2 -- sleep 1000 2>said",
            );
            side.file("x/supervise.toml", "ready-fd = 3\n");
            side.file("x/go", "");
            let first = supervise(side);
            log_ready(side);
            let pid = side.status("x").map_or(0, |status| status.pid);
            first.signal(Signal::SIGKILL);
            side.log("killed", first.wait());
            side.file("x/sick", "");
            let ended = crate::within(|| !Path::new(&format!("/proc/{pid}")).exists());
            side.log("ended", ended);
            let said = std::fs::read(side.path("x/said")).unwrap_or_default();
            side.log_bytes("said", &said);
            let _ = std::fs::remove_file(side.path("x/sick"));
            let second = supervise(side);
            log_ready(side);
            leave(side, &second);
        },
    )
    .promises(&[
        "run: svwait --timeout=60 x",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "ready: true",
        "killed: killed by SIGKILL",
        "ended: true",
        "said: healthcheck: warning: x: alive: exit code 1 (1 of 2)",
        "said: healthcheck: warning: x: alive: exit code 1 (2 of 2): ending it",
        "run: svwait --timeout=60 x",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "ready: true",
        "supervise: exit 0",
    ])
}
