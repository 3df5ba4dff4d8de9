use super::{Config, Kind};
use crate::error::Error;

fn with(text: &str) -> Result<Config, Error> {
    Config::parse("mine", text)
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
            "mine:3: [service.x] has no nedes",
            "did you mean needs?",
        ),
        (
            "[service.x]\nneeds = [\"y\"]\n[service.y]",
            "mine:2:",
            "add probe =",
        ),
        ("[service.x]\nneeds = [\"thin\"]", "mine:2:", "\"thin_0\""),
        (
            "[service.x]\nexec = []",
            "mine:2: exec is empty",
            "write exec",
        ),
        ("[settings]\n\"a-b\" = \"c\"", "mine:2:", "letters"),
        ("[service.\"a/b\"]", "mine:1:", "name of a service"),
        ("[service.x\n", "mine:1:", ""),
        (
            "[services.x]",
            "mine:1: the file has no services",
            "did you mean service?",
        ),
        (
            "needs = []",
            "mine:1: the file has no needs",
            "its fields are settings and service",
        ),
        ("service = 3", "mine:1: service must be a table", ""),
        ("[service]\nx = 3", "mine:2: x must be a table", ""),
        ("[settings]\nA = 3", "mine:2: A must be a text", ""),
        (
            "[settings]\nA = { newest = \"/*\", wit = [] }",
            "mine:2: A has no wit",
            "did you mean with?",
        ),
        (
            "[settings]\nA = { file = \"/x\", keys = [] }",
            "mine:2: A has no default",
            "needs",
        ),
        (
            "[settings]\nDIASPORA_HOM = '/x'",
            "mine:2: no text has ${DIASPORA_HOM}: ",
            "did you mean DIASPORA_HOME?",
        ),
        (
            "[settings]\nA = { file = \"${SERVER_LISTEN}\", keys = [], default = \"\" }",
            "mine:2: ${SERVER_LISTEN} is found itself",
            "texts",
        ),
    ] {
        let message = mistake(text);
        assert!(message.starts_with(start), "{message}");
        assert!(message.contains(part), "{message}");
    }
}

/// The message of the mistake in a file: one line.
fn mistake(text: &str) -> String {
    let error = with(text).expect_err(text);
    assert!(matches!(error, Error::Mistake { .. }), "{error}");
    let message = error.to_string();
    assert!(!message.contains('\n'), "{message}");
    message
}

#[test]
fn a_value_of_another_type_is_told_in_words() {
    for (field, message) in [
        ("needs = 'redis'", "needs must be a list of texts"),
        ("needs = [1]", "needs must be a list of texts"),
        ("aliases = 'y'", "aliases must be a list of texts"),
        ("instances = 'yes'", "instances must be true or false"),
        (
            "source-settings = 1",
            "source-settings must be true or false",
        ),
        ("attempts = -1", "attempts must be a number, 0 or more"),
        ("attempts = '3'", "attempts must be a number, 0 or more"),
        ("directory = ['/x']", "directory must be a text"),
        (
            "directories = ['/x']",
            "directories must be a list of tables",
        ),
        ("directories = [{ path = 1 }]", "path must be a text"),
        (
            "directories = [{ pth = '/x' }]",
            "directories has no path, which it needs",
        ),
        ("log = '/x'", "log must be a table"),
        ("log = { file = '/x', mode = 640 }", "mode must be a text"),
        (
            "log = { file = '/x', mod = '640' }",
            "log has no mod: did you mean mode?",
        ),
        ("exec = 'sleep 1'", "exec must be a list of texts"),
        (
            "unless = { file = '/x', line = 'x' }",
            "unless has no args, which it needs",
        ),
        (
            "unless = { line = 'x' }",
            "unless has no file, which it needs",
        ),
        ("user = 0", "user must be a text"),
        ("env = { PORT = 3000 }", "PORT must be a text"),
        (
            "env = { \"A=B\" = '' }",
            "\"A=B\" can't be the name of a variable of the environment",
        ),
        ("settings = { A = 1 }", "A must be a text"),
        (
            "own = 3",
            "own must be true, false, or a list of the services beside which it is Diaspora's own",
        ),
        ("probe = 'tcp'", "probe must be a table"),
    ] {
        let text = format!("[service.x]\n\n{field}\n");
        assert_eq!(mistake(&text), format!("mine:3: {message}"));
    }
}

#[test]
fn a_field_without_effect_is_refused() {
    for (fields, message) in [
        (
            "user = 'nobody'",
            "has user and no exec: user would have no effect",
        ),
        ("env = { A = 'b' }", "has env and no exec"),
        ("log = { file = 'x' }", "has log and no exec"),
        ("attempts = 3", "has attempts and no exec"),
        ("source-settings = true", "has source-settings and no exec"),
        (
            "directories = [{ path = '/x' }]",
            "has directories and no exec",
        ),
        (
            "unless = { file = '/x', line = 'y', args = [] }",
            "has unless and no exec",
        ),
        ("exec = ['x']\nattempts = 3", "has attempts and no needs"),
        ("directory = '/x'", "has directory and no exec"),
        ("exec = ['x']\ngroup = 'nogroup'", "has group and no user"),
    ] {
        let message = format!("mine:1: service \"x\" {message}");
        let found = mistake(&format!("[service.x]\n{fields}\n"));
        assert!(found.starts_with(&message), "{found}");
    }
    // What is there has its use.
    for fields in [
        "needs = ['redis']",
        "exec = ['x']\nuser = 'nobody'\ngroup = 'nogroup'",
        "user = 'redis'\nprobe = { kind = 'redis', address = '/x', password-file = '/p' }",
        "directory = '/x'\nprobe = { kind = 'tcp', address = '${SERVER_LISTEN}' }",
    ] {
        assert!(
            with(&format!("[service.x]\n{fields}\n")).is_ok(),
            "{fields}"
        );
    }
}

#[test]
fn each_variable_must_be_known() {
    for (fields, message) in [
        (
            "exec = ['${DIASPORA_HOM}']",
            "1: ${DIASPORA_HOM} is no setting: did you mean ${DIASPORA_HOME}?",
        ),
        (
            "exec = ['${OWN_PLACE}']",
            "1: ${OWN_PLACE} is no setting: give OWN_PLACE a default under [settings]",
        ),
        (
            "exec = ['${DIASPORA_HOME']",
            "1: \"${DIASPORA_HOME\" has a ${ without its }",
        ),
        (
            "exec = ['x']\nlog = { file = 'x', user = '${USR}' }",
            "1: ${USR} is no setting",
        ),
        (
            "exec = ['x', '${INSTANCE}']",
            "1: service \"x\" has no instances, and so no ${INSTANCE}",
        ),
        (
            "probe = { kind = 'tcp', address = '${HOST}:1' }",
            "2: ${HOST} is no setting",
        ),
    ] {
        let found = mistake(&format!("[service.x]\n{fields}\n"));
        assert!(found.starts_with(&format!("mine:{message}")), "{found}");
    }
    let own =
        "[service.x]\ninstances = true\nexec = ['${OWN}${INSTANCE}']\nsettings = { OWN = '1' }\n";
    assert!(with(own).is_ok());
}

#[test]
fn a_name_of_two_services_is_refused_with_both_places() {
    for (text, message) in [
        (
            "aliases = ['y']\n[service.y]\n",
            "mine:2: \"y\" is a name of \"y\" already, at mine:3",
        ),
        (
            "aliases = ['y']\n[service.z]\naliases = ['y']\n",
            "mine:4: \"y\" is a name of \"x\" already, at mine:2",
        ),
        (
            "aliases = ['redis']\n",
            "mine:2: \"redis\" is a name of \"redis\" already, at built-in services.toml:",
        ),
        (
            "aliases = ['web']\n",
            "mine:2: \"web\" is a name of \"nginx\" already, at built-in services.toml:",
        ),
        (
            "aliases = ['x']\n",
            "mine:2: \"x\" is a name of \"x\" already, at mine:1",
        ),
    ] {
        let found = mistake(&format!("[service.x]\n{text}"));
        assert!(found.starts_with(message), "{found}");
    }
}

#[test]
fn a_service_may_have_the_name_of_a_built_in_alias() {
    let config = with("[service.web]\nexec = ['x']\n").expect("fine");
    assert_eq!(config.find("web").expect("known").service, "web");
    let needs = config.services["thin"].needs.iter();
    let needs: Vec<&str> = needs.map(|need| need.name.as_str()).collect();
    assert_eq!(needs, ["mongo", "nginx", "redis", "websocket"]);
}

#[test]
fn a_cycle_has_the_place_of_each_need() {
    let probe = "probe = { kind = 'tcp', address = 'localhost:1' }";
    let text = format!(
        "[service.x]\nneeds = ['y']\n{probe}\n[service.y]\nneeds = ['redis', 'z']\n{probe}\n\
         [service.z]\nneeds = [\n'x']\n{probe}\n"
    );
    let cycle = "cycle: x (mine:2) -> y (mine:5) -> z (mine:9) -> x: ";
    let found = mistake(&text);
    assert!(
        found.starts_with("mine:9: ") && found.contains(cycle),
        "{found}"
    );
    let found = mistake("[service.redis]\nneeds = ['redis']\n");
    assert!(
        found.contains("cycle: redis (mine:2) -> redis: "),
        "{found}"
    );
}

#[test]
fn a_default_of_the_operator_hides_that_of_one_service() {
    let own = |text: &str| {
        let config = with(text).expect("fine");
        config.services["puma"].settings.get("RAILS_ENV").cloned()
    };
    assert_eq!(own("").as_deref(), Some("production"));
    assert_eq!(own("[settings]\nRAILS_ENV = 'staging'\n"), None);
    let both =
        "[settings]\nRAILS_ENV = 'staging'\n[service.puma]\nsettings = { RAILS_ENV = 'test' }\n";
    assert_eq!(own(both).as_deref(), Some("test"));
}
