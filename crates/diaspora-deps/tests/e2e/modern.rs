//! A database, a puma that was killed, and a mail server. `tests/pod` has the modern stack.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::world::World;

/// Makes a database. Its owner is `postgres`, which does not run as root.
pub(crate) fn database(world: &World) {
    let place = world.path("postgres");
    fs::create_dir_all(&place).expect("mkdir");
    let path = place.to_string_lossy().into_owned();
    let run = |program: &str, words: &[&str]| {
        let output = world.command(program).args(words).output().expect(program);
        assert!(output.status.success(), "{program}: {output:?}");
    };
    run("chown", &["postgres", &path]);
    let init = fs::canonicalize("/usr/local/bin/postgres").ok();
    let init = init.and_then(|path| Some(path.parent()?.join("initdb")));
    let init = init
        .filter(|path| path.exists())
        .unwrap_or_else(|| "/usr/lib/postgresql/15/bin/initdb".into());
    run(
        "setuidgid",
        &[
            "postgres",
            &init.to_string_lossy(),
            "-A",
            "trust",
            "-N",
            "-D",
            &path,
        ],
    );
}

/// puma leaves its socket file behind when it is killed: a file is no service.
pub(crate) fn stale_socket(world: &World) {
    fs::write(
        world.path("app/config.ru"),
        "run lambda { |_| [200, {}, [\"\"]] }\n",
    )
    .expect("write");
    let script = "#!/bin/sh\ncd \"$WORK/app\" && exec puma -b \"unix://$WORK/run/puma.sock\" config.ru 2>&1\n";
    world.scan();
    world.bring_script("99puma", script);
    world.until_ready(&["puma"]);
    world.control("-dk", "99puma");
    world.until("a stale socket", || {
        let (code, line) = world.gate(&["check", "puma"]);
        code == 2 && line.starts_with("puma: down: stale socket file")
    });
    assert!(world.path("run/puma.sock").exists());
    // The next puma replaces the file.
    world.control("-u", "99puma");
    world.until_ready(&["puma"]);
}

pub(crate) fn mail(world: &World) {
    let text = format!(
        "listen on 127.0.0.1 port {}\naction a relay\nmatch for any action a\n",
        world.port("SMTP")
    );
    fs::write(world.path("smtpd.conf"), text).expect("write");
    // opensmtpd has no option for this directory, and checks its mode.
    fs::create_dir_all("/var/spool/smtpd").expect("mkdir");
    fs::set_permissions("/var/spool/smtpd", fs::Permissions::from_mode(0o711)).expect("chmod");
    world.scan();
    world.bring_script(
        "smtp",
        "#!/bin/sh\nexec 2>&1\nexec diaspora-deps exec smtp\n",
    );
    world.until_ready(&["smtp"]);
}
