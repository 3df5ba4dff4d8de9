//! svok: its exit code, and its few messages.

use conformance::{Case, Side, Status};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let directory = |name: &str, setup: fn(&Side)| Case::new(name).setup(setup).run(["svok", "x"]);
    vec![
        Case::new("no arguments").run(["svok"]),
        Case::new("options are names").run(["svok", "-x"]),
        Case::new("two dashes are a name").run(["svok", "--", "x"]),
        Case::new("an empty name").run(["svok", ""]),
        Case::new("only the first argument counts")
            .setup(|side| {
                side.fake_supervise("x", Status::down());
                side.mkdir("y");
            })
            .run(["svok", "x", "y"])
            .run(["svok", "y", "x"])
            .run(["svok", "x", "gone"]),
        directory("supervise runs", |side| {
            side.fake_supervise("x", Status::down());
        }),
        directory("supervise runs, without a record", |side| {
            side.fake_supervise("x", Status::down());
            side.remove("x/supervise/status");
        }),
        directory("nobody reads ok", |side| {
            side.fifo("x/supervise/ok");
        }),
        directory("a reader of control is not enough", |side| {
            side.fifo("x/supervise/ok");
            side.hold(side.fifo_reader("x/supervise/control"));
        }),
        directory("ok is a file", |side| {
            side.file("x/supervise/ok", "");
        }),
        directory("ok is a directory", |side| {
            side.mkdir("x/supervise/ok");
        }),
        directory("ok is a dangling link", |side| {
            side.symlink("gone", "x/supervise/ok");
        }),
        directory("ok is a link to itself", |side| {
            side.symlink("ok", "x/supervise/ok");
        }),
        directory("no such directory", |_| ()),
        directory("a file", |side| {
            side.file("x", "");
        }),
        directory("no supervise directory", |side| {
            side.mkdir("x");
        }),
        directory("supervise is a file", |side| {
            side.file("x/supervise", "");
        }),
        directory("a link to a directory", |side| {
            side.fake_supervise("y", Status::down());
            side.symlink("y", "x");
        }),
        Case::new("ok may not be written").then(|side| {
            side.fake_supervise("x", Status::down());
            side.mode("x/supervise/ok", 0o444);
            side.command(["svok", "x"]).unprivileged().run();
        }),
        Case::new("a directory that cannot be entered").then(|side| {
            side.fake_supervise("x", Status::down());
            side.mode("x", 0);
            side.command(["svok", "x"]).unprivileged().run();
            side.mode("x", 0o755);
        }),
        Case::new("all standard descriptors closed").then(|side| {
            side.fake_supervise("x", Status::down());
            side.command(["svok", "x"]).close(0).close(1).close(2).run();
            side.command(["svok", "gone"])
                .close(0)
                .close(1)
                .close(2)
                .run();
        }),
        Case::new("names of odd bytes").setup(|side| {
            use std::os::unix::ffi::OsStrExt;
            let name = std::ffi::OsStr::from_bytes(b"\xff \n");
            side.fake_supervise(name, Status::down());
            side.command([std::ffi::OsStr::new("svok"), name]).run();
            let gone = std::ffi::OsStr::from_bytes(b"\xfe\x01");
            side.command([std::ffi::OsStr::new("svok"), gone]).run();
        }),
    ]
}
