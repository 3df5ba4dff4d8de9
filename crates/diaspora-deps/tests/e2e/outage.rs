//! Outages: a dependency stops and starts again.

use std::fs;

use crate::start;
use crate::world::World;

pub(crate) fn redis(world: &World) {
    start::stack(world);
    world.control("-d", "30redis");
    // The websocket server ends without redis; its gate writes what it waits for.
    world.until("the gate's message", || {
        world
            .log("80websocket")
            .contains("80websocket waiting for redis")
    });
    world.until("the status", || {
        let (code, text) = world.svc(&["status"]);
        code == 3
            && text.contains("80websocket: waits ")
            && text.contains("for redis: down: connection refused")
    });
    let (code, line) = world.gate(&["check", "redis"]);
    assert!(
        code == 2 && line.starts_with("redis: down: connection refused ("),
        "{line}"
    );
    assert!(world.page().starts_with("no redis"), "{}", world.page());
    world.control("-u", "30redis");
    world.until_ready(&["redis", "websocket", "resque_worker"]);
    world.until("the page again", || world.page().starts_with("visit "));
    assert!(!world.log("80websocket").contains("TOO EARLY"));
    world.until("all well", || world.svc(&["statusall"]).0 == 0);
}

pub(crate) fn mongo(world: &World) {
    start::stack(world);
    world.control("-d", "10mongo");
    world.until("mongo down", || world.gate(&["check", "mongo"]).0 == 2);
    // Services that are restarted meanwhile wait. This restarts all but mongo and nginx.
    let (code, text) = world.svc(&["restart"]);
    assert_eq!(code, 0, "{text}");
    world.until("thin waits for mongo", || {
        world.svc(&["status"]).1.contains("99thin_0: waits ")
            && world
                .log("99thin_0")
                .matches("99thin_0 waiting for mongo")
                .count()
                > 1
    });
    let (_, json) = world.gate(&["check", "--json", "mongo"]);
    assert!(json.contains("\"state\":\"down\""), "{json}");
    world.control("-u", "10mongo");
    world.until_ready(&["mongo", "websocket", "thin_0"]);
    world.until("the page again", || world.page().starts_with("visit "));
    assert!(!world.log("99thin_0").contains("TOO EARLY"));
}

/// A run script whose redis goes into the background: supervise starts it again and again,
/// and lint finds both the script and the redis that supervise has lost.
pub(crate) fn daemonised(world: &World) {
    let conf = world.path("daemon.conf");
    let text = format!(
        "daemonize yes\nport {}\nbind 127.0.0.1\ndir {}\nsave \"\"\npidfile {}\n",
        world.port("REDIS"),
        world.path("").display(),
        world.path("redis.pid").display()
    );
    fs::write(&conf, text).expect("write");
    world.scan();
    world.bring_script(
        "30redis",
        &format!("#!/bin/sh\nexec redis-server {}\n", conf.display()),
    );
    world.until_ready(&["redis"]);
    world.until("lint sees both", || {
        let (code, text) = world.gate(&["lint"]);
        code == 1
            && text.contains("has \"daemonize yes\": add --daemonize no")
            && text.contains("starts again and again, while localhost:")
    });
}
