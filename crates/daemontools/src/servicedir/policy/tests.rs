use super::*;

/// What a file says, and the messages about it.
fn parsed(text: &str) -> (Policy, Vec<String>) {
    let mut troubles = Vec::new();
    let policy = Policy::parse(text.as_bytes(), |trouble| {
        let text = trouble.kind.describe(|parts| parts.concat());
        let text = String::from_utf8_lossy(&text).into_owned();
        troubles.push(format!("{}: {text}", trouble.line));
    });
    (policy, troubles)
}

/// What a file without trouble says.
fn good(text: &str) -> Policy {
    let (policy, troubles) = parsed(text);
    assert_eq!(troubles, [""; 0], "{text}");
    policy
}

/// The one message about a line that changes nothing.
fn refused(line: &str) -> String {
    let (policy, troubles) = parsed(line);
    assert_eq!(policy, Policy::default(), "{line}");
    assert_eq!(troubles.len(), 1, "{line}: {troubles:?}");
    troubles[0].strip_prefix("1: ").expect("line 1").to_owned()
}

const EVERYTHING: &str = "# web\r
restart = \"on-failure\"   # not after exit 0
backoff = 60
healthy = 1.5
give-up = 5

  stop-signal = \"SIGQUIT\"
stop-timeout=20
own-session\t=\ttrue
ready-fd = 3
ready-timeout = 0.25
finish = true
finish-timeout = 86400
";

#[test]
fn every_name_is_read() {
    let expected = Policy {
        restart: Restart::OnFailure,
        backoff: Duration::from_secs(60),
        healthy: Some(Duration::from_millis(1500)),
        give_up: 5,
        stop_signal: Signal::SIGQUIT,
        stop_timeout: Some(Duration::from_secs(20)),
        own_session: true,
        ready_fd: Some(3),
        ready_timeout: Some(Duration::from_millis(250)),
        finish: true,
        finish_timeout: Duration::from_secs(86_400),
    };
    assert_eq!(good(EVERYTHING), expected);
}

#[test]
fn an_empty_file_asks_for_nothing() {
    for text in ["", "\n", "#", "\r\n\r\n", "  # only\n\t\n"] {
        assert_eq!(good(text), Policy::default());
    }
}

#[test]
fn each_trouble_has_its_message_and_the_other_lines_count() {
    let (policy, troubles) = parsed(
        "give-up = 3\nstop-tiemout = 4\nstop-timeout = 86401\nbackoff 7\ngive-up = 4\nbackoff = 9\n",
    );
    assert_eq!((policy.give_up, policy.backoff.as_secs()), (3, 9));
    let expected = [
        "2: unknown name stop-tiemout, ignored",
        "3: stop-timeout wants seconds from 0 to 86400, ignored",
        "4: not of the form NAME = VALUE, ignored",
        "5: give-up was set in line 1, ignored",
    ];
    assert_eq!(troubles, expected);
}

#[test]
fn a_name_that_was_refused_may_be_set_later() {
    let (policy, troubles) = parsed("give-up = true\ngive-up = 4\n");
    assert_eq!((policy.give_up, troubles.len()), (4, 1));
}

#[test]
fn values_of_another_type_or_out_of_bounds_are_refused() {
    for (line, wants) in [
        ("restart = true", "restart wants \"always\""),
        ("restart = \"sometimes\"", "restart wants"),
        ("backoff = \"60\"", "backoff wants seconds from 0"),
        ("backoff = 99999999999999999999999", "backoff wants"),
        ("healthy = 0.999", "healthy wants seconds from 1"),
        ("give-up = 1.0", "give-up wants a number from 0 to 1000"),
        ("give-up = 1001", "give-up wants"),
        ("stop-signal = 15", "stop-signal wants one of HUP INT"),
        ("stop-signal = \"STOP\"", "stop-signal wants"),
        ("stop-signal = \"SIGSIGTERM\"", "stop-signal wants"),
        ("own-session = 1", "own-session wants true or false"),
        ("ready-fd = 2", "ready-fd wants a number from 3 to 255"),
        ("ready-fd = 256", "ready-fd wants"),
        ("ready-timeout = 86400.001", "ready-timeout wants"),
        ("finish = \"true\"", "finish wants true or false"),
        ("finish-timeout = 0", "finish-timeout wants seconds from 1"),
    ] {
        let message = refused(line);
        assert!(message.starts_with(wants), "{line}: {message}");
        assert!(message.ends_with(", ignored"), "{line}: {message}");
    }
}

#[test]
fn what_is_no_pair_is_refused() {
    for line in [
        "restart",
        "= 1",
        "[web]",
        "a.b = 1",
        "\"backoff\" = 1",
        "backoff = ",
        "backoff = 1 2",
        "backoff = 01",
        "backoff = 1_000",
        "backoff = +1",
        "backoff = -1",
        "backoff = 1.",
        "backoff = .5",
        "backoff = 1.0001",
        "backoff = 1e3",
        "backoff = [1]",
        "backoff = tru",
        "restart = 'always'",
        "restart = \"always",
        "restart = \"al\\u0077ays\"",
        "restart = \"\"\"always\"\"\"",
        "restart = \"always\" on",
        "backoff = 1\u{7}",
        "# a bell\u{7}",
        "finish = true\rbackoff = 2",
    ] {
        assert_eq!(
            refused(line),
            "not of the form NAME = VALUE, ignored",
            "{line}"
        );
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let fits = format!("backoff = 7 #{}", "x".repeat(LINE_MAX - 13));
    assert_eq!(good(&format!("{fits}\r\n")).backoff.as_secs(), 7);
    assert_eq!(
        refused(&format!("{fits}x")),
        "longer than 200 bytes, ignored"
    );

    let mut file = "#\n".repeat(FILE_MAX / 2 - 6) + "give-up = 99";
    assert_eq!((file.len(), good(&file).give_up), (FILE_MAX, 99));
    file.push('9');
    let (policy, troubles) = parsed(&file);
    assert_eq!(policy.give_up, 0);
    let last = FILE_MAX / 2 - 5;
    let message = format!("{last}: past the first 4096 bytes of the file, ignored");
    assert_eq!(troubles, [message]);
}

#[test]
fn unset_limits_follow_from_the_others() {
    let unset = Policy::default();
    assert_eq!(unset.healthy().as_secs(), 10);
    assert_eq!(good("backoff = 60").healthy().as_secs(), 60);
    assert_eq!(good("backoff = 60\nhealthy = 2").healthy().as_secs(), 2);
    assert_eq!(unset.stop_timeout(), None);
    assert_eq!(unset.stop_timeout_when_not_ready(), Some(STOP_NOT_READY));
    let never = good("stop-timeout = 0");
    assert_eq!(never.stop_timeout_when_not_ready(), None);
    let soon = good("stop-timeout = 0.5");
    assert_eq!(soon.stop_timeout(), soon.stop_timeout_when_not_ready());
}

#[test]
fn the_wait_doubles_up_to_the_limit() {
    let policy = good("backoff = 60");
    let waits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 100, u32::MAX];
    let waits = waits.map(|failures| policy.wait(failures).as_secs());
    assert_eq!(waits, [0, 0, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    assert_eq!(Policy::default().wait(9), Duration::ZERO);
}

/// What a TOML document asks for, read from the values that the `toml` crate finds.
fn read_by_toml(text: &str) -> Policy {
    let table: toml::Table = text.parse().expect(text);
    let mut policy = Policy::default();
    for (name, value) in &table {
        let word = || value.as_str().expect(text).as_bytes();
        let truth = || value.as_bool().expect(text);
        let number = || u32::try_from(value.as_integer().expect(text)).expect(text);
        let seconds = || match value {
            toml::Value::Float(seconds) => Duration::from_secs_f64(*seconds),
            _ => Duration::from_secs(u64::from(number())),
        };
        match name.as_str() {
            "restart" => {
                policy.restart = match word() {
                    b"always" => Restart::Always,
                    b"on-failure" => Restart::OnFailure,
                    _ => Restart::Never,
                }
            }
            "backoff" => policy.backoff = seconds(),
            "healthy" => policy.healthy = Some(seconds()),
            "give-up" => policy.give_up = number(),
            "stop-signal" => policy.stop_signal = signal(word()).expect(text),
            "stop-timeout" => policy.stop_timeout = Some(seconds()),
            "own-session" => policy.own_session = truth(),
            "ready-fd" => policy.ready_fd = Some(u8::try_from(number()).expect(text)),
            "ready-timeout" => {
                policy.ready_timeout = Some(seconds()).filter(|limit| !limit.is_zero());
            }
            "finish" => policy.finish = truth(),
            "finish-timeout" => policy.finish_timeout = seconds(),
            _ => panic!("{name}: no name of a policy"),
        }
    }
    policy
}

/// Whatever is taken without trouble says the same to a reader of TOML.
#[test]
fn a_file_without_trouble_is_toml_and_means_the_same() {
    assert_eq!(good(EVERYTHING), read_by_toml(EVERYTHING));
    for name in Name::ALL {
        assert!(EVERYTHING.contains(name.text()), "{}", name.text());
    }
    for text in [
        "",
        "\n\n",
        "\r\n#\r\n",
        "\t# a comment with = and \"\" and \\ in it",
        "# caf\u{e9}",
        "restart = \"always\"",
        "restart = \"on-failure\"",
        "restart=\"never\"# at once",
        "\tbackoff\t=\t0\t",
        "backoff = 86400",
        "backoff = 0.001",
        "backoff = 86400.000",
        "healthy = 1",
        "healthy = 1.0",
        "healthy = 2.05",
        "healthy = 2.5 # and a half",
        "give-up = 0",
        "give-up = 1000",
        "stop-signal = \"HUP\"",
        "stop-signal = \"SIGINT\"",
        "stop-signal = \"SIGWINCH\"",
        "stop-timeout = 0",
        "stop-timeout = 0.125",
        "own-session = true",
        "own-session = false",
        "ready-fd = 3",
        "ready-fd = 255",
        "ready-timeout = 0",
        "ready-timeout = 0.0",
        "ready-timeout = 30",
        "finish = true\nfinish-timeout = 1",
        "finish = false\r\nfinish-timeout = 86399.999\r\n",
        "backoff = 1\n\n\nhealthy = 2",
    ] {
        assert_eq!(good(text), read_by_toml(text), "{text}");
    }
}

/// A line that is refused is no TOML; or it is TOML of a form that the subset leaves out.
#[test]
fn a_line_that_is_refused_is_no_toml_or_beyond_the_subset() {
    for line in [
        "restart",
        "= 1",
        "backoff = ",
        "backoff = 1 2",
        "backoff = 01",
        "backoff = 1.",
        "backoff = .5",
        "backoff = tru",
        "backoff = 1__0",
        "restart = \"always",
        "restart = \"always\" on",
        "restart = always",
        "backoff = 1\u{7}",
        "# a bell\u{7}",
        "finish = TRUE",
        "finish = true\rbackoff = 2",
        "backoff: 1",
        "backoff = 1; healthy = 2",
    ] {
        refused(line);
        assert!(line.parse::<toml::Table>().is_err(), "{line}");
    }
    for line in [
        "[web]",
        "[[web]]",
        "a.b = 1",
        "\"backoff\" = 1",
        "'backoff' = 1",
        "backoff = 1_000",
        "backoff = +1",
        "backoff = -1",
        "backoff = -0",
        "backoff = 0x10",
        "backoff = 1.0001",
        "backoff = 1e3",
        "backoff = inf",
        "backoff = nan",
        "backoff = [1]",
        "backoff = { seconds = 1 }",
        "backoff = 1979-05-27",
        "restart = 'always'",
        "restart = \"al\\u0077ays\"",
        "restart = \"\"\"always\"\"\"",
        "restart = \"tou\u{e9}\"",
        // Of the right form, but not what the name takes.
        "tries = 1",
        "backoff = true",
        "backoff = \"60\"",
        "backoff = 86400.001",
        "give-up = 1.0",
        "stop-signal = 15",
        "ready-fd = 2",
    ] {
        refused(line);
        assert!(line.parse::<toml::Table>().is_ok(), "{line}");
    }
    let twice = "backoff = 1\nbackoff = 2";
    assert_eq!(parsed(twice).1, ["2: backoff was set in line 1, ignored"]);
    assert!(twice.parse::<toml::Table>().is_err());
}
