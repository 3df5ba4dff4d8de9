use super::*;

fn with(text: &str) -> Result<Config, Error> {
    let mut config = Config::built_in()?;
    config.add("mine", text)?;
    config.check()?;
    Ok(config)
}

#[test]
fn both_stacks_are_built_in() {
    let config = with("").expect("no mistake");
    for name in [
        "mongo",
        "nginx",
        "redis",
        "websocket",
        "resque_worker",
        "thin",
        "smtp",
    ] {
        assert!(config.services.contains_key(name), "{name}");
    }
    for name in ["postgres", "sidekiq", "puma"] {
        assert!(config.services.contains_key(name), "{name}");
    }
    assert_eq!(
        config.find("99thin_2").expect("known").to_string(),
        "thin_2"
    );
    assert_eq!(config.find("web").expect("known").service, "nginx");
    assert_eq!(
        config.find("90resque_worker").expect("known").instance,
        None
    );
}

#[test]
fn a_field_that_is_not_mentioned_stays() {
    let config = with("[service.redis]\nprobe = { address = \"localhost:7000\" }\n").expect("fine");
    let redis = &config.services["redis"];
    let probe = redis.probe.as_ref().expect("a probe");
    assert!(matches!(probe.kind, Kind::Redis(_)));
    assert_eq!(probe.kind.address(), Some("localhost:7000"));
    assert_eq!(redis.exec[0], "redis-server");
}

#[test]
fn a_probe_is_built_in_until_the_operator_writes_one() {
    let text = "[service.redis]\nneeds = []\n[service.mongo]\nprobe = { modern = true }\n";
    let config = with(text).expect("fine");
    let is_built_in = |name: &str| config.services[name].probe.as_ref().map(|p| p.is_built_in);
    assert_eq!(is_built_in("redis"), Some(true));
    assert_eq!(is_built_in("mongo"), Some(false));
}

#[test]
fn a_service_probe_takes_the_place_of_any_other() {
    let text = "[service.redis]\nprobe = { kind = \"service\" }\n\
                [service.x]\nprobe = { kind = \"service\", directory = \"y/log\" }\n\
                [service.z]\nneeds = [\"redis\", \"x\"]\n";
    let config = with(text).expect("fine");
    for (name, directory) in [("redis", None), ("x", Some("y/log"))] {
        let probe = config.services[name].probe.as_ref().expect("a probe");
        let directory = directory.map(str::to_owned);
        assert_eq!(probe.kind, Kind::Service { directory });
    }
}

#[test]
fn a_mistake_has_its_file_line_and_fix() {
    for (text, start, part) in [
        (
            "[service.x]\nneeds = [\"reddis\"]",
            "mine:2: service \"x\"",
            "did you mean \"redis\"?",
        ),
        (
            "[service.x]\n\nnedes = []",
            "mine:3: unknown field `nedes`",
            "`needs`",
        ),
        (
            "[service.x]\nneeds = [\"sidekiq\"]",
            "mine:2:",
            "add probe =",
        ),
        ("[service.x]\nneeds = [\"thin\"]", "mine:2:", "\"thin_0\""),
        (
            "[service.x]\nexec = []",
            "mine:2: exec is empty",
            "write exec",
        ),
        ("[service.x\n", "mine:1:", ""),
        ("[settings]\n\"a-b\" = \"c\"", "mine:2:", "letters"),
        ("[service.\"a/b\"]", "mine:1:", "name of a service"),
    ] {
        let error = with(text).expect_err(text);
        assert!(matches!(error, Error::Mistake { .. }), "{error}");
        let message = error.to_string();
        assert!(message.starts_with(start), "{message}");
        assert!(message.contains(part), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}
