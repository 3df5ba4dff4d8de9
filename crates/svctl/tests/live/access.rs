//! Who may look and who may steer, with every client; as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::world::{World, program, said};

/// Nobody, and a group that he is not in.
const NOBODY: u32 = 65534;
const GROUP: u32 = 4711;

const CLIENTS: [&str; 4] = ["svstat", "svok", "svc", "svwait"];

/// A tree with the clients beside it, where every user can run them. `None` if this is not
/// root, who alone can become others.
fn world() -> Option<World> {
    let mut world = World::new();
    if fs::metadata(world.path("service")).expect("facts").uid() != 0 {
        eprintln!("skipped: not root");
        return None;
    }
    let bin = world.path("bin");
    fs::create_dir(&bin).expect("mkdir");
    let mut cp = Command::new("cp");
    for client in CLIENTS {
        cp.arg("-L").arg(program(client));
    }
    cp.arg(env!("CARGO_BIN_EXE_svctl")).arg(&bin);
    assert!(cp.status().expect("cp").success());
    world.service("web", "exec sleep 1000");
    world.start();
    world.until("it is up", |world| world.said(&["status", "web"]).0 == 0);
    Some(world)
}

/// The exit code of a client, and whether access was denied.
fn client(world: &World, user: u32, group: u32, words: &[&str]) -> (i32, bool) {
    let mut command = Command::new(world.path("bin").join(words[0]));
    command
        .args(&words[1..])
        .current_dir(world.path("service"))
        .env("SVDIR", world.path("service"));
    if user != 0 {
        command.uid(user).gid(group);
    }
    let (code, text) = said(&command.output().expect("it runs"));
    assert!(!text.contains("not running"), "{words:?}: {text}");
    (code, text.contains("access denied"))
}

/// Whether each client that looks, and each that steers, may do so.
fn may(world: &World, user: u32, group: u32) -> (bool, bool) {
    let all = |clients: &[&[&str]]| {
        let answers: Vec<bool> = clients
            .iter()
            .map(|words| match client(world, user, group, words) {
                (0, false) => true,
                (111, true) => false,
                other => panic!("{words:?} as {user}:{group}: {other:?}"),
            })
            .collect();
        assert!(
            answers.iter().all(|&answer| answer == answers[0]),
            "{answers:?}"
        );
        answers[0]
    };
    let look = all(&[
        &["svstat", "--strict", "web"],
        &["svok", "web"],
        &["svctl", "status", "web"],
        &["svwait", "--up", "--timeout=0", "web"],
    ]);
    let steer = all(&[
        &["svc", "--strict", "-c", "web"],
        &["svctl", "continue", "web"],
    ]);
    (look, steer)
}

fn modes(directory: &Path) -> [(u32, u32); 3] {
    ["supervise", "supervise/ok", "supervise/control"].map(|name| {
        let facts = fs::metadata(directory.join(name)).expect(name);
        (facts.mode() & 0o7777, facts.gid())
    })
}

#[test]
fn each_row_of_the_table_holds_for_every_user_and_client_and_after_supervise_was_killed() {
    let Some(world) = world() else { return };
    let group = GROUP.to_string();
    let web = world.path("service/web");
    // What is asked for; the modes; what nobody and a member of the group may do.
    for (asked, wanted, nobody, member) in [
        (
            &["--status=owner"][..],
            [0o700, 0o600, 0o600],
            (false, false),
            (false, false),
        ),
        (
            &["--status", &group],
            [0o710, 0o620, 0o600],
            (false, false),
            (true, false),
        ),
        (
            &["--status=all"],
            [0o711, 0o622, 0o600],
            (true, false),
            (true, false),
        ),
        (
            &["--control", &group],
            [0o710, 0o620, 0o620],
            (false, false),
            (true, true),
        ),
        (
            &["--status=all", "--control", &group],
            [0o711, 0o622, 0o620],
            (true, false),
            (true, true),
        ),
        (
            &["--control=owner"],
            [0o700, 0o600, 0o600],
            (false, false),
            (false, false),
        ),
    ] {
        let words = [&["access"], asked, &["web"]].concat();
        assert_eq!(world.said(&words), (0, String::new()), "{asked:?}");
        for killed in [false, true] {
            if killed {
                kill_supervise(&world);
            }
            assert_eq!(
                modes(&web).map(|(mode, _)| mode),
                wanted,
                "{asked:?} {killed}"
            );
            if nobody != member {
                let last = if wanted[2] == 0o620 { 2 } else { 1 };
                assert_eq!(modes(&web)[last].1, GROUP);
            }
            assert_eq!(
                may(&world, NOBODY, NOBODY),
                nobody,
                "nobody, {asked:?} {killed}"
            );
            assert_eq!(
                may(&world, NOBODY, GROUP),
                member,
                "a member, {asked:?} {killed}"
            );
            assert_eq!(may(&world, 0, 0), (true, true), "root, {asked:?} {killed}");
        }
    }
}

/// Kills the supervise, and waits until svscan has started another.
fn kill_supervise(world: &World) {
    let inode = fs::metadata(world.path("service/web/supervise/lock"))
        .expect("a lock")
        .ino();
    let end = format!(":{inode}");
    let holder = || {
        let locks = fs::read_to_string("/proc/locks").expect("locks");
        let line = locks.lines().find(|line| {
            line.contains("FLOCK")
                && line
                    .split_whitespace()
                    .nth(5)
                    .is_some_and(|file| file.ends_with(&end))
        });
        line.and_then(|line| line.split_whitespace().nth(4).map(str::to_owned))
    };
    let before = holder().expect("a supervise");
    assert!(
        Command::new("kill")
            .args(["-9", &before])
            .status()
            .expect("kill")
            .success()
    );
    world.until("there is another supervise", |world| {
        holder().is_some_and(|now| now != before) && world.said(&["status", "web"]).0 == 0
    });
}

#[test]
fn access_is_shown_and_what_can_not_be_had_is_refused() {
    let Some(world) = world() else { return };
    let group = GROUP.to_string();
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(world.said(&["access", "--control", &group, "web"]).0, 0);
    let (code, text) = world.said(&["access"]);
    let row = words(text.lines().nth(1).expect("a row"));
    assert_eq!(code, 0);
    let wanted = [
        "web",
        &group,
        &group,
        "0710",
        "root:4711",
        "0620",
        "root:4711",
        "0620",
        "root:4711",
    ];
    assert_eq!(row, wanted);

    for (asked, text) in [
        (&["--control=all", "web"][..], "not all may steer"),
        (&["--status=1", "--control=2", "web"], "one group"),
        (&["--status=no-such-group", "web"], "no group no-such-group"),
        (&["--status=all"], "names of services"),
        (&["--status=all", "wbe"], "did you mean web?"),
    ] {
        let (code, said) = world.said(&[&["access"], asked].concat());
        assert!(code == 100 && said.contains(text), "{said}");
    }
    // A user who may not look is told so.
    assert_eq!(world.said(&["access", "--status=owner", "web"]).0, 0);
    assert_eq!(
        client(&world, NOBODY, NOBODY, &["svctl", "access", "web"]),
        (111, true)
    );
    assert_eq!(
        client(
            &world,
            NOBODY,
            NOBODY,
            &["svctl", "access", "--status=all", "web"]
        ),
        (111, true)
    );
    let list = client(&world, NOBODY, NOBODY, &["svctl", "list"]);
    assert_eq!(list, (0, true), "list says what it may not see");
}

/// A user who owns `supervise/` can't have root change another file.
#[test]
fn no_link_and_no_second_name_is_followed() {
    let Some(world) = world() else { return };
    let other = world.path("other");
    let mkfifo = |path: &Path| {
        assert!(
            Command::new("mkfifo")
                .arg("-m600")
                .arg(path)
                .status()
                .expect("mkfifo")
                .success()
        );
    };
    mkfifo(&other);
    let place = world.path("apart");
    let supervise = place.join("supervise");
    fs::create_dir_all(&supervise).expect("mkdir");
    mkfifo(&supervise.join("control"));
    let words = ["access", "--status=all", place.to_str().expect("UTF-8")];
    let ok = supervise.join("ok");
    for link in [true, false] {
        let made = match link {
            true => std::os::unix::fs::symlink(&other, &ok),
            false => fs::hard_link(&other, &ok),
        };
        made.expect("a link");
        let (code, text) = world.said(&words);
        assert!(
            code == 100 && text.contains("supervise/ok is no FIFO"),
            "{text}"
        );
        assert_eq!(fs::metadata(&other).expect("facts").mode() & 0o777, 0o600);
        fs::remove_file(&ok).expect("unlink");
    }
    mkfifo(&ok);
    std::os::unix::fs::chown(&supervise, Some(NOBODY), None).expect("chown");
    let (code, text) = world.said(&words);
    assert!(
        code == 100 && text.contains("belongs to another user"),
        "{text}"
    );
}

#[test]
fn logs_that_may_not_be_read_are_said() {
    let Some(world) = world() else { return };
    let log = world.path("service/web/log");
    fs::create_dir_all(log.join("main")).expect("mkdir");
    fs::write(log.join("main/current"), "a secret\n").expect("write");
    let logs = &["svctl", "logs", "web"];
    assert_eq!(client(&world, NOBODY, NOBODY, logs), (0, false));
    for (path, mode) in [
        ("main/current", 0o600),
        ("main", 0o700),
        ("main", 0o711),
        (".", 0o700),
    ] {
        fs::set_permissions(log.join(path), fs::Permissions::from_mode(mode)).expect("chmod");
        assert_eq!(client(&world, NOBODY, NOBODY, logs), (111, true), "{path}");
        assert_eq!(client(&world, 0, 0, logs), (0, false), "{path}");
    }
}
