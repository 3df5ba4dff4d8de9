//! `svctl logs`: no line twice, none missing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::world::{World, program, said};

/// A multilog that writes the log of a service `web`.
struct Logger {
    multilog: Child,
    stdin: Option<ChildStdin>,
}

impl Logger {
    fn start(world: &World, service: &str, script: &[&str]) -> Self {
        let log = log(world, service);
        fs::create_dir_all(&log).expect("mkdir");
        let mut multilog = Command::new(program("multilog"))
            .args(script)
            .arg(".")
            .current_dir(&log)
            .stdin(Stdio::piped())
            .spawn()
            .expect("multilog");
        let stdin = multilog.stdin.take();
        Self { multilog, stdin }
    }

    fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("not ended");
        stdin.write_all(bytes).expect("multilog reads");
    }

    fn end(mut self) {
        self.stdin = None;
        assert!(self.multilog.wait().expect("it ends").success());
    }
}

fn log(world: &World, service: &str) -> PathBuf {
    world.path("service").join(service).join("log/main")
}

/// The texts of lines that svctl has shown, of services or of one.
fn texts(out: &[u8]) -> Vec<String> {
    let lines = out
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    let text = |line: &[u8]| {
        String::from_utf8_lossy(&line["2026-11-29 13:14:15.123  ".len()..]).into_owned()
    };
    lines.map(text).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<u8> {
    let lines = range.map(|number| format!("line {number} of many\n"));
    lines.collect::<String>().into_bytes()
}

/// A follower that writes into a file.
struct Follower {
    svctl: Child,
    out: PathBuf,
}

impl Follower {
    fn start(world: &World, words: &[&str]) -> Self {
        let out = world.path("shown");
        let file = fs::File::create(&out).expect("a file");
        let mut command = world.command(&[&["logs", "-f"], words].concat());
        let svctl = command.stdout(file).spawn().expect("svctl");
        Self { svctl, out }
    }

    fn has_shown(&self, text: &str) -> bool {
        let out = fs::read(&self.out).expect("a file");
        // Lines that come behind it are an error that the comparison tells.
        let end = &out[out.len().saturating_sub(16 * 1024)..];
        String::from_utf8_lossy(end).contains(text)
    }

    fn end(mut self) -> Vec<String> {
        self.svctl.kill().expect("it runs");
        let _ = self.svctl.wait();
        texts(&fs::read(&self.out).expect("a file"))
    }
}

/// Compares without printing a million lines.
fn assert_lines(shown: &[String], wanted: &[String]) {
    let differ = shown.iter().zip(wanted).position(|(a, b)| a != b);
    if let Some(at) = differ {
        panic!("line {at} is {:?} and not {:?}", shown[at], wanted[at]);
    }
    assert_eq!(shown.len(), wanted.len());
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    text.lines().map(str::to_owned).collect()
}

const MANY: u32 = 60_000;

/// Writes many lines at full speed into files of 4 KB while they are followed; `script` is
/// what multilog does besides.
fn follow_at_full_speed(script: &[&str]) {
    let world = World::new();
    let mut logger = Logger::start(
        &world,
        "web",
        &[&["t", "s4096", "n100000"], script].concat(),
    );
    logger.write(&numbers(0..1000));
    world.until("there are files", |world| {
        fs::read_dir(log(world, "web")).expect("a log").count() > 8
    });
    let follower = Follower::start(&world, &["-n", "all", "web"]);
    for start in (1000..MANY).step_by(1000) {
        logger.write(&numbers(start..start + 1000));
    }
    logger.write(b"the end\n");
    world.until("the last line is shown", |_| {
        follower.has_shown("the end\n")
    });
    let shown = follower.end();
    logger.end();
    let mut wanted = lines_of(&numbers(0..MANY));
    wanted.push("the end".to_owned());
    assert_lines(&shown, &wanted);
}

#[test]
fn follows_multilog_at_full_speed_through_files_of_4_kb() {
    follow_at_full_speed(&[]);
}

#[test]
fn follows_a_log_whose_files_go_through_a_processor() {
    follow_at_full_speed(&["!cat"]);
}

/// multilog is killed and begins again: it takes back half a line, and gives the file that
/// it finds a name.
#[test]
fn follows_through_the_deaths_of_multilog() {
    let world = World::new();
    let service = world.path("service/web");
    fs::create_dir_all(log(&world, "web")).expect("mkdir");
    let script = format!(
        "cd {} || exit 1; exec 3<feed; while :; do {} t s4096 n100000 . <&3 && exit; done",
        log(&world, "web").display(),
        program("multilog").display()
    );
    let feed = log(&world, "web").join("feed");
    assert!(
        Command::new("mkfifo")
            .arg(&feed)
            .status()
            .expect("mkfifo")
            .success()
    );
    let mut shell = Command::new("sh")
        .args(["-c", &script])
        .spawn()
        .expect("a shell");
    let mut writer = fs::OpenOptions::new()
        .write(true)
        .open(&feed)
        .expect("a writer");
    writer.write_all(&numbers(0..10)).expect("room");
    world.until("there is a log", |world| {
        log(world, "web").join("current").exists()
    });
    let follower = Follower::start(&world, &["-n", "all", service.to_str().expect("UTF-8")]);
    for start in (10..30_010).step_by(1000) {
        writer
            .write_all(&numbers(start..start + 1000))
            .expect("room");
        kill_multilog(shell.id());
    }
    writer.write_all(b"the end\n").expect("room");
    world.until("the last line is shown", |_| {
        follower.has_shown("the end\n")
    });
    drop(writer);
    assert!(shell.wait().expect("it ends").success());
    let mut wanted = lines_of(&numbers(0..30_010));
    wanted.push("the end".to_owned());
    assert_lines(&follower.end(), &wanted);
}

fn kill_multilog(parent: u32) {
    let children = format!("/proc/{parent}/task/{parent}/children");
    for pid in fs::read_to_string(children)
        .unwrap_or_default()
        .split_whitespace()
    {
        let _ = Command::new("kill").args(["-9", pid]).status();
    }
}

/// Files that are there are read to the end, whatever happens to them meanwhile.
#[test]
fn shows_the_last_lines_of_a_log_with_many_files() {
    let world = World::new();
    let mut logger = Logger::start(&world, "web", &["t", "s4096", "n100000"]);
    logger.write(&numbers(0..20_000));
    logger.end();
    let all = lines_of(&numbers(0..20_000));
    for count in [0, 1, 19, 100, 5000, 19_999, 20_000, 20_001] {
        let out = world
            .svctl(&["logs", "-n", &count.to_string(), "web"])
            .stdout;
        assert_lines(&texts(&out), &all[all.len().saturating_sub(count)..]);
    }
    assert_lines(&texts(&world.svctl(&["logs", "-n", "all"]).stdout), &all);
}

#[test]
fn a_log_directory_with_ten_thousand_files_is_read() {
    let world = World::new();
    let directory = log(&world, "web");
    fs::create_dir_all(&directory).expect("mkdir");
    let label = |number: u32| format!("@4000000065{number:06x}00000000");
    for number in 0..10_000 {
        let line = format!("{} line {number}\n", label(number));
        fs::write(directory.join(label(number) + ".s"), line).expect("write");
    }
    fs::write(
        directory.join("current"),
        format!("{} last\n", label(10_000)),
    )
    .expect("write");
    let shown = texts(&world.svctl(&["logs", "-n", "3"]).stdout);
    assert_eq!(shown, ["line 9998", "line 9999", "last"]);
    let shown = texts(&world.svctl(&["logs", "-n", "all", "web"]).stdout);
    assert_eq!(shown.len(), 10_001);
    assert_eq!(shown[..2], ["line 0", "line 1"]);
}

#[test]
fn merges_by_label_and_keeps_each_log_in_its_order() {
    let world = World::new();
    let label = |second: u32| format!("@40000000655500{second:02x}00000000");
    let web = [(1, "a"), (3, "b"), (2, "c"), (9, "d")];
    let mail = [(2, "A"), (4, "B")];
    for (name, lines) in [("web", &web[..]), ("mail", &mail[..])] {
        let directory = log(&world, name);
        fs::create_dir_all(&directory).expect("mkdir");
        let lines = lines
            .iter()
            .map(|(second, text)| format!("{} {text}\n", label(*second)));
        fs::write(directory.join("current"), lines.collect::<String>()).expect("write");
    }
    let shown = texts(&world.svctl(&["logs"]).stdout);
    assert_eq!(
        shown,
        [
            "web   a", "mail  A", "web   b", "web   c", "mail  B", "web   d"
        ]
    );
    let shown = texts(&world.svctl(&["logs", "-n", "3", "mail", "web"]).stdout);
    assert_eq!(shown, ["web   c", "mail  B", "web   d"]);
}

#[test]
fn lines_without_labels_binary_and_very_long_ones_are_shown_as_they_are() {
    let world = World::new();
    let directory = log(&world, "web");
    fs::create_dir_all(&directory).expect("mkdir");
    let long = "x".repeat(300_000);
    let mut bytes = b"plain\n\xff\x00\x1b[2J\n".to_vec();
    bytes.extend_from_slice(format!("{long}\nno newline").as_bytes());
    fs::write(directory.join("current"), &bytes).expect("write");
    let out = world.svctl(&["logs", "web"]).stdout;
    let lines: Vec<&[u8]> = out
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii_start)
        .collect();
    assert_eq!(
        lines,
        [
            b"plain",
            &b"\xff\x00\x1b[2J"[..],
            long.as_bytes(),
            b"no newline",
            b""
        ]
    );
}

#[test]
fn a_line_that_multilog_has_cut_at_the_end_of_a_file_is_whole() {
    let world = World::new();
    let long = "y".repeat(20_000);
    let mut logger = Logger::start(&world, "web", &["t", "s4096", "n100"]);
    logger.write(format!("short\n{long}\nend\n").as_bytes());
    logger.end();
    assert_eq!(
        texts(&world.svctl(&["logs", "web"]).stdout),
        ["short", &long, "end"]
    );
}

#[test]
fn a_log_that_is_not_there_or_not_to_be_read_is_said() {
    let world = World::new();
    world.service("none", "exec sleep 1000");
    world.service("lost", "exec sleep 1000");
    world.service("lost/log", "exec cat");
    let (code, text) = world.said(&["logs", "none"]);
    assert_eq!(
        (code, &text[..]),
        (111, "svctl: warning: none: it has no logger\n")
    );
    let (code, text) = world.said(&["logs", "lost"]);
    assert!(
        code == 111 && text.contains("nothing tells where its log is"),
        "{text}"
    );
    // All that have one; the others are no trouble.
    assert!(world.said(&["logs"]).1.contains("lost: nothing tells"));
    assert!(!world.said(&["logs"]).1.contains("none"));
}

/// Between the last name of one file and the next `current`, multilog is held still.
#[test]
fn a_log_without_current_for_a_moment_is_found() {
    let world = World::new();
    let mut logger = Logger::start(&world, "web", &["t"]);
    logger.write(b"hello\n");
    let directory = log(&world, "web");
    let current = directory.join("current");
    world.until("it is in the file", |_| {
        fs::metadata(&current).is_ok_and(|current| current.len() > 0)
    });
    let pid = logger.multilog.id().to_string();
    let signal = |name: &str| {
        let kill = Command::new("kill").args([name, &pid]).status();
        assert!(kill.expect("kill").success());
    };
    signal("-STOP");
    let shown = ["previous", "processed", "@40000000655500010000000a.s"].map(|name| {
        fs::rename(&current, directory.join(name)).expect("rename");
        let said = world.said(&["logs", "web"]);
        fs::rename(directory.join(name), &current).expect("rename");
        said
    });
    signal("-CONT");
    logger.end();
    for (code, text) in shown {
        assert!(code == 0 && text.ends_with("  hello\n"), "{text}");
    }
}

/// A logger that has only its lock open, in a directory that nothing else tells.
#[test]
fn the_lock_of_a_logger_tells_where_its_log_is() {
    let mut world = World::new();
    world.service("web", "exec sleep 1000");
    world.service("web/log", "mkdir -p other; exec 9>>other/lock; exec cat");
    let directory = world.path("service/web/log/other");
    world.start();
    world.until("there is a lock", |_| directory.join("lock").exists());
    assert_eq!(world.said(&["logs", "web"]).0, 111);
    let line = "@40000000655500010000000a hello\n";
    fs::write(directory.join("@40000000655500020000000a.s"), line).expect("write");
    let (code, text) = world.said(&["logs", "web"]);
    assert!(code == 0 && text.ends_with("  hello\n"), "{text}");
}

#[test]
fn files_that_went_before_they_were_read_are_said() {
    let world = World::new();
    let directory = log(&world, "web");
    fs::create_dir_all(&directory).expect("mkdir");
    let (first, second) = ("@40000000655500010000000a", "@40000000655500020000000a");
    let write = |name: &str, text: &str| fs::write(directory.join(name), text).expect("write");
    write("current", &format!("{first} one\n"));
    let out = world.path("messages");
    let mut command = world.command(&["logs", "-f", "web"]);
    let shown = world.path("shown");
    command.stdout(fs::File::create(&shown).expect("a file"));
    let mut svctl = command
        .stderr(fs::File::create(&out).expect("a file"))
        .spawn()
        .expect("svctl");
    let contains = |path: &Path, text: &str| fs::read_to_string(path).expect("text").contains(text);
    world.until("the first line is shown", |_| contains(&shown, "one"));
    // As if a file had come and gone while svctl slept.
    write("new", &format!("{second} three\n"));
    write(&format!("{second}.s"), "two\n");
    fs::rename(directory.join("new"), directory.join("current")).expect("rename");
    world.until("the last line is shown", |_| contains(&shown, "three"));
    world.until("the loss is said", |_| {
        contains(&out, "files were removed before")
    });
    svctl.kill().expect("it runs");
    let _ = said(&svctl.wait_with_output().expect("it ends"));
}
