//! `svctl enable` and `disable`, beside `update-service`; `svctl lint`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::world::{World, program, said, service};

const SLEEPER: &str = "exec sleep 1000";

#[test]
fn a_service_is_enabled_and_disabled_its_logger_last() {
    let mut world = World::new();
    let web = service(
        &world.path("defs/web"),
        "trap 'echo last words; exit' TERM\nwhile :; do sleep 0.1; done",
    );
    service(&web.join("log"), "exec multilog t ./main");
    world.service("other", SLEEPER);
    world.start();
    let path = web.to_str().expect("UTF-8");
    assert_eq!(
        world.said(&["enable", "web", path]),
        (0, "web enabled\n".to_owned())
    );
    assert_eq!(
        fs::read_link(world.path("service/web")).expect("a link"),
        web
    );
    world.until("it is up and has a log", |world| {
        world.said(&["status", "web", "web/log"]).0 == 0 && web.join("log/main/current").exists()
    });
    assert_eq!(
        world.said(&["enable", "web", path]),
        (0, "web is enabled already\n".to_owned())
    );
    let (code, text) = world.said(&["enable", "again", path]);
    assert!(
        code == 100 && text.contains("has a supervise already"),
        "{text}"
    );

    assert_eq!(
        world.said(&["disable", "web"]),
        (0, "web disabled\n".to_owned())
    );
    assert!(!world.path("service/web").exists());
    for directory in [&web, &web.join("log")] {
        let svok = Command::new(program("svok"))
            .arg(directory)
            .status()
            .expect("svok");
        assert_eq!(svok.code(), Some(100), "no supervise is left");
    }
    let (_, log) = world.said(&["logs", path]);
    assert!(log.ends_with("  last words\n"), "{log}");
    assert_eq!(world.said(&["status", "other"]).0, 0);

    // By its directory alone, and by its name beside another service's directory.
    assert_eq!(
        world.said(&["enable", path]),
        (0, "web enabled\n".to_owned())
    );
    service(&world.path("defs/mail"), SLEEPER);
    assert_eq!(
        world.said(&["enable", "mail"]),
        (0, "mail enabled\n".to_owned())
    );
    let (code, text) = world.said(&["disable", "mail", path]);
    assert!(code == 100 && text.contains("does not lead to"), "{text}");
    for name in ["mail", path] {
        assert_eq!(world.said(&["disable", name]).0, 0, "{name}");
    }
}

#[test]
fn works_without_svscan_and_says_so() {
    let world = World::new();
    let web = service(&world.path("defs/web"), SLEEPER);
    let path = web.to_str().expect("UTF-8");
    let warning = format!(
        "svctl: warning: no svscan looks after {}\n",
        world.path("service").display()
    );
    assert_eq!(
        world.said(&["enable", path]),
        (0, format!("web enabled\n{warning}"))
    );
    // Moved aside, and back.
    fs::rename(world.path("service/web"), world.path("service/.web")).expect("rename");
    assert!(world.said(&["list", "-a"]).1.contains(".web"));
    assert_eq!(world.said(&["enable", "web"]).0, 0);
    assert_eq!(
        fs::read_link(world.path("service/web")).expect("a link"),
        web
    );
    assert_eq!(
        world.said(&["disable", "web", path]),
        (0, "web disabled\n".to_owned())
    );
    assert!(
        fs::read_dir(world.path("service"))
            .expect("a tree")
            .next()
            .is_none()
    );
}

#[test]
fn what_would_do_harm_is_refused() {
    let world = World::new();
    world.service("real", SLEEPER);
    let web = service(&world.path("defs/web"), SLEEPER);
    symlink(&web, world.path("service/web")).expect("symlink");
    let other = world.path("defs");
    let other = other.to_str().expect("UTF-8");
    for (words, text) in [
        (&["enable", "web", other][..], "leads to another directory"),
        (&["enable", "real", other], "leads to another directory"),
        (&["enable", ".web", other], "no name of a service"),
        (&["enable", "a/b", other], "no name of a service"),
        (&["enable", "", other], "no name of a service"),
        (&["enable", "x", "/nowhere"], "/nowhere is no directory"),
        (&["enable", "unknown"], "where is unknown?"),
        (&["disable", "real"], "is no link to a service directory"),
        (&["disable", "unknown"], "file does not exist"),
    ] {
        let (code, said) = world.said(words);
        assert!(code == 100 && said.contains(text), "{words:?}: {said}");
    }
    assert!(world.path("service/web").exists() && world.path("service/real").exists());
}

/// A service whose end takes longer than it is waited for keeps its logger.
#[test]
fn a_logger_stays_as_long_as_its_service() {
    let mut world = World::new();
    let web = service(
        &world.path("defs/web"),
        "trap '' TERM\necho >up\nwhile :; do sleep 0.1; done",
    );
    service(&web.join("log"), "exec multilog t ./main");
    world.start();
    let path = web.to_str().expect("UTF-8");
    assert_eq!(world.said(&["enable", path]).0, 0);
    world.until("it ignores TERM", |_| web.join("up").exists());
    let (code, text) = world.said(&["disable", "--timeout=0.3", "web"]);
    assert!(code == 111 && text.contains("still there"), "{text}");
    let svok = |directory: &Path| {
        Command::new(program("svok"))
            .arg(directory)
            .status()
            .expect("svok")
            .success()
    };
    assert!(svok(&web) && svok(&web.join("log")));
    assert_eq!(world.said(&["signal", "KILL", path]).0, 0);
    world.until("its supervise has left", |_| !svok(&web));
    let svc = Command::new(program("svc"))
        .arg("-dx")
        .arg(web.join("log"))
        .status();
    assert!(svc.expect("svc").success());
    world.until("so has the logger's", |_| !svok(&web.join("log")));
}

/// Both programs on the same directory below `/etc`, with the same defaults, in a mount
/// namespace: what is there afterwards is the same.
#[test]
fn enable_does_what_update_service_does() {
    let world = World::new();
    let script = |add: &str| {
        format!(
            "set -e; mount -t tmpfs none /etc/default; mount -t tmpfs none /var/lib
             mkdir -p /etc/default/web/log; cp {web}/run /etc/default/web; cp {web}/run /etc/default/web/log
             printf 'STATUS_GROUP=4711\\nCONTROL_GROUP=4711\\n' >/etc/default/daemontools
             export SVDIR=/etc/default/tree; mkdir $SVDIR; {add} >/dev/null 2>&1
             find /etc/default /var/lib -mindepth 1 -printf '%p %M %U %G %l\\n' | sort"
        , web = world.path("service/web").display())
    };
    world.service("web", SLEEPER);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = |add: &str| {
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!(
            "{}:{path}",
            program("svok").parent().expect("bin").display()
        );
        let out = Command::new("unshare")
            .args(["-m", "sh", "-c", &script(add)])
            .env("PATH", path)
            .output()
            .expect("unshare");
        said(&out)
    };
    let ours = run(&format!(
        "{} enable web /etc/default/web",
        env!("CARGO_BIN_EXE_svctl")
    ));
    if ours.0 != 0 && (ours.1.contains("unshare") || ours.1.contains("mount")) {
        eprintln!("skipped: no mount namespaces: {}", ours.1);
        return;
    }
    let script = root.join("boot/update-service");
    let theirs = run(&format!("sh {} --add /etc/default/web", script.display()));
    assert_eq!(ours, theirs);
    for line in [
        "/etc/default/tree/web lrwxrwxrwx 0 0 /etc/default/web",
        "/etc/default/web/supervise lrwxrwxrwx 0 0 /var/lib/supervise/web",
        "/var/lib/supervise/web drwx--x--- 0 4711",
        "/var/lib/supervise/web.log/control prw--w---- 0 4711",
    ] {
        assert!(ours.1.contains(line), "{line} in\n{}", ours.1);
    }
}

#[test]
fn lint_says_what_supervise_would_say_and_what_is_not_switched_on() {
    let world = World::new();
    let web = world.service("web", SLEEPER);
    world.service("web/log", SLEEPER);
    assert_eq!(world.said(&["lint"]), (0, String::new()));
    fs::write(
        web.join("supervise.toml"),
        "restart = \"never\"\nstop-tiemout = 3\n",
    )
    .expect("write");
    fs::write(web.join("notification-fd"), "5\n").expect("write");
    fs::write(web.join("finish"), "#!/bin/sh\n").expect("write");
    fs::write(web.join("log/supervise.toml"), "finish = true\n").expect("write");
    fs::create_dir(world.path("service/empty")).expect("mkdir");
    symlink("nowhere", world.path("service/gone")).expect("symlink");
    let (code, text) = world.said(&["lint"]);
    let wanted = "\
        empty/run: is missing\n\
        gone: leads nowhere\n\
        web/supervise.toml, line 2: unknown name stop-tiemout, ignored\n\
        web/finish: is there and does not run: supervise.toml has no finish = true\n\
        web/notification-fd: is s6's and means nothing to supervise; here it is ready-fd = 5\n\
        web/log/finish: is missing\n";
    assert_eq!((code, &text[..]), (1, wanted));
    let (code, text) = world.said(&["lint", "web/log"]);
    assert_eq!((code, &text[..]), (1, "web/log/finish: is missing\n"));
    // As supervise says it.
    let mut supervise = Command::new(program("supervise"))
        .arg("web")
        .current_dir(world.path("service"))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("supervise");
    world.until("it has begun", |world| {
        world.said(&["status", "web"]).1.contains("process")
    });
    assert!(
        Command::new(program("svc"))
            .arg("-dx")
            .arg(&web)
            .status()
            .expect("svc")
            .success()
    );
    assert!(supervise.wait().expect("it leaves").success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut supervise.stderr.take().expect("a pipe"), &mut said)
        .expect("text");
    assert!(
        said.contains("web/supervise.toml, line 2: unknown name stop-tiemout, ignored"),
        "{said}"
    );
}
