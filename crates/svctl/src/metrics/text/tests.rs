use daemontools::Errno;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::query::QueryError;
use daemontools::servicedir::status::Status;

use super::*;

fn row(name: &str, snapshot: Snapshot) -> Row {
    Row {
        name: name.as_bytes().to_vec(),
        snapshot,
        usage: None,
    }
}

fn facts_of(stage: Stage, pid: u32) -> Facts {
    let status = Status {
        since: Tai64n::from_unix(1_700_000_000, 5_000_000),
        pid,
        paused: false,
        want: Want::Up,
    };
    Facts {
        stage,
        status: Some(status),
        detail: Some(Detail {
            starts: 34,
            failures: 5,
            failed: 7,
            last_end: Some(End::Exited(1)),
            next: Some(Tai64n::from_unix(1_700_000_060, 0).label()),
            ..Detail::default()
        }),
        normally_down: false,
    }
}

#[test]
fn every_family_of_a_service_that_waits() {
    let rows = [row(
        "web",
        Snapshot::Supervised(facts_of(Stage::Waiting, 0)),
    )];
    let text = render(&rows, true);
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let wanted = r#"
daemontools_service_supervised{service="web"} 1
daemontools_service_up{service="web"} 0
daemontools_service_ready{service="web"} 0
daemontools_service_wanted_up{service="web"} 1
daemontools_service_normally_up{service="web"} 1
daemontools_service_paused{service="web"} 0
daemontools_service_last_change_timestamp_seconds{service="web"} 1700000000.005
daemontools_service_next_start_timestamp_seconds{service="web"} 1700000060.000
daemontools_service_starts_total{service="web"} 34
daemontools_service_failures_total{service="web"} 7
daemontools_service_early_ends{service="web"} 5
daemontools_service_last_exit_code{service="web"} 1
daemontools_service_stage{service="web",stage="down"} 0
daemontools_service_stage{service="web",stage="waiting"} 1
daemontools_service_stage{service="web",stage="starting"} 0
daemontools_service_stage{service="web",stage="up"} 0
daemontools_service_stage{service="web",stage="ready"} 0
daemontools_service_stage{service="web",stage="stopping"} 0
daemontools_service_stage{service="web",stage="finishing"} 0
daemontools_service_stage{service="web",stage="finished"} 0
daemontools_service_stage{service="web",stage="failed"} 0
daemontools_services 1
daemontools_svscan_up 1"#;
    let wanted: Vec<_> = wanted.trim_start().lines().collect();
    assert_eq!(samples[..samples.len() - 1], wanted);
    assert!(samples[samples.len() - 1].starts_with("daemontools_build_info{version=\""));
}

#[test]
fn one_without_a_supervise_has_a_few_samples_and_one_that_cannot_be_read_none() {
    let error = QueryError::File(c"supervise/ok", Errno::EACCES);
    let rows = [
        row("a", Snapshot::Unsupervised { leftover: Some(7) }),
        row("b", Snapshot::Unreadable(error)),
    ];
    let text = render(&rows, false);
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let wanted = [
        r#"daemontools_service_supervised{service="a"} 0"#,
        r#"daemontools_service_up{service="a"} 1"#,
        r#"daemontools_service_ready{service="a"} 0"#,
        "daemontools_services 2",
        "daemontools_svscan_up 0",
    ];
    assert_eq!(samples[..5], wanted);
}

#[test]
fn what_processes_use_is_shown_if_it_was_asked_for() {
    let mut web = row("web", Snapshot::Supervised(facts_of(Stage::Ready, 9)));
    web.usage = Some(Usage {
        processes: 3,
        resident: 4096,
        ticks: 0,
        descriptors: Some(12),
    });
    let text = render(&[web], true);
    for line in [
        r#"daemontools_service_processes{service="web"} 3"#,
        r#"daemontools_service_resident_memory_bytes{service="web"} 4096"#,
        r#"daemontools_service_open_fds{service="web"} 12"#,
        r#"daemontools_service_ready{service="web"} 1"#,
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}");
    }
}

#[test]
fn a_name_of_any_bytes_is_a_label() {
    assert_eq!(label("größer/log".as_bytes()), "größer/log");
    assert_eq!(label(b"a\"b\\c\nd"), r#"a\"b\\c\nd"#);
    assert_eq!(label(b"x\xff\xfey"), r"x\\xff\\xfey");
}
