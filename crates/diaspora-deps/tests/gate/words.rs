//! What is asked of `wait` and `exec`: how often, how long, how much they say.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use crate::folder::{Folder, Running, config, redis, redis_after, refused};

const LINE: &str = "99thin_2 waiting for redis\n";
const SETTINGS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../service-templates/etc/default/diaspora"
);

/// A shell that has sourced the settings file of the package.
fn script(folder: &Folder, script: &str) -> Command {
    let gate = std::path::Path::new(env!("CARGO_BIN_EXE_diaspora-deps"));
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!(". {SETTINGS}; {script}")])
        .current_dir(folder.path("99thin_2"))
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", gate.parent().unwrap().display()),
        )
        .env("DIASPORA_DEPS_SERVICES", folder.path("services.toml"))
        .env("DIASPORA_DEPS_SETTINGS", folder.path("settings"));
    command
}

/// The default is one attempt here, so three lines are a wait without an end.
#[test]
fn zero_attempts_and_fewer_wait_for_ever() {
    let (port, _) = redis("-LOADING not yet\r\n");
    let text = config(port) + "[service.x]\nneeds = [\"redis\"]\nexec = [\"true\"]\n";
    let folder = Folder::new(&text);
    fs::write(folder.path("settings"), "DEFAULT_ATTEMPTS=1\n").unwrap();
    let mut exec = folder.gate(&["exec", "x"]);
    // There a setting is the environment's.
    exec.env("DIASPORA_DEPS_SETTINGS", "/nonexistent")
        .env("DEFAULT_ATTEMPTS", "-1");
    for mut command in [
        folder.gate(&["wait", "-a", "-1", "redis"]),
        folder.gate(&["wait", "-a", "0", "redis"]),
        exec,
        script(&folder, "wait_service -a -1 redis"),
        script(&folder, "DEFAULT_ATTEMPTS=-1; wait_service redis"),
    ] {
        let mut gate = Running::start(command.stdout(Stdio::piped()));
        let mut lines = gate.lines();
        for _ in 0..3 {
            assert_eq!(lines.next().unwrap().unwrap() + "\n", LINE, "{command:?}");
        }
    }
}

#[test]
fn one_word_may_name_several_services() {
    let (port, connections) = redis("+PONG\r\n");
    let (web, web_connections) = redis("HTTP/1.1 400 Bad Request\r\n\r\n");
    let text =
        config(port) + &format!("[service.nginx]\nprobe = {{ address = \"127.0.0.1:{web}\" }}\n");
    let folder = Folder::new(&text);
    let ended = folder.run(&["wait", "redis web", "redis"]);
    assert_eq!(ended, (0, String::new(), String::new()));
    let done = script(&folder, "wait_service \"redis web\"")
        .status()
        .unwrap();
    assert!(done.success());
    assert_eq!(connections.load(Ordering::SeqCst), 3);
    assert_eq!(web_connections.load(Ordering::SeqCst), 2);
    let (code, out, _) = folder.run(&["check", " redis web "]);
    assert_eq!((code, out.lines().count()), (0, 2));
    let (code, _, err) = folder.run(&["wait", " "]);
    assert_eq!((code, err.as_str()), (100, "missing service\n"));
}

#[test]
fn an_unknown_name_is_told_with_a_similar_one() {
    let folder = Folder::new("");
    let message = "unknown 'reddis': did you mean \"redis\"?\n";
    let (code, _, err) = folder.run(&["wait", "reddis"]);
    assert_eq!((code, err.as_str()), (100, message));
    for command in ["check", "exec", "graph"] {
        let (code, _, err) = folder.run(&[command, "reddis"]);
        let message = format!("diaspora-deps: fatal: {message}");
        assert_eq!((code, err), (100, message));
    }
}

#[test]
fn verbose_says_in_each_line_why() {
    let (wants_password, _) = redis("-NOAUTH Authentication required.\r\n");
    let refused = refused();
    for (port, part) in [(wants_password, "password"), (refused, "refused")] {
        let folder = Folder::new(&config(port));
        for option in ["-v", "--verbose"] {
            let (code, out, _) = folder.run(&["wait", option, "-a", "1", "redis"]);
            let start = "99thin_2 waiting for redis: ";
            let end = format!(" (127.0.0.1:{port})\n");
            assert_eq!((code, out.lines().count()), (126, 1));
            assert!(
                out.starts_with(start) && out.contains(part) && out.ends_with(&end),
                "{out}"
            );
        }
        let (code, out, err) = folder.run(&["wait", "-a", "1", "redis"]);
        assert_eq!((code, out.as_str(), err.as_str()), (126, LINE, ""));
    }
}

#[test]
fn the_timeout_is_for_all_of_it_and_says_what_was_missing() {
    let (port, _) = redis("+PONG\r\n");
    let refused = refused();
    let text = config(port)
        + &format!(
            "[service.nginx]\nprobe = {{ address = \"127.0.0.1:{refused}\" }}\n\
             [service.x]\nneeds = [\"redis\", \"web\", \"smtp\"]\nattempts = 1\nexec = [\"true\"]\n"
        );
    let folder = Folder::new(&text);
    for words in [
        &["wait", "--timeout", "1.5", "redis", "web", "smtp"][..],
        &["exec", "--timeout", "1.5", "x"],
    ] {
        let (code, out, err) = folder.run(words);
        let message = format!(
            "diaspora-deps: fatal: gave up after 1.5 s: web is down: connection refused \
             (127.0.0.1:{refused}); not tried yet: smtp\n"
        );
        assert_eq!((code, err), (126, message));
        assert_eq!(out, "99thin_2 waiting for web\n".repeat(2));
    }
    let (code, out, err) = folder.run(&["wait", "--timeout=9", "-a", "1", "web"]);
    let line = "99thin_2 waiting for web\n";
    assert_eq!((code, out.as_str(), err.as_str()), (126, line, ""));
    for bad in ["-1", "x", "", "NaN"] {
        assert_eq!(folder.run(&["wait", "--timeout", bad, "redis"]).0, 1);
    }
}

#[test]
fn a_gate_that_is_in_time_ends_as_without_a_timeout() {
    let (port, connections) = redis_after(2);
    let folder = Folder::new(&config(port));
    let (code, out, err) = folder.run(&["wait", "--timeout", "60", "redis"]);
    assert_eq!((code, out, err.as_str()), (0, LINE.repeat(2), ""));
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

/// The gate changes to the working directory of the service before it waits.
#[test]
fn a_relative_directory_is_that_of_the_caller() {
    let text = "[service.redis]\nprobe = { kind = \"service\" }\n\
                [service.x]\nneeds = [\"redis\"]\nattempts = 1\ndirectory = \"/\"\nexec = [\"true\"]\n";
    let folder = Folder::new(text);
    fs::create_dir_all(folder.path("scan/redis")).unwrap();
    let words = [
        "--dir",
        "../scan",
        "--services",
        "../services.toml",
        "exec",
        "-v",
        "x",
    ];
    let (code, out, err) = folder.run(&words);
    let part = "waiting for redis: down: supervise not running";
    assert!(code == 126 && out.contains(part), "{code} {out}{err}");
}

#[test]
fn the_timeout_is_for_the_settings_file_too() {
    let (port, _) = redis("+PONG\r\n");
    let text = format!(
        "[settings]\nPORT = \"1\"\n[service.db]\nprobe = {{ kind = \"tcp\", address = \"127.0.0.1:${{PORT}}\" }}\n\
         [service.x]\nsource-settings = true\nexec = [\"true\"]\n{}",
        config(port)
    );
    let folder = Folder::new(&text);
    let settings = folder.path("settings");
    fs::write(&settings, "exec sleep 1000\n").unwrap();
    let message = format!(
        "gave up after 0.5 s: unable to source {}: it takes longer than ",
        settings.display()
    );
    for words in [
        &["exec", "--timeout", "0.5", "x"][..],
        &["wait", "--timeout", "0.5", "db"],
    ] {
        let (code, out, err) = folder.run(words);
        assert_eq!((code, out.as_str()), (126, ""), "{err}");
        assert!(err.contains(&message), "{err}");
    }
}
