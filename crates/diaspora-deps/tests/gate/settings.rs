//! The settings file: one value of a `${NAME}` in every command, and a shell only where a
//! value is asked for.

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use daemontools::servicedir::detail::Stage;

use crate::folder::{Folder, config, redis};
use crate::supervised::Supervise;

/// Services at sockets in `${PLACE}`, and one that prints its own value of it.
const PLACED: &str = "[settings]\nPLACE = \"/nonexistent\"\n\
    [service.x]\nprobe = { kind = \"unix\", address = \"${PLACE}/x.sock\" }\n\
    [service.z]\nprobe = { kind = \"unix\", address = \"${PLACE}/z.sock\" }\n\
    [service.y]\nneeds = [\"x\"]\nexec = [\"/bin/sh\", \"-c\", \"echo ${PLACE} $EXPORTED\"]\n";

/// A folder with a socket for `x`, where only the settings file says that it is there.
fn placed() -> (Folder, UnixListener) {
    let folder = Folder::new(PLACED);
    let place = folder.path("");
    let listener = UnixListener::bind(folder.path("x.sock")).unwrap();
    let settings = format!("PLACE={}\nexport EXPORTED=yes\n", place.display());
    fs::write(folder.path("settings"), settings).unwrap();
    (folder, listener)
}

#[test]
fn a_setting_has_the_same_value_in_every_command() {
    let (folder, _listener) = placed();
    assert_eq!(folder.run(&["wait", "-a", "1", "x"]).0, 0);
    assert_eq!(folder.run(&["check", "x"]).0, 0);
    let (_, out, _) = folder.run(&["graph", "--state", "x"]);
    assert_eq!(out, "x  [ready]\n");
    // Without source-settings: the value, and nothing in the environment.
    let (code, out, err) = folder.run(&["exec", "y"]);
    let place = format!("{}\n", folder.path("").display());
    assert_eq!((code, out, err), (0, place, String::new()));
}

#[test]
fn the_status_probes_where_the_gate_does() {
    let (folder, _listener) = placed();
    let path = folder.path("99thin_2");
    let supervise = Supervise::new(&path);
    let words = ["wait", "-a", "0", "x", "z"];
    let mut gate = folder.gate(&words).stdout(Stdio::piped()).spawn().unwrap();
    // It has read the settings when it writes its first line.
    let mut byte = [0];
    gate.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
    supervise.set(gate.id(), Stage::Up);
    let status = || {
        let output = Command::new(env!("CARGO_BIN_EXE_diaspora_svc"))
            .arg("statusall")
            .env("DIASPORA_DEPS_DIR", folder.path(""))
            .env("DIASPORA_DEPS_SERVICES", folder.path("services.toml"))
            .env("DIASPORA_DEPS_SETTINGS", folder.path("settings"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let probed = status();
    fs::write(folder.path("settings"), "exit 3\n").unwrap();
    let unsourced = status();
    gate.kill().unwrap();
    gate.wait().unwrap();
    assert!(probed.contains(" for z: down: "), "{probed}");
    let part = format!("unable to source {}", folder.path("settings").display());
    assert!(unsourced.contains(&part), "{unsourced}");
}

#[test]
fn no_shell_runs_where_no_setting_is_asked_for() {
    let (port, _) = redis("+PONG\r\n");
    let text = config(port) + "[service.y]\nneeds = [\"redis\"]\nexec = [\"true\"]\n";
    let folder = Folder::new(&text);
    let settings = format!("touch {}\n", folder.path("ran").display());
    fs::write(folder.path("settings"), settings).unwrap();
    for words in [&["wait", "redis"][..], &["check", "redis"], &["exec", "y"]] {
        assert_eq!(folder.run(words).0, 0);
        assert!(!folder.path("ran").exists(), "{words:?}");
    }
}

#[test]
fn what_the_file_prints_is_not_in_the_output_of_a_command() {
    let (folder, _listener) = placed();
    let settings = fs::read_to_string(folder.path("settings")).unwrap();
    fs::write(folder.path("settings"), settings + "echo printed\n").unwrap();
    let (code, out, err) = folder.run(&["check", "--json", "x"]);
    assert_eq!((code, &*err), (0, "printed\n"));
    assert!(out.starts_with("[{"), "{out}");
}

#[test]
fn a_path_or_name_that_is_empty_has_its_setting_named() {
    let empty = |field: &str| {
        let text = format!("[settings]\nAPP = \"\"\n[service.x]\n{field}\n");
        let folder = Folder::new(&text);
        fs::write(folder.path("settings"), "APP=\n").unwrap();
        let (_, _, err) = folder.run(&["exec", "x"]);
        assert!(
            err.contains("\"${APP}\" is empty: set it in the settings file"),
            "{field}: {err}"
        );
    };
    empty("directory = \"${APP}\"\nexec = [\"true\"]");
    empty("exec = [\"${APP}\"]");
    empty("user = \"${APP}\"\nexec = [\"true\"]");
    empty("log = { file = \"${APP}\" }\nexec = [\"true\"]");
}
