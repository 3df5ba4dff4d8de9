//! What lint finds in services that run.

use std::fs;

use crate::world::World;

pub(crate) fn failing(world: &World) {
    world.scan();
    world.bring_script("50crash", "#!/bin/sh\nexit 7\n");
    world.bring_script("51gives-up", "#!/bin/sh\necho early\nexit 3\n");
    let policy = world.path("service/51gives-up/supervise.toml");
    world.until("it runs", || {
        world.path("service/51gives-up/supervise/status").exists()
    });
    fs::write(policy, "give-up = 2\n").unwrap();
    // Without a run script svscan starts no supervise.
    fs::create_dir(world.path("service/30redis")).unwrap();
    world.bring_script("90sidekiq", "#!/bin/sh\nexec diaspora-deps exec sidekiq\n");
    for part in [
        "50crash: starts again and again: ",
        "the last one ended with exit code 7: see its log",
        "51gives-up: given up after 2 early ends in a row (exit code 3)",
        "30redis/run: missing",
        "90sidekiq: its gate waits for redis, and ",
        "30redis has no supervise",
        "90sidekiq: its gate waits for postgres, which is not in ",
    ] {
        world.until(part, || {
            let (code, text) = world.gate(&["lint"]);
            code == 1 && text.contains(part)
        });
    }
}
