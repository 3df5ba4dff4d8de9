//! The program that the gate becomes: its inheritance, and the errors before its exec.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::folder::{Folder, config, redis, refused};

/// A service whose program prints its pid, environment, arguments, signals and
/// descriptors.
const REPORT: &str = "[service.thin]\nneeds = []\ndirectory = \"${DIASPORA_HOME}\"\n\
log = { file = \"thin.${INSTANCE}.log\", mode = \"640\" }\nenv = { QUEUE = \"*\" }\n\
exec = [\"/bin/sh\", \"-c\", \"echo $$ $RAILS_ENV \\\"$QUEUE\\\" $SECRET $PWD \\\"$@\\\"; grep -E '^Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd\", \"${INSTANCE}\"]\n";

#[test]
fn the_program_has_the_gates_pid_and_inheritance() {
    let folder = Folder::new(REPORT);
    let home = folder.path("app");
    fs::create_dir(&home).unwrap();
    let settings = format!(
        "export RAILS_ENV=production\nDIASPORA_HOME={}\nSECRET=unexported\n",
        home.display()
    );
    fs::write(folder.path("settings"), settings).unwrap();
    let report = |program: &mut Command| {
        let child = program.stdout(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        (
            pid,
            String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(),
        )
    };
    let (pid, through) = report(&mut folder.gate(&["exec", "thin", "a", "b c"]));
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
fn each_failed_preparation_has_its_exit_code() {
    for (services, code, part) in [
        (
            "directory = \"${DIASPORA_HOME}\"\nsettings = { DIASPORA_HOME = \"/nonexistent\" }",
            1,
            "unable to chdir to /nonexistent: file does not exist: set DIASPORA_HOME in /",
        ),
        (
            "user = \"${DIASPORA_USER}\"\nsettings = { DIASPORA_USER = \"no-such\" }",
            100,
            "unknown user no-such: set DIASPORA_USER in /",
        ),
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
        let folder = Folder::new(&format!("[service.x]\n{services}\nexec = [\"true\"]\n"));
        let (found, _, err) = folder.run(&["exec", "x"]);
        assert_eq!(found, code, "{err}");
        assert!(
            err.starts_with("diaspora-deps: fatal: ") && err.contains(part),
            "{err}"
        );
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    let folder = Folder::new("[service.x]\nexec = [\"no-such-program\"]\n");
    let mut gate = folder.gate(&["exec", "x"]);
    let output = gate.env("PATH", "/usr/bin:/bin").output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), err.as_str()),
        (
            Some(111),
            "diaspora-deps: fatal: unable to run no-such-program: file does not exist in \
             /usr/bin:/bin: install it, or write env = { PATH = \
             \"/folder/of/no-such-program:/usr/bin:/bin\" } in [service.x]\n"
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
    let text = config(dead) + "[service.x]\nneeds = [\"redis\"]\nattempts = 1\nexec = [\"true\"]\n";
    let folder = Folder::new(&text);
    let (code, out, _) = folder.run(&["exec", "x"]);
    assert_eq!((code, out.as_str()), (126, "99thin_2 waiting for redis\n"));
}

#[test]
fn a_user_that_cannot_be_assumed_is_an_error() {
    let folder = Folder::new("[service.x]\nuser = \"nobody\"\nexec = [\"/usr/bin/id\", \"-un\"]\n");
    let (code, out, err) = folder.run(&["exec", "x"]);
    // As root it becomes nobody; as another user it fails.
    assert!(
        matches!((code, out.as_str()), (0, "nobody\n") | (111, "")),
        "{out}{err}"
    );
    let mut other = folder.gate(&["exec", "x"]);
    fs::set_permissions(
        folder.path(""),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    // Another user, who may not become nobody; only root can start as one.
    if code == 0 {
        let output = other.uid(1).gid(1).output().unwrap();
        assert_eq!(
            (output.status.code(), output.stdout.as_slice()),
            (Some(111), &b""[..])
        );
    }
}

/// A run script of 2010 with the settings file of the package.
#[test]
fn a_run_script_of_2010_works() {
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
        let folder = Folder::new(&config(port));
        let gate = std::path::Path::new(env!("CARGO_BIN_EXE_diaspora-deps"))
            .parent()
            .unwrap()
            .to_owned();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &script])
            .current_dir(folder.path("99thin_2"))
            .env("PATH", format!("{}:/usr/bin:/bin", gate.display()))
            .env("DIASPORA_DEPS_SERVICES", folder.path("services.toml"));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), out);
    }
}

/// A pod's ruby is that of rbenv or rvm, whose folder svscanboot's PATH does not have.
#[test]
fn a_path_without_a_version_manager_is_said_with_the_fix_before_the_wait() {
    let text = config(refused())
        + "[service.x]\nneeds = [\"redis\"]\nsource-settings = true\nexec = [\"bundle\"]\n\
           [service.y]\nsource-settings = true\ndirectory = \"${DIASPORA_HOME}\"\nexec = [\"./script\"]\n";
    let folder = Folder::new(&text);
    let settings = folder.path("settings");
    let script = |name: &str, text: &str| {
        let file = folder.path(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    let run = |service: &str| {
        let mut gate = folder.gate(&["exec", service]);
        gate.env("PATH", "/nowhere")
            .env("HOME", folder.path("home"));
        let output = gate.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let home = format!("DIASPORA_HOME={}\n", folder.path("app").display());
    fs::write(&settings, &home).unwrap();
    script("app/script", "#!/usr/bin/env ruby\n");
    let fatal = "diaspora-deps: fatal: unable to run ";
    let no_bundle = format!("{fatal}bundle: file does not exist in /nowhere: ");
    let no_ruby = format!("{fatal}./script: its interpreter ruby does not exist in /nowhere: ");
    for (service, message) in [("x", &no_bundle), ("y", &no_ruby)] {
        let (code, out, err) = run(service);
        assert!(
            (code, out.as_str()) == (111, "") && err.starts_with(message.as_str()),
            "{err}"
        );
    }
    for (name, manager) in [
        ("bundle", ".rbenv/shims"),
        ("ruby", ".rvm/wrappers/ruby-3.1"),
    ] {
        script(&format!("home/{manager}/{name}"), "#!/bin/sh\necho $0\n");
        let (service, message) = match name {
            "bundle" => ("x", &no_bundle),
            _ => ("y", &no_ruby),
        };
        let shims = folder.path("home").join(manager);
        let shims = shims.display();
        let fix = format!("export PATH={shims}:$PATH");
        let expected = format!(
            "{message}{shims} has it: write \"{fix}\" in {}\n",
            settings.display()
        );
        let (code, out, err) = run(service);
        assert_eq!((code, out.as_str(), err), (111, "", expected));
        // What it says is the fix.
        fs::write(&settings, format!("{home}{fix}\nDEFAULT_ATTEMPTS=1\n")).unwrap();
        let (code, out, err) = run(service);
        match service {
            "x" => assert_eq!((code, out.as_str()), (126, "99thin_2 waiting for redis\n")),
            _ => assert!(code == 0 && out.ends_with("/ruby\n"), "{out}{err}"),
        }
        fs::write(&settings, &home).unwrap();
    }
}
