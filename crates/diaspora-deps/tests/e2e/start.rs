//! The start of the stack of 2010.

use crate::world::World;

/// All services, dependencies last.
const REVERSED: [&str; 6] = [
    "99thin_0",
    "90resque_worker",
    "80websocket",
    "30redis",
    "20nginx",
    "10mongo",
];
/// The services that have needs, with the line that they log when they have booted.
const GATED: [(&str, &str); 3] = [
    ("99thin_0", "thin: booted"),
    ("90resque_worker", "worker: booted"),
    ("80websocket", "websocket: booted"),
];

/// Starts the stack, dependencies last; each service only when the one before waits.
pub(crate) fn stack(world: &World) {
    world.stage("diaspora");
    world.scan();
    for service in REVERSED {
        world.bring(&[service]);
        if GATED.iter().any(|(gated, _)| *gated == service) {
            world.until(service, || world.log(service).contains(" waiting for "));
        }
    }
    world.until_ready(&[
        "mongo",
        "web",
        "redis",
        "websocket",
        "resque_worker",
        "thin_0",
    ]);
    world.until("a page", || world.page().starts_with("visit "));
}

pub(crate) fn in_any_order(world: &World) {
    stack(world);
    for (service, booted) in GATED {
        let log = world.log(service);
        // The application logs a start that was too early, and each start.
        assert!(!log.contains("TOO EARLY"), "{log}");
        assert_eq!(log.matches(booted).count(), 1, "{service}: {log}");
        assert!(
            log.contains(&format!("{service} waiting for mongo")),
            "{log}"
        );
    }
    // The gate has become the program, so supervise's child is the program.
    let (code, text) = world.svc(&["statusall"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(
        text.lines().filter(|line| line.contains(": up ")).count(),
        6,
        "{text}"
    );
    // The log file has the owner and mode that the scripts of 2010 gave it.
    let log = world.path("app/log/thin.0.log");
    let facts = std::fs::metadata(log).expect("thin's log");
    use std::os::unix::fs::MetadataExt;
    assert_eq!((facts.mode() & 0o7777, facts.uid()), (0o640, 65_534));
    let (code, findings) = world.gate(&["lint"]);
    assert_eq!((code, findings.as_str()), (0, ""));
    let (_, graph) = world.gate(&["graph", "--state"]);
    assert_eq!(graph.matches("[ready]").count(), 6, "{graph}");
    // Nobody has to be killed.
    assert_eq!(world.svc(&["stopall"]), (0, String::new()));
}
