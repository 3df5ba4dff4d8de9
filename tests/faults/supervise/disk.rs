//! The record on a full disk.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scenario("a limit on file sizes does not end it", |side| {
            side.service("x", "mkdir started; exec sleep 1000");
            let supervise = side
                .command(["supervise", "x"])
                .limit(libc::RLIMIT_FSIZE, 0)
                .spawn();
            let serves = within(|| side.exists("x/started") || supervise.ended().is_some());
            side.log("decided", yes(serves));
            side.log("serves", yes(side.exists("x/started")));
        })
        .without_files()
        .differs(
            "SIGXFSZ kills the reference",
            &["serves: no"],
            &["serves: yes"],
        ),
        Case::scenario(
            "the service gets SIGXFSZ and SIGPIPE as inherited",
            |side| {
                side.service(
                    "x",
                    "grep SigIgn /proc/self/status >ignored; exec sleep 1000",
                );
                let command = side.command(["supervise", "x"]).ignore(Signal::SIGPIPE);
                let _supervise = start(side, command);
                side.until("its word", || !side.read("x/ignored").is_empty());
                side.log_file("x/ignored");
            },
        )
        .without_files(),
        Case::scenario("a record that could not be written becomes true", |side| {
            side.service("x", SLEEPER);
            let (_supervise, before) = supervise(side);
            break_record(side);
            side.control("x", b"d");
            let gone = || !Path::new(&format!("/proc/{}", before.pid)).exists();
            side.until("the end of the service", gone);
            side.remove("x/supervise/status.new");
            let true_again = within(|| side.status("x").is_some_and(|now| now.is_down()));
            side.log("true again", yes(true_again));
        })
        .without_files()
        .differs(
            "the reference writes it at the next change only",
            &["true again: no"],
            &["true again: yes"],
        ),
        Case::scenario(
            "a full disk is reported once, and the record becomes true",
            |side| {
                side.mkdir("x/supervise");
                let mount = side.path("x/supervise");
                let mount = mount.to_str().expect("a path in ASCII");
                // A mount of its own, which ends with its namespace.
                let lines = format!(
                    "mount -t tmpfs -o size=32k,mode=700 none {mount} && cd {} && exec {} x",
                    side.dir().display(),
                    side.bin("supervise").display(),
                );
                side.service("x", SLEEPER);
                side.script("mounted", &lines);
                let supervise = side
                    .command(["/usr/bin/unshare", "-m", "./mounted"])
                    .spawn();
                let inside = format!("/proc/{}/root{mount}", supervise.pid());
                let status =
                    || Status::unpack(&fs::read(format!("{inside}/status")).unwrap_or_default());
                side.until("the service", || {
                    status().is_some_and(|status| status.is_up())
                });
                let service = status().expect("a record");
                let filler = format!("{inside}/filler");
                let mut file = File::create(&filler).expect("a file on the mount");
                while std::io::Write::write(&mut file, &[0; 512]).is_ok() {}
                let control = format!("{inside}/control");
                let mut options = OpenOptions::new();
                let options = options.write(true).custom_flags(libc::O_NONBLOCK);
                let mut control = options.open(control).expect("the control FIFO");
                std::io::Write::write_all(&mut control, b"d").expect("room");
                side.until("the warning", || !supervise.stderr().is_empty());
                let gone = || !Path::new(&format!("/proc/{}", service.pid)).exists();
                side.until("the end of the service", gone);
                drop(file);
                fs::remove_file(&filler).expect("room again");
                let true_again = within(|| status().is_some_and(|now| now.is_down()));
                side.log("true again", yes(true_again));
            },
        )
        .needs(Need::Namespaces)
        .without_files()
        .differs(
            "the reference writes it at the next change only",
            &["true again: no"],
            &["true again: yes"],
        ),
    ]
}
