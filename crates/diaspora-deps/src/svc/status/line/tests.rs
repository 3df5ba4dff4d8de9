use daemontools::tai64n::Tai64n;

use super::*;

/// A service whose record is 65 s old.
fn facts(pid: u32, want: Want) -> Facts<'static> {
    let up = pid != 0;
    let want_up = want == Want::Up;
    Facts {
        status: Status {
            since: Tai64n::from_unix(1000, 0),
            pid,
            paused: false,
            want,
        },
        state: State::Plain { up, want_up },
        detail: Detail::default(),
        healthy: HEALTHY,
        needs: None,
        waits_since: None,
        now: 1065,
    }
}

fn young(starts: u64, last_end: End) -> Facts<'static> {
    let detail = Detail {
        starts,
        last_end: Some(last_end),
        ..Detail::default()
    };
    Facts {
        detail,
        now: 1002,
        ..facts(7, Want::Up)
    }
}

fn with_policy(stage: Stage, failures: u32, facts: &Facts<'static>) -> Facts<'static> {
    let up = facts.status.pid != 0;
    Facts {
        state: State::Staged { up, stage },
        detail: Detail {
            failures,
            ..facts.detail
        },
        ..*facts
    }
}

#[track_caller]
fn assert_line(facts: &Facts, health: Health, words: &str) {
    assert_eq!(facts.describe(), (health, words.to_owned()));
}

#[test]
fn each_state_has_its_words() {
    for (pid, want, health, words) in [
        (7, Want::Up, Health::Up, "up 1 min 5 s (pid 7)"),
        (0, Want::Down, Health::Stopped, "down 1 min 5 s"),
        (0, Want::Up, Health::Bad, "down 1 min 5 s, want up"),
        (
            7,
            Want::Down,
            Health::Bad,
            "up 1 min 5 s (pid 7), want down: was told to stop and has not ended",
        ),
    ] {
        assert_line(&facts(pid, want), health, words);
    }
    let mut paused = facts(7, Want::Up);
    paused.status.paused = true;
    assert_line(&paused, Health::Up, "up 1 min 5 s (pid 7), paused");
    for (stage, health, words) in [
        (
            Stage::Failed,
            Health::Bad,
            "down 1 min 5 s, failed; svc -u starts it",
        ),
        (Stage::Finished, Health::Stopped, "down 1 min 5 s, finished"),
        (
            Stage::Finishing,
            Health::Stopped,
            "down 1 min 5 s, finish runs",
        ),
        (Stage::Down, Health::Stopped, "down 1 min 5 s"),
    ] {
        assert_line(&with_policy(stage, 0, &facts(0, Want::Down)), health, words);
    }
    let starting = with_policy(Stage::Starting, 0, &facts(7, Want::Up));
    assert_line(&starting, Health::Up, "up 1 min 5 s (pid 7), not ready");
}

#[test]
fn a_service_that_ends_again_and_again_is_not_fine() {
    let ends = "it has ended early 41 times in a row (exit code 1)";
    let crashed = |now| Facts {
        now,
        ..young(42, End::Exited(1))
    };
    let looping = with_policy(Stage::Up, 41, &crashed(1002));
    let words = format!("up 2 s (pid 7): crash loop, {ends}");
    assert_line(&looping, Health::Bad, &words);
    let recovered = with_policy(Stage::Up, 41, &crashed(1010));
    assert_line(&recovered, Health::Up, "up 10 s (pid 7)");
    let once = with_policy(Stage::Up, 1, &crashed(1002));
    assert_line(&once, Health::Up, "up 2 s (pid 7)");
    let mut waiting = with_policy(Stage::Waiting, 41, &crashed(1002));
    waiting.status.pid = 0;
    let words = format!("down 2 s, want up: crash loop, {ends}");
    assert_line(&waiting, Health::Bad, &words);
}

#[test]
fn without_a_policy_the_last_end_is_told_and_only_a_failure_counts() {
    let up = "up 2 s (pid 7)";
    for (end, health, words) in [
        (End::Exited(1), Health::Bad, "exit code 1"),
        (End::Killed(11), Health::Bad, "signal 11"),
        (End::Exited(0), Health::Up, "exit code 0"),
        (End::Killed(15), Health::Up, "signal 15"),
    ] {
        let words = format!("{up}: started 3 times, last end: {words}");
        assert_line(&young(3, end), health, &words);
    }
    assert_line(&young(1, End::Exited(1)), Health::Up, up);
    let old = Facts {
        now: 1010,
        ..young(3, End::Exited(1))
    };
    assert_line(&old, Health::Up, "up 10 s (pid 7)");
}

#[test]
fn a_gate_waits_since_its_first_attempt() {
    let need = |name: &str, is_ready| Need {
        name: name.to_owned(),
        is_ready,
        words: if is_ready {
            "ready"
        } else {
            "down: connection refused"
        }
        .to_owned(),
    };
    let needs = [need("postgres", true), need("redis", false)];
    let gave_up = young(9, End::Exited(GAVE_UP));
    let gate = |waits_since, needs| Facts {
        needs,
        waits_since,
        now: 1002,
        ..with_policy(Stage::Up, 8, &young(9, End::Exited(GAVE_UP)))
    };
    let why = "(pid 7) for redis: down: connection refused";
    let known = gate(Some(400), Some(&needs[..]));
    assert_line(&known, Health::Waits, &format!("waits 10 min 2 s {why}"));
    let unknown = gate(None, Some(&needs[..]));
    let words = format!("waits 2 s {why}, after it gave up before");
    assert_line(&unknown, Health::Waits, &words);
    let through = Facts {
        needs: Some(&needs[..1]),
        ..facts(7, Want::Up)
    };
    let words = "waits 1 min 5 s (pid 7): all that it needs is ready";
    assert_line(&through, Health::Waits, words);
    // Past its gate.
    let words = "up 2 s (pid 7): started 9 times, last end: exit code 126";
    assert_line(&gave_up, Health::Up, words);
}
