//! The gate as run scripts use it: counting, messages, exit codes, and what the
//! program that it becomes inherits. No servers but scripted ones.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

struct Place(tempfile::TempDir);

impl Place {
    /// A service directory `99thin_2`, with this data.
    fn new(services: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("99thin_2")).unwrap();
        fs::write(place.path("services.toml"), services).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn gate(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diaspora-deps"));
        command
            .args(words)
            .current_dir(self.path("99thin_2"))
            .env("DIASPORA_DEPS_SERVICES", self.path("services.toml"))
            .env("DIASPORA_DEPS_SETTINGS", self.path("settings"))
            .env("DIASPORA_DEPS_DIR", self.path(""))
            .env_remove("DEFAULT_ATTEMPTS")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> (i32, String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.gate(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }
}

/// A redis that answers each question with `answer` (or nothing); its port, and how
/// often it was asked.
fn redis(answer: &'static str) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        let mut silent = Vec::new();
        for mut stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(answer.as_bytes());
            if answer.is_empty() {
                silent.push(stream);
            }
        }
    });
    (port, asked)
}

fn data(port: u16) -> String {
    format!("[service.redis]\nprobe = {{ address = \"127.0.0.1:{port}\" }}\n")
}

#[test]
fn n_attempts_are_n_lines_and_n_plus_one_probes_and_exit_126() {
    let (port, asked) = redis("-LOADING not yet\r\n");
    let place = Place::new(&data(port));
    let (code, out, err) = place.run(&["wait", "-a", "2", "redis"]);
    assert_eq!((code, err.as_str()), (126, ""));
    assert_eq!(out, "99thin_2 waiting for redis\n".repeat(2));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[test]
fn the_settings_file_says_how_often() {
    let (port, _) = redis("-LOADING not yet\r\n");
    let place = Place::new(&data(port));
    fs::write(place.path("settings"), "f() { :; }\nDEFAULT_ATTEMPTS=1\n").unwrap();
    let (code, out, _) = place.run(&["wait", "redis"]);
    assert_eq!((code, out.as_str()), (126, "99thin_2 waiting for redis\n"));
}

#[test]
fn what_is_ready_is_not_waited_for_and_says_nothing() {
    let (port, asked) = redis("+PONG\r\n");
    let place = Place::new(&data(port));
    assert_eq!(
        place.run(&["wait", "redis"]),
        (0, String::new(), String::new())
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn nothing_unknown_and_a_bad_option_are_refused() {
    let place = Place::new("");
    assert_eq!(
        place.run(&["wait"]),
        (100, String::new(), "missing service\n".to_owned())
    );
    let (code, _, err) = place.run(&["wait", "redis", "x"]);
    assert_eq!((code, err.as_str()), (100, "unknown 'x'\n"));
    assert_eq!(place.run(&["wait", "-z", "redis"]).0, 1);
    assert_eq!(place.run(&["check", "-z"]).0, 100);
}

#[test]
fn term_ends_a_gate_whose_dependency_hangs() {
    let (port, asked) = redis("");
    let place = Place::new(&data(port));
    let mut gate = place
        .gate(&["wait", "-a", "0", "redis"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while asked.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
    // It is in the middle of a probe that lasts two seconds.
    assert!(
        Command::new("kill")
            .arg(gate.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(gate.wait().unwrap().signal(), Some(15));
}

#[test]
fn a_hung_dependency_is_starting_within_its_time() {
    let (port, _) = redis("");
    let place = Place::new(&data(port));
    let (code, out, _) = place.run(&["check", "redis"]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("redis: starting: accepted, but no answer within 2.0 s ("),
        "{out}"
    );
}

#[test]
fn check_prints_json_and_its_worst_state_is_the_exit_code() {
    let (port, _) = redis("+PONG\r\n");
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = data(port)
        + &format!("[service.x]\nprobe = {{ kind = \"tcp\", address = \"127.0.0.1:{dead}\" }}\n");
    let place = Place::new(&text);
    assert_eq!(place.run(&["check", "redis"]).0, 0);
    let (code, out, _) = place.run(&["check", "--json", "redis", "x"]);
    assert_eq!(code, 2);
    assert!(
        out.starts_with("[{\"address\":") && out.contains("\"state\":\"down\""),
        "{out}"
    );
}

/// The service's program prints what it is and has.
const REPORT: &str = "[service.thin]\nneeds = []\ndirectory = \"${DIASPORA_HOME}\"\n\
log = { file = \"thin.${INSTANCE}.log\", mode = \"640\" }\nenv = { QUEUE = \"*\" }\n\
exec = [\"/bin/sh\", \"-c\", \"echo $$ $RAILS_ENV \\\"$QUEUE\\\" $SECRET $PWD \\\"$@\\\"; grep -E '^Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd\", \"${INSTANCE}\"]\n";

#[test]
fn the_gate_becomes_the_program_with_all_that_was_inherited() {
    let place = Place::new(REPORT);
    let home = place.path("app");
    fs::create_dir(&home).unwrap();
    let settings = format!(
        "export RAILS_ENV=production\nDIASPORA_HOME={}\nSECRET=unexported\n",
        home.display()
    );
    fs::write(place.path("settings"), settings).unwrap();
    let report = |program: &mut Command| {
        let child = program.stdout(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        (
            pid,
            String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(),
        )
    };
    let (pid, through) = report(&mut place.gate(&["exec", "thin", "a", "b c"]));
    let lines: Vec<&str> = through.lines().collect();
    assert_eq!(
        lines[0],
        format!("{pid} production * {} a b c", home.display())
    );
    // The same without a gate: ignored and blocked signals, open descriptors.
    let direct = "grep -E '^Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd";
    let (_, bare) = report(
        Command::new("/bin/sh")
            .args(["-c", direct])
            .stdin(Stdio::null()),
    );
    assert_eq!(lines[1..], bare.lines().collect::<Vec<_>>());
    use std::os::unix::fs::MetadataExt;
    assert_eq!(
        fs::metadata(home.join("thin.2.log")).unwrap().mode() & 0o7777,
        0o640
    );
}

#[test]
fn each_preparation_that_fails_has_its_exit_code() {
    for (services, code, part) in [
        (
            "directory = \"/nonexistent\"",
            1,
            "unable to chdir to /nonexistent: file does not exist",
        ),
        (
            "log = { file = \"/nonexistent/log\" }",
            2,
            "unable to open /nonexistent/log",
        ),
        (
            "log = { file = \"log\", user = \"no-such-user\" }",
            3,
            "unknown user no-such-user",
        ),
        ("log = { file = \"log\", mode = \"rw\" }", 4, "not octal"),
        ("user = \"no-such-user\"", 100, "unknown user no-such-user"),
        (
            "needs = [\"reddis\"]",
            100,
            "services.toml:2: service \"x\" needs \"reddis\", which is unknown: did you mean \"redis\"?",
        ),
    ] {
        let place = Place::new(&format!("[service.x]\n{services}\nexec = [\"true\"]\n"));
        let (found, _, err) = place.run(&["exec", "x"]);
        assert_eq!(found, code, "{err}");
        assert!(
            err.starts_with("diaspora-deps: fatal: ") && err.contains(part),
            "{err}"
        );
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    let place = Place::new("[service.x]\nexec = [\"no-such-program\"]\n");
    let (code, _, err) = place.run(&["exec", "x"]);
    assert_eq!(
        (code, err.as_str()),
        (
            111,
            "diaspora-deps: fatal: unable to run no-such-program: file does not exist\n"
        )
    );
}

#[test]
fn exec_gives_up_as_wait_does() {
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = data(dead) + "[service.x]\nneeds = [\"redis\"]\nattempts = 1\nexec = [\"true\"]\n";
    let place = Place::new(&text);
    let (code, out, _) = place.run(&["exec", "x"]);
    assert_eq!((code, out.as_str()), (126, "99thin_2 waiting for redis\n"));
}

#[test]
fn a_user_that_we_may_not_become_is_never_run_as_another() {
    let place = Place::new("[service.x]\nuser = \"nobody\"\nexec = [\"/usr/bin/id\", \"-un\"]\n");
    let (code, out, err) = place.run(&["exec", "x"]);
    // As root it becomes nobody, as anybody else it refuses.
    assert!(
        matches!((code, out.as_str()), (0, "nobody\n") | (111, "")),
        "{out}{err}"
    );
    let mut other = place.gate(&["exec", "x"]);
    fs::set_permissions(
        place.path(""),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    // Another user, who may not become nobody. Only root can try.
    if code == 0 {
        let output = other.uid(1).gid(1).output().unwrap();
        assert_eq!(
            (output.status.code(), output.stdout.as_slice()),
            (Some(111), &b""[..])
        );
    }
}

#[test]
fn svc_says_what_it_does_not_understand_and_what_it_cannot_reach() {
    let place = Place::new("");
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diaspora_svc"));
        command.args(words).env("DIASPORA_DEPS_DIR", place.path(""));
        let output = command.output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for words in [&[][..], &["dance"]] {
        let (code, out, err) = run(words);
        assert!(code == 1 && out.is_empty() && !err.is_empty());
    }
    let (code, out, _) = run(&["statusall"]);
    assert_eq!(
        (code, out.as_str()),
        (100, "99thin_2: supervise not running\n")
    );
    let (code, _, err) = run(&["stopall"]);
    assert_eq!(
        (code, err.as_str()),
        (
            100,
            "diaspora_svc: warning: unable to control 99thin_2: supervise not running\n"
        )
    );
}

/// A write to a unix socket whose peer is gone raises SIGPIPE, which a gate may not
/// ignore: its service would inherit that.
#[test]
fn a_peer_that_closes_at_once_does_not_kill_the_gate() {
    let place = Place::new("");
    let socket = place.path("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    thread::spawn(move || listener.incoming().for_each(drop));
    let text = format!(
        "[service.redis]\nprobe = {{ address = \"{}\" }}\n",
        socket.display()
    );
    fs::write(place.path("services.toml"), text).unwrap();
    // Whether the peer is gone before the question is sent is a race: many tries.
    for _ in 0..40 {
        let (code, out, _) = place.run(&["check", "redis"]);
        assert!(
            code == 1 && out.starts_with("redis: starting: "),
            "{code} {out}"
        );
    }
}

/// Run scripts as they were written before, with the settings file that we ship.
#[test]
fn an_old_run_script_goes_on_working() {
    let (ready, _) = redis("+PONG\r\n");
    let (loading, _) = redis("-LOADING not yet\r\n");
    let settings = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../service-templates/etc/default/diaspora"
    );
    let script = format!(". {settings}; wait_service -a 1 redis; echo started");
    for (port, code, out) in [
        (ready, 0, "started\n"),
        (loading, 126, "99thin_2 waiting for redis\n"),
    ] {
        let place = Place::new(&data(port));
        let gate = std::path::Path::new(env!("CARGO_BIN_EXE_diaspora-deps"))
            .parent()
            .unwrap()
            .to_owned();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &script])
            .current_dir(place.path("99thin_2"))
            .env("PATH", format!("{}:/usr/bin:/bin", gate.display()))
            .env("DIASPORA_DEPS_SERVICES", place.path("services.toml"));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), out);
    }
}
