//! `svctl list`, `status`, and the commands that steer.

use std::fs::{self, File};
use std::process::Stdio;

use crate::world::{World, said};

const READY: &str = "echo >&3\nexec sleep 1000";

/// Services in every state that lasts.
fn world() -> World {
    let mut world = World::new();
    let policy = |name: &str, text: &str| {
        fs::write(
            world.path("service").join(name).join("supervise.toml"),
            text,
        )
        .expect("write");
    };
    world.service("web", READY);
    policy("web", "ready-fd = 3\n");
    world.service("worker", "exit 7");
    policy("worker", "backoff = 600\n");
    world.service("once", "exit 0");
    policy("once", "restart = \"on-failure\"\n");
    world.service("broken", "exit 5");
    policy("broken", "ready-fd = 3\ngive-up = 1\n");
    world.service("plain", "exec sleep 1000");
    world.service("off", "exec sleep 1000");
    fs::write(world.path("service/off/down"), "").expect("write");
    world.start();
    world.until("all are in a state that lasts", |world| {
        let text = world.said(&["list"]).1;
        ["ready", "finished", "failed", "3 early ends"]
            .iter()
            .all(|word| text.contains(word))
    });
    world
}

/// The words of the lines of `list`, without times and pids.
fn rows(text: &str) -> Vec<String> {
    let rows = text.lines().skip(1).map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_time = |word: &str| {
            word.ends_with(['s', 'm', 'h', 'd'])
                && word
                    .trim_end_matches(['s', 'm', 'h', 'd'])
                    .parse::<u32>()
                    .is_ok()
        };
        let mut kept: Vec<&str> = words.into_iter().filter(|word| !is_time(word)).collect();
        if kept.get(2).is_some_and(|word| word.parse::<u32>().is_ok()) {
            kept.remove(2);
        }
        kept.join(" ")
    });
    rows.collect()
}

#[test]
fn shows_each_state_and_what_is_wrong() {
    let world = world();
    let (code, text) = world.said(&["list"]);
    assert_eq!(code, 0);
    assert!(!text.contains('\x1b'), "no colour but on a terminal");
    let rows = rows(&text);
    assert_eq!(
        rows[..4],
        [
            "broken failed – 1 exit 5 1 early end, given up",
            "off down – 0 –",
            "once finished – 1 exit 0",
            "plain up 1 –",
        ]
    );
    assert_eq!(rows[4], "web ready 1 –");
    assert!(rows[5].starts_with("worker waiting – 3 exit 7 3 early ends, again in"));

    for (name, code) in [
        ("web", 0),
        ("off", 0),
        ("once", 0),
        ("worker", 3),
        ("broken", 3),
    ] {
        assert_eq!(world.said(&["status", name]).0, code, "{name}");
    }
    assert_eq!(world.said(&["list", "we*"]).1.lines().count(), 2);
    let names = world.said(&["list", "--names"]).1;
    assert_eq!(names, "broken\noff\nonce\nplain\nweb\nworker\n");
}

#[test]
fn starts_stops_and_restarts_and_waits_for_each() {
    let world = world();
    let state = |name: &str| {
        let text = world.said(&["list", name]).1;
        rows(&text)[0]
            .split(' ')
            .nth(1)
            .expect("a state")
            .to_owned()
    };
    let does = |words: &[&str]| assert_eq!(world.said(words), (0, String::new()), "{words:?}");
    does(&["start", "off", "web"]);
    assert_eq!(
        (state("off"), state("web")),
        ("up".to_owned(), "ready".to_owned())
    );
    does(&["stop", "off", "web", "worker"]);
    for name in ["off", "web", "worker"] {
        assert_eq!(state(name), "down");
    }
    assert_eq!(
        world.said(&["status", "web"]).0,
        0,
        "down is what was asked for"
    );
    does(&["restart", "web", "plain"]);
    assert_eq!(state("web"), "ready");
    does(&["pause", "web"]);
    assert!(world.said(&["list", "web"]).1.contains("paused"));
    does(&["continue", "web"]);
    does(&["signal", "KILL", "plain"]);
    world.until("plain was started again", |world| {
        world.said(&["status", "plain"]).1.contains("SIGKILL")
    });
    does(&["stop", "--no-wait", "plain"]);
    does(&["once", "off"]);
    assert!(world.said(&["list", "off"]).1.contains("runs once"));

    let (code, text) = world.said(&["start", "broken"]);
    assert_eq!(
        (code, &text[..]),
        (100, "svctl: warning: broken has failed\n")
    );
}

#[test]
fn a_limit_ends_the_waiting() {
    let mut world = World::new();
    world.service("slow", "trap '' TERM\nwhile :; do sleep 1; done");
    world.start();
    world.until("it ignores TERM", |world| {
        world.said(&["status", "slow"]).0 == 0
    });
    let (code, text) = world.said(&["stop", "--timeout=0.2", "slow"]);
    // sh may not have come to its trap yet.
    if code != 0 {
        assert_eq!(
            (code, &text[..]),
            (111, "svctl: warning: slow is not down: timed out\n")
        );
        assert!(rows(&world.said(&["list"]).1)[0].starts_with("slow stopping"));
    }
    let kill = world.said(&["signal", "9", "slow"]);
    assert!(kill.0 == 0 || kill.1.contains("down"), "{kill:?}");
}

#[test]
fn the_whole_tree_of_a_service_gets_the_signal() {
    let mut world = World::new();
    world.service("web", "sleep 1234 &\necho $! >child\nexec sleep 1000");
    world.start();
    let child = world.path("service/web/child");
    world.until("there is a child", |_| {
        fs::read_to_string(&child).is_ok_and(|pid| pid.ends_with('\n'))
    });
    let pid = fs::read_to_string(&child).expect("a pid");
    assert_eq!(world.said(&["stop", "--tree", "web"]), (0, String::new()));
    let gone = |pid: &str| {
        !fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
            .is_ok_and(|stat| !stat.contains(" Z "))
    };
    world.until("the child has ended", |_| gone(&pid));
}

#[test]
fn a_logger_is_stopped_after_its_service() {
    let mut world = World::new();
    world.service(
        "web",
        "trap 'echo last words; exit' TERM\nwhile :; do sleep 0.1; done",
    );
    world.service("web/log", "exec multilog t ./main");
    world.start();
    world.until("it has a log", |world| {
        world.path("service/web/log/main/current").exists()
    });
    assert_eq!(world.said(&["stop", "web/log", "web"]).0, 0);
    let (code, text) = world.said(&["logs", "web"]);
    assert!(code == 0 && text.ends_with("  last words\n"), "{text}");
    assert!(
        world
            .said(&["status", "web/log"])
            .1
            .starts_with("web/log: down")
    );
}

#[test]
fn names_that_mean_nothing_are_said_and_the_others_count() {
    let world = world();
    let (code, text) = world.said(&["restart", "wroker", "plain", "nothing", "/nowhere"]);
    let tree = world.path("service");
    let tree = tree.display();
    let wanted = format!(
        "svctl: warning: no service wroker in {tree}; did you mean worker?\n\
         svctl: warning: no service nothing in {tree}\n\
         svctl: warning: no service directory /nowhere\n"
    );
    assert_eq!((code, text), (100, wanted));
    world.until("the one that is there was restarted", |world| {
        world.said(&["status", "plain"]).1.contains("SIGTERM")
    });
    let (code, text) = world.said(&["reload", "once"]);
    let wanted = "svctl: warning: once is down: there is no process to signal\n";
    assert_eq!((code, &text[..]), (100, wanted));
    let (code, text) = world.said(&["list", "x*"]);
    assert_eq!(
        (code, &text[..]),
        (100, "svctl: fatal: no service matches x*\n")
    );
    let (code, text) = world.said(&["--dir=/nowhere", "list"]);
    assert_eq!(
        (code, &text[..]),
        (
            100,
            "svctl: fatal: unable to read /nowhere: file does not exist\n"
        )
    );
    assert_eq!(world.said(&["frobnicate"]).0, 100);
}

#[test]
fn a_tree_without_svscan_is_said() {
    let world = World::new();
    world.service("web", "exec sleep 1000");
    let (code, text) = world.said(&["list"]);
    assert_eq!(code, 0);
    let warning = format!(
        "svctl: warning: no svscan looks after {}\n",
        world.path("service").display()
    );
    assert!(text.ends_with(&warning), "{text}");
    assert!(text.contains("web   –               no supervise") || text.contains("no supervise"));
    let (code, text) = world.said(&["start", "web"]);
    assert_eq!(
        (code, &text[..]),
        (100, "svctl: warning: web has no supervise\n")
    );
    assert_eq!(world.said(&["status", "web"]).0, 3);
}

#[test]
fn output_that_can_not_be_written_is_an_error_and_a_closed_pipe_is_not_said() {
    let world = world();
    for words in [
        &["list"][..],
        &["list", "--json"],
        &["status", "web"],
        &["list", "--names"],
    ] {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full");
        let out = world.command(words).stdout(full).output().expect("it runs");
        let wanted = "svctl: fatal: unable to write output: out of disk space\n";
        assert_eq!(said(&out), (111, wanted.to_owned()), "{words:?}");
        let mut child = world
            .command(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        drop(child.stdout.take());
        let out = child.wait_with_output().expect("it ends");
        assert!(out.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn json_is_an_object_each_with_all_that_is_known() {
    let world = world();
    let text = world.said(&["list", "--json"]).1;
    assert_eq!(text.lines().count(), 6);
    let line = |name: &str| {
        let start = format!("{{\"name\":\"{name}\",");
        text.lines()
            .find(|line| line.starts_with(&start))
            .expect(name)
    };
    for (name, parts) in [
        (
            "web",
            &[
                "\"state\":\"ready\"",
                "\"as_wanted\":true",
                "\"ready_since\":\"@4",
                "\"starts\":1",
            ][..],
        ),
        (
            "worker",
            &[
                "\"state\":\"waiting\"",
                "\"as_wanted\":false",
                "\"early_ends\":3",
                "\"last_exit_code\":7",
                "\"next_start\":\"@4",
            ],
        ),
        (
            "off",
            &[
                "\"state\":\"down\"",
                "\"normally\":\"down\"",
                "\"starts\":0",
            ],
        ),
        ("broken", &["\"state\":\"failed\"", "\"want\":null"]),
    ] {
        for part in parts {
            assert!(line(name).contains(part), "{part} in {}", line(name));
        }
    }
}

#[test]
fn a_terminal_gets_colours_unless_somebody_objects() {
    let world = world();
    let on_terminal = |variable: (&str, &str)| {
        let svctl = format!("{} list", env!("CARGO_BIN_EXE_svctl"));
        let mut command = std::process::Command::new("script");
        command
            .args(["-qec", &svctl, "/dev/null"])
            .env("SVDIR", world.path("service"))
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env(variable.0, variable.1)
            .stdin(Stdio::null());
        said(&command.output().expect("script")).1
    };
    let text = on_terminal(("NO_COLOR", ""));
    for colored in [
        "\x1b[32mready\x1b[0m",
        "\x1b[31mfailed\x1b[0m",
        "\x1b[2mfinished\x1b[0m",
    ] {
        assert!(text.contains(colored), "{text:?}");
    }
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = on_terminal(variable);
        assert!(text.contains("ready") && !text.contains('\x1b'), "{text:?}");
    }
}

/// As in a container: svscan is process 1, and nothing says where the tree is.
#[test]
fn the_tree_of_process_1_is_found() {
    let world = World::new();
    let svctl = env!("CARGO_BIN_EXE_svctl");
    world.service(
        "web",
        &format!(
            "env -u SVDIR {svctl} list --names >names.new && mv names.new names\nexec sleep 1000"
        ),
    );
    let mut unshare = std::process::Command::new("unshare")
        .args(["-pf", "--kill-child", "--mount-proc"])
        .arg(crate::world::program("svscan"))
        .arg(world.path("service"))
        .env("PATH", world.programs())
        .spawn()
        .expect("unshare");
    let names = world.path("service/web/names");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !names.exists()
        && std::time::Instant::now() < end
        && matches!(unshare.try_wait(), Ok(None))
    {
        crate::world::pause();
    }
    let refused = matches!(unshare.try_wait(), Ok(Some(_)));
    let _ = unshare.kill();
    let _ = unshare.wait();
    if refused {
        eprintln!("skipped: no pid namespaces");
        return;
    }
    assert_eq!(fs::read_to_string(names).expect("names"), "web\n");
}
