//! Services that say when they are ready, under a real supervise.

use std::fs;

use crate::world::World;

/// Is not ready until the file `go` exists.
const PATIENT: &str = "#!/bin/sh\nuntil [ -e go ]; do sleep 0.05; done\n\
                       echo >&3\nexec sleep 1000\n";

/// Makes a service directory with this run script and `supervise.toml`.
fn bring(world: &World, service: &str, policy: &str, run: &str) {
    let staged = world.path("staged").join(service);
    fs::create_dir_all(&staged).expect("mkdir");
    fs::write(staged.join("supervise.toml"), policy).expect("write");
    world.bring_script(service, run);
}

/// The exit code of `check`, and its line.
fn check(world: &World, name: &str) -> (i32, String) {
    let services = world.path("services.toml");
    let text = "[service.plain]\nprobe = { kind = \"service\" }\n\
                [service.job]\nprobe = { kind = \"service\" }\n\
                [service.broken]\nprobe = { kind = \"service\" }\n";
    fs::write(&services, text).expect("write");
    world.gate(&["--services", &services.to_string_lossy(), "check", name])
}

fn until(world: &World, name: &str, code: i32, start: &str) {
    let start = format!("{name}: {start} ({}", world.path("service").display());
    world.until(&start, || {
        let (found, line) = check(world, name);
        found == code && line.starts_with(&start)
    });
}

pub(crate) fn readiness(world: &World) {
    world.scan();
    world.bring_script("plain", "#!/bin/sh\nexec sleep 1000\n");
    until(world, "plain", 0, "ready");
    // The name is that of a built-in service, which nothing listens for.
    bring(world, "30redis", "ready-fd = 3\n", PATIENT);
    until(world, "redis", 1, "starting: up, not ready");
    fs::write(world.path("service/30redis/go"), "").expect("write");
    until(world, "redis", 0, "ready");
}

pub(crate) fn ends(world: &World) {
    world.scan();
    let once = "restart = \"on-failure\"\ngive-up = 2\n";
    bring(world, "job", once, "#!/bin/sh\nexit 0\n");
    bring(world, "broken", once, "#!/bin/sh\nexit 3\n");
    until(world, "job", 0, "ready");
    let failed = "down: given up after 2 early ends in a row (exit code 3); svc -u starts it";
    until(world, "broken", 2, failed);
}
