//! diaspora-deps against local users. It has no reference: its predecessor was a shell
//! file.

use std::os::unix::fs::lchown;

use conformance::case::Need;
use conformance::side::NOBODY;
use conformance::{Case, Exit, Side};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![planted(), password()];
    cases.extend(settings());
    cases.push(waits_for_no_fifo());
    cases
}

/// Runs it in `x` with this `services.toml`; logs its exit and its messages.
fn run(side: &Side, words: &[&str]) -> Exit {
    let process = side
        .command([&["diaspora-deps"][..], words].concat())
        .cwd("x")
        .env(format!(
            "DIASPORA_DEPS_SERVICES={}",
            side.path("services.toml").display()
        ))
        .env(format!(
            "DIASPORA_DEPS_SETTINGS={}",
            side.path("settings").display()
        ))
        .env(format!("DIASPORA_DEPS_DIR={}", side.path("").display()))
        .spawn();
    let end = process.wait();
    side.log(words[0], end);
    side.log_bytes("stderr", &process.stderr());
    // Without the time that it took.
    let said = String::from_utf8_lossy(&process.stdout()).into_owned();
    side.log("stdout", said.split(" (").next().unwrap_or_default());
    end
}

fn planted() -> Case {
    Case::scenario("a link in DIASPORA_HOME is not followed to another user's directory", |side| {
        side.mkdir("x");
        side.mkdir("home/shared");
        side.mkdir("foreign");
        side.symlink("../foreign", "home/log");
        side.symlink("shared", "home/own");
        for name in ["home", "home/shared"] {
            side.give_away(name);
        }
        for name in ["home/log", "home/own"] {
            lchown(side.path(name), Some(NOBODY), Some(NOBODY)).expect("lchown");
        }
        let home = side.path("home").display().to_string();
        for log in ["log", "own"] {
            let service = format!(
                "[service.x]\ndirectory = \"{home}\"\nexec = [\"/bin/echo\", \"ran\"]\n\
                 log = {{ file = \"{log}/x.log\", user = \"nobody\", mode = \"640\" }}\n"
            );
            side.file("services.toml", service);
            run(side, &["exec", "x"]);
        }
        side.log("in the foreign directory", side.exists("foreign/x.log"));
        side.log("in a directory of his own", side.exists("home/shared/x.log"));
    })
    .needs(Need::Root)
    .promises(&[
        "exec: exit 2",
        "stderr: diaspora-deps: fatal: unable to open log/x.log: log is a link that another user may have put there",
        "stdout:",
        "exec: exit 0",
        "stderr:",
        "stdout: ran",
        "in the foreign directory: false",
        "in a directory of his own: true",
    ])
}

/// A server that accepts every command and records it.
const LISTENER: &str = r#"use IO::Socket::UNIX; $SIG{PIPE} = "IGNORE";
my $server = IO::Socket::UNIX->new(Local => "s/socket", Listen => 5) or die;
while (my $peer = $server->accept) {
    my $told = ""; sysread($peer, $told, 1000);
    open(my $file, ">>", "s/told"); syswrite($file, $told); close($file);
    syswrite($peer, "+OK\r\n+PONG\r\n"); close($peer);
}"#;

fn password() -> Case {
    Case::scenario("a password is sent to no other user's socket", |side| {
        side.mkdir("x");
        side.mkdir("s");
        side.give_away("s");
        side.file("password", "secret\n");
        side.mode("password", 0o600);
        let _listener = side
            .command(["/usr/bin/perl", "-e", LISTENER])
            .unprivileged()
            .spawn();
        side.until("a listener", || side.exists("s/socket"));
        for user in ["redis", "nobody"] {
            let service = format!(
                "[service.redis]\nuser = \"{user}\"\n\
                 probe = {{ address = \"{}\", password-file = \"{}\" }}\n",
                side.path("s/socket").display(),
                side.path("password").display()
            );
            side.file("services.toml", service);
            run(side, &["check", "redis"]);
            let told = String::from_utf8_lossy(&side.read("s/told")).into_owned();
            side.log("told", told.contains("secret"));
        }
    })
    .needs(Need::Root)
    .promises(&[
        "check: exit 2",
        "stderr:",
        "stdout: redis: down: its socket is held by user 65534, to whom no password is sent",
        "told: false",
        "check: exit 0",
        "stderr:",
        "stdout: redis: ready",
        "told: true",
    ])
}

/// A settings file that another user may write is not run.
fn settings() -> Vec<Case> {
    let refused = |name: &str, what: &str, change: fn(&Side)| {
        let case = Case::scenario(format!("settings are refused {name}"), move |side| {
            side.mkdir("x");
            side.file("x/settings", "touch ran\n");
            let service = "[service.x]\nsource-settings = true\nexec = [\"/bin/true\"]\n";
            side.file("services.toml", service);
            side.symlink("x/settings", "settings");
            change(side);
            run(side, &["exec", "x"]);
            run(side, &["lint"]);
            side.log("ran", side.exists("x/ran"));
        });
        let why = format!("diaspora-deps: fatal: unable to source DIR/settings: {what}");
        let said = format!("stderr: {why}");
        let lines = [
            "exec: exit 100",
            &said,
            "stdout:",
            "lint: exit 100",
            &said,
            "stdout:",
        ];
        case.needs(Need::Root)
            .promises(&[&lines[..], &["ran: false"]].concat())
    };
    let services = Case::scenario("services.toml is refused that others may write", |side| {
        side.mkdir("x");
        side.file(
            "services.toml",
            "[service.x]\nexec = [\"/bin/echo\", \"ran\"]\n",
        );
        side.mode("services.toml", 0o666);
        run(side, &["exec", "x"]);
    });
    vec![
        refused(
            "that others may write",
            "other users may change DIR/x/settings: chown root, chmod go-w",
            |side| side.mode("x/settings", 0o666),
        ),
        refused(
            "of another user",
            "other users may change DIR/x/settings: chown root, chmod go-w",
            |side| side.give_away("x/settings"),
        ),
        refused(
            "in a directory that others may write",
            "other users may change DIR/x: chown root, chmod go-w",
            |side| side.mode("x", 0o777),
        ),
        refused(
            "by another user's link",
            "DIR/settings is a link that another user may have put there",
            |side| {
                let link = side.path("settings");
                lchown(link, Some(NOBODY), Some(NOBODY)).expect("lchown");
            },
        ),
        services.needs(Need::Root).promises(&[
            "exec: exit 100",
            "stderr: diaspora-deps: fatal: unable to read DIR/services.toml: other users may change DIR/services.toml: chown root, chmod go-w",
            "stdout:",
        ]),
    ]
}

fn waits_for_no_fifo() -> Case {
    Case::scenario("a FIFO blocks no program", |side| {
        side.mkdir("x/log");
        for name in [
            "x/run",
            "x/log/run",
            "settings",
            "services.toml",
            "password",
        ] {
            side.fifo(name);
        }
        run(side, &["lint"]);
        side.remove("services.toml");
        side.file("services.toml", "");
        run(side, &["lint"]);
        side.remove("settings");
        run(side, &["lint"]);
        let service = format!(
            "[service.redis]\nprobe = {{ password-file = \"{}\" }}\n",
            side.path("password").display()
        );
        side.file("services.toml", service);
        run(side, &["check", "redis"]);
    })
    .promises(&[
        "lint: exit 100",
        "stderr: diaspora-deps: fatal: unable to read DIR/services.toml: not a regular file",
        "stdout:",
        "lint: exit 100",
        "stderr: diaspora-deps: fatal: unable to source DIR/settings: not a regular file",
        "stdout:",
        "lint: exit 1",
        "stderr:",
        "stdout: DIR/x/run: is no file",
        "stdout: DIR/x/log/run: is no file",
        "check: exit 100",
        "stderr: diaspora-deps: fatal: unable to read DIR/password: not a regular file",
        "stdout:",
    ])
}
