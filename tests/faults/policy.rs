//! What an operator asks for in `supervise.toml`, with supervise killed at each step of a
//! start, a wait, a stop and a finish: at the first, the second, … of each system call. A
//! successor comes, and what was asked for holds.

mod rows;

use std::fs;
use std::path::Path;

use conformance::case::Need;
use conformance::{Case, Proc, Side};
use nix::sys::signal::Signal;

use crate::sweep::Injection;
use crate::within;

/// The system calls at which supervise is killed.
const CALLS: [&str; 8] = [
    "clone,clone3,fork,vfork",
    "rename,renameat,renameat2",
    "pwrite64",
    "write",
    "kill",
    "unlinkat,unlink",
    "wait4,waitid",
    "ppoll",
];

/// More calls than any of the lives below has of one kind.
const MOST: usize = 40;

/// What happens to one service.
#[derive(Clone, Copy)]
struct Life {
    name: &'static str,
    policy: &'static str,
    run: &'static str,
    /// What is told to supervise, again by its successor if it did not get that far.
    letter: Option<u8>,
    /// The last stage, which is reached whenever supervise is killed.
    stage: &'static str,
    /// How often `run` may be started.
    starts: &'static [usize],
    /// How often `finish` may be.
    finishes: &'static [usize],
}

const LIVES: [Life; 4] = [
    Life {
        name: "a start that has to be ready",
        policy: "ready-fd = 3\n",
        run: "echo >>starts; echo >&3; exec sleep 1000",
        letter: None,
        stage: "ready",
        starts: &[1],
        finishes: &[0],
    },
    Life {
        name: "a wait, and giving up",
        policy: "give-up = 2\nbackoff = 1\n",
        run: "echo >>starts; exit 1",
        letter: None,
        stage: "failed",
        // Killed before its exec, a start counts and leaves nothing.
        starts: &[1, 2],
        finishes: &[0],
    },
    Life {
        name: "a stop with a limit",
        policy: "stop-timeout = 0.3\nown-session = true\n",
        run: "trap '' TERM; echo >>starts; while :; do sleep 1; done",
        letter: Some(b'd'),
        stage: "down",
        starts: &[1],
        finishes: &[0],
    },
    Life {
        name: "a finish after a failure",
        policy: "restart = \"never\"\nfinish = true\n",
        run: "echo >>starts; exit 1",
        letter: None,
        stage: "failed",
        // Killed before its exec, a start counts and leaves nothing.
        starts: &[0, 1],
        // Killed between the record of its process and its exec, it is not started again.
        finishes: &[0, 1],
    },
];

pub(crate) fn cases() -> Vec<Case> {
    let pairs = LIVES
        .iter()
        .flat_map(|life| CALLS.iter().map(move |call| (*life, *call)));
    // It waits when it is attached to: that would be the first such call.
    let pairs = pairs.filter(|(life, call)| life.letter.is_none() || *call != "ppoll");
    let mut cases = rows::cases();
    cases.extend(pairs.map(|(life, call)| killed_at(life, call)));
    cases
}

/// The value of a line of the detail file.
fn detail(side: &Side, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&side.read("x/supervise/detail")).into_owned();
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}

fn killed_at(life: Life, call: &'static str) -> Case {
    let first = call.split(',').next().unwrap_or(call);
    Case::scenario(format!("{}, killed at {first}", life.name), move |side| {
        let mut kills = 0;
        for number in 1..=MOST {
            if !once(side, life, call, number) {
                break;
            }
            kills += 1;
        }
        println!("{}: killed at {kills} calls of {first}", life.name);
        side.log("held", kills < MOST);
    })
    .needs(Need::Strace)
    .needs(Need::Pidfds)
    .without_files()
    .promises(&["held: true"])
}

/// One life with supervise killed at that call. False if there was no such call.
fn once(side: &Side, life: Life, call: &str, number: usize) -> bool {
    let _ = fs::remove_dir_all(side.path("x"));
    side.service("x", life.run);
    side.file("x/supervise.toml", life.policy);
    side.script("x/finish", "echo >>finishes");
    let fault = format!("{call}:signal=KILL:when={number}");
    let is_last = || detail(side, "stage").as_deref() == Some(life.stage);
    let killed = match life.letter {
        None => {
            let (_injection, options) = Injection::options(side, "injection", &fault);
            let mut words = vec!["/usr/bin/strace".to_owned()];
            words.extend(options);
            words.extend([side.bin("supervise").display().to_string(), "x".to_owned()]);
            let strace = side.command(words).spawn();
            side.until("the last stage, or a kill", || {
                strace.ended().is_some() || is_last()
            });
            let killed = !side.is_supervised("x");
            stop(side, &strace);
            killed
        }
        Some(letter) => {
            let supervise = side.command(["supervise", "x"]).spawn();
            side.until("its start", || side.exists("x/starts"));
            let _injection = Injection::attach(side, &supervise, &fault);
            side.control("x", &[letter]);
            side.until("the last stage, or a kill", || {
                supervise.ended().is_some() || is_last()
            });
            let killed = supervise.ended().is_some();
            if !killed {
                supervise.signal(Signal::SIGKILL);
            }
            let _ = supervise.wait();
            killed
        }
    };
    let successor = side.command(["supervise", "x"]).spawn();
    side.until("a successor", || side.is_supervised("x"));
    let wants_down = || side.status("x").is_some_and(|now| now.want == b'd');
    if let Some(letter) = life.letter.filter(|_| !wants_down()) {
        // It was killed before it had obeyed.
        side.control("x", &[letter]);
    }
    side.until(life.stage, is_last);
    let lines = |name: &str| match side.exists(name) {
        true => side.read(name).len(),
        false => 0,
    };
    // The files of what has just been started come soon.
    let counts = || (lines("x/starts"), lines("x/finishes"));
    let allowed = |(starts, finishes): (usize, usize)| {
        life.starts.contains(&starts) && life.finishes.contains(&finishes)
    };
    let what = format!("{} at call {number} of {call}", life.name);
    assert!(within(|| allowed(counts())), "{what}: {:?}", counts());
    assert!(is_last(), "{what}: it does not stay so");
    // The detail file comes before the record.
    let is_true = || {
        let pid = side.status("x").map_or(0, |now| now.pid);
        (pid != 0) == (life.stage == "ready") && (pid == 0 || is_alive(pid))
    };
    assert!(within(is_true), "{what}: the record is not true");
    side.control("x", b"dkx");
    let _ = successor.wait();
    killed
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Ends a supervise under strace, and strace.
fn stop(side: &Side, strace: &Proc) {
    crate::svscan::kill_all(&crate::svscan::supervises(side, "x"));
    let _ = strace.wait();
}
