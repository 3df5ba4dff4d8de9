//! supervise's files are removed, or replaced by others.

use super::*;

/// Removes a file of supervise's. The service must be under control again, with one
/// message.
fn removed(what: &'static str) -> Case {
    Case::scenario(format!("{what} removed is made again"), move |side| {
        side.service("x", SLEEPER);
        let (supervise, _) = supervise(side);
        if side.path(what).is_dir() {
            // Moved in one step: supervise would make it again while its files are removed
            // one by one.
            side.rename(what, "gone");
            side.remove("gone");
        } else {
            side.remove(what);
        }
        side.log(
            "comes back",
            yes(within(|| side.exists(what) && side.is_supervised("x"))),
        );
        log_obeys(side, &supervise);
        let stderr = supervise.stderr();
        let said = stderr.windows(15).filter(|text| text == b"making it again");
        side.log("says so, times", said.count());
    })
    .without_files()
    .differs(
        "the reference does not notice",
        &["comes back: no", "obeys: no", "says so, times: 0"],
        &["comes back: yes", "obeys: yes", "says so, times: 1"],
    )
}

pub(super) fn own_files() -> Vec<Case> {
    vec![
        removed("x/supervise/control"),
        removed("x/supervise"),
        Case::scenario("ok removed is made again", |side| {
            side.service("x", SLEEPER);
            let _supervise = supervise(side);
            side.remove("x/supervise/ok");
            side.log("comes back", yes(within(|| side.is_supervised("x"))));
        })
        .without_files()
        .differs(
            "the reference does not notice",
            &["comes back: no"],
            &["comes back: yes"],
        ),
        Case::scenario("a control FIFO that was made again is read", |side| {
            side.service("x", SLEEPER);
            let (supervise, _) = supervise(side);
            side.remove("x/supervise/control");
            side.fifo("x/supervise/control");
            log_obeys(side, &within_reach(side, supervise));
        })
        .without_files()
        .differs(
            "the reference reads the old one",
            &["obeys: no"],
            &["obeys: yes"],
        ),
        Case::scenario("a file in the place of control is replaced", |side| {
            side.service("x", SLEEPER);
            let (supervise, _) = supervise(side);
            side.remove("x/supervise/control");
            side.file("x/supervise/control", "");
            log_obeys(side, &within_reach(side, supervise));
        })
        .without_files()
        .differs(
            "the reference does not notice",
            &["obeys: no"],
            &["obeys: yes"],
        ),
        Case::scenario("a file as control at the start is replaced", |side| {
            side.service("x", SLEEPER);
            side.file("x/supervise/control", "junk");
            let _supervise = supervise(side);
            side.log("is a FIFO", yes(is_fifo(side)));
        })
        .without_files()
        .differs(
            "the reference reads the file, for ever",
            &["is a FIFO: no"],
            &["is a FIFO: yes"],
        ),
        Case::scenario("a second supervise starts no second copy", |side| {
            side.service("x", "echo >>starts; exec sleep 1000");
            let _first = supervise(side);
            side.until("the first start", || side.read("x/starts").len() == 1);
            side.remove("x/supervise");
            let second = side.command(["supervise", "x"]).spawn();
            let ended = within(|| second.ended().is_some());
            side.log("refuses", yes(ended));
            side.log("copies", side.read("x/starts").len());
        })
        .without_files()
        .differs(
            "the reference locks only what was removed",
            &["refuses: no", "copies: 2"],
            &["refuses: yes", "copies: 1"],
        ),
        Case::scenario("the detail file tells starts and the last end", |side| {
            side.service("x", "[ -e again ] && exec sleep 1000; >again; exit 7");
            let _supervise = side.command(["supervise", "x"]).spawn();
            let told = || {
                side.read("x/supervise/detail")
                    .starts_with(b"starts 2\nexit 7\n")
            };
            side.log("told", yes(within(told)));
        })
        .without_files()
        .differs("the reference has none", &["told: no"], &["told: yes"]),
        Case::scenario("a detail file that was removed is made again", |side| {
            side.service("x", "exec sleep 1000");
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until_status("x", "up", Status::is_up);
            let detail = || fs::read_to_string(side.path("x/supervise/detail"));
            within(|| detail().is_ok());
            let _ = fs::remove_file(side.path("x/supervise/detail"));
            side.control("x", b"d");
            let told = || detail().is_ok_and(|text| text.starts_with("starts 1\nsignal 15\n"));
            side.log("told", yes(within(told)));
        })
        .without_files()
        .differs("the reference has none", &["told: no"], &["told: yes"]),
    ]
}

/// Waits until a process reads the FIFO `control`, if supervise makes it again.
fn within_reach(side: &Side, supervise: Proc) -> Proc {
    within(|| {
        let mut options = OpenOptions::new();
        let options = options.write(true).custom_flags(libc::O_NONBLOCK);
        is_fifo(side) && options.open(side.path("x/supervise/control")).is_ok()
    });
    supervise
}

fn is_fifo(side: &Side) -> bool {
    let about = side.path("x/supervise/control").symlink_metadata();
    about.is_ok_and(|about| about.file_type().is_fifo())
}

pub(super) fn planted() -> Vec<Case> {
    vec![
        Case::scenario(
            "a link planted as status.new is not written through",
            |side| {
                side.service("x", SLEEPER);
                side.file("victim", "precious");
                side.symlink("../../victim", "x/supervise/status.new");
                let _supervise = supervise(side);
                side.log("victim untouched", yes(side.read("victim") == b"precious"));
            },
        )
        .without_files()
        .differs(
            "the reference truncates the victim",
            &["victim untouched: no"],
            &["victim untouched: yes"],
        ),
        Case::scenario("a link planted as lock is not followed", |side| {
            side.service("x", SLEEPER);
            side.symlink("../../made", "x/supervise/lock");
            let supervise = side.command(["supervise", "x"]).spawn();
            let taken = within(|| side.status("x").is_some() || supervise.ended().is_some());
            side.log("decided", yes(taken));
            side.log("file made elsewhere", yes(side.exists("made")));
            side.log_bytes("stderr", &supervise.stderr());
        })
        .without_files()
        .differs(
            "the reference makes a file where the link leads",
            &["file made elsewhere: yes", "stderr:"],
            &[
                "file made elsewhere: no",
                "stderr: supervise: fatal: unable to acquire x/supervise/lock: symbolic link loop",
            ],
        ),
    ]
}
