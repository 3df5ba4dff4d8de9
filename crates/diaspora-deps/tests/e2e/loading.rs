//! A redis whose port is open while it loads its data.

use std::fs;

use crate::world::World;

pub(crate) fn redis(world: &World) {
    // One redis saves a data set, and the next one loads it slowly.
    let configure = |more: &str| {
        let text = format!("daemonize yes\nsave \"\"\n{more}\n");
        fs::write(world.path("redis.conf"), text).expect("write");
    };
    let cli = |words: &[&str]| {
        let port = world.port("REDIS").to_string();
        let output = world
            .command("redis-cli")
            .args(["-p", &port])
            .args(words)
            .output();
        assert!(output.expect("redis-cli").status.success());
    };
    configure("enable-debug-command yes");
    world.stage("diaspora");
    world.scan();
    world.bring(&["30redis"]);
    world.until_ready(&["redis"]);
    cli(&["debug", "populate", "3000"]);
    cli(&["save"]);
    // 3000 keys at 2 ms each.
    configure("key-load-delay 2000\nloading-process-events-interval-bytes 1024");
    let (code, text) = world.svc(&["restartall"]);
    assert_eq!(code, 0, "{text}");
    world.until("redis is loading", || {
        let (code, line) = world.gate(&["check", "redis"]);
        code == 1 && line.starts_with("redis: starting: \"LOADING")
    });
    // The rule of 2010 would let this start now.
    let started = world.path("started");
    let script = format!(
        "#!/bin/sh\ndiaspora-deps wait -a 0 redis || exit\nredis-cli -p {} ping >{}\nexec sleep 1000\n",
        world.port("REDIS"),
        started.display()
    );
    world.bring_script("40needy", &script);
    world.until("it has started", || {
        fs::read(&started).is_ok_and(|text| text.ends_with(b"\n"))
    });
    assert_eq!(fs::read_to_string(&started).expect("read"), "PONG\n");
    assert_eq!(world.gate(&["check", "redis"]).0, 0);
}
