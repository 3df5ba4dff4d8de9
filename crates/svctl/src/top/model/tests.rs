use daemontools::servicedir::detail::{Detail, Stage};

use super::*;
use crate::service::Service;
use crate::snapshot::{Facts, Snapshot};
use crate::top::sample;

/// A model with these services, on a screen with ten rows for them.
fn model(services: &[(&str, Stage)]) -> Model {
    let mut model = Model {
        entries: services
            .iter()
            .map(|&(name, stage)| entry(name, stage))
            .collect(),
        ..Model::default()
    };
    model.arrange();
    model.resize(10);
    model
}

fn entry(name: &str, stage: Stage) -> Entry {
    sample::entry(name, sample::facts(stage))
}

fn names(model: &Model) -> Vec<&str> {
    let entries = model.list.iter().map(|&index| &model.entries[index]);
    entries.map(|entry| entry.label.as_str()).collect()
}

fn current(model: &Model) -> &str {
    model.current().map_or("", |entry| &entry.label)
}

fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    keys.chars()
        .filter_map(|key| model.key(Key::Char(key)))
        .collect()
}

const FOUR: [(&str, Stage); 4] = [
    ("a", Stage::Up),
    ("b", Stage::Failed),
    ("c", Stage::Ready),
    ("d", Stage::Failed),
];

#[test]
fn trouble_comes_first_and_then_names() {
    let mut model = model(&FOUR);
    assert_eq!(names(&model), ["b", "d", "a", "c"]);
    // Nothing was selected: whatever is first.
    assert_eq!(current(&model), "b");
    model.entries[0] = entry("a", Stage::Failed);
    model.arrange();
    assert_eq!(
        (names(&model), current(&model)),
        (vec!["a", "b", "d", "c"], "a")
    );
}

#[test]
fn what_is_selected_stays_so_wherever_the_list_goes() {
    let mut model = model(&FOUR);
    model.key(Key::End);
    assert_eq!(current(&model), "c");
    model.entries[2] = entry("c", Stage::Failed);
    model.arrange();
    assert_eq!((current(&model), model.cursor()), ("c", 1));
    model.key(Key::Home);
    assert_eq!(current(&model), "b");
}

#[test]
fn the_neighbour_is_selected_when_a_service_goes() {
    let mut model = model(&FOUR);
    model.key(Key::End);
    model.entries.remove(2);
    model.arrange();
    assert_eq!(current(&model), "a");
    model.entries.clear();
    model.arrange();
    assert!(model.current().is_none());
    for key in [
        Key::Up,
        Key::Down,
        Key::PageDown,
        Key::Enter,
        Key::End,
        Key::Char('l'),
    ] {
        assert_eq!(model.key(key), None);
    }
    assert_eq!(press(&mut model, "udk"), []);
}

#[test]
fn commands_that_end_a_service_that_is_up_ask_once() {
    let mut model = model(&[("a", Stage::Up)]);
    for key in ["d", "k", "r"] {
        assert_eq!(press(&mut model, key), []);
        assert_eq!(model.key(Key::Escape), None);
        assert_eq!(press(&mut model, &format!("{key}n")), []);
        assert_eq!(press(&mut model, key), []);
        // The key again is no answer.
        assert_eq!(press(&mut model, key), []);
        let effects = press(&mut model, &format!("{key}y"));
        assert!(matches!(effects[..], [Effect::Send(order)] if order.key.to_string() == key));
    }
    for key in "uopchait12".chars() {
        let effects = press(&mut model, &key.to_string());
        assert!(
            matches!(effects[..], [Effect::Send(order)] if order.key == key),
            "{key}"
        );
    }
}

#[test]
fn commands_to_a_service_that_is_down_do_not_ask() {
    let mut model = model(&[("a", Stage::Failed)]);
    for (key, letters) in [("d", &b"d"[..]), ("r", b"du"), ("u", b"u")] {
        let effects = press(&mut model, key);
        assert!(matches!(effects[..], [Effect::Send(order)] if order.letters == letters));
    }
}

#[test]
fn the_answer_counts_for_the_service_that_the_question_was_about() {
    let mut model = model(&[("a", Stage::Up), ("b", Stage::Up)]);
    press(&mut model, "d");
    model.entries[1] = entry("b", Stage::Failed);
    model.arrange();
    assert_eq!(names(&model), ["b", "a"]);
    assert_eq!(press(&mut model, "y").len(), 1);
    assert_eq!(current(&model), "a");
}

#[test]
fn a_filter_is_no_command_and_escape_ends_it() {
    let mut model = model(&[
        ("mail", Stage::Up),
        ("Web", Stage::Up),
        ("worker", Stage::Up),
    ]);
    assert_eq!(press(&mut model, "/w"), []);
    assert_eq!(names(&model), ["Web", "worker"]);
    assert_eq!(press(&mut model, "kd"), []);
    assert_eq!(names(&model), Vec::<&str>::new());
    model.key(Key::Backspace);
    model.key(Key::Backspace);
    model.key(Key::Enter);
    assert_eq!(names(&model), ["Web", "worker"]);
    assert!(matches!(press(&mut model, "u")[..], [Effect::Send(_)]));
    model.key(Key::Escape);
    assert_eq!(names(&model).len(), 3);
    assert_eq!(press(&mut model, "/q"), []);
    model.key(Key::Escape);
    assert_eq!(
        (names(&model).len(), press(&mut model, "q")),
        (3, vec![Effect::Quit])
    );
}

#[test]
fn enter_shows_all_about_a_service_and_q_goes_back() {
    let mut model = model(&FOUR);
    model.key(Key::Down);
    model.key(Key::Enter);
    assert!(matches!(model.view, View::Detail));
    assert_eq!(model.on_screen(), [3]);
    assert_eq!(press(&mut model, "q"), []);
    assert!(matches!(model.view, View::List));
    assert_eq!(press(&mut model, "l"), [Effect::OpenLog]);
    assert_eq!(press(&mut model, "?q"), []);
    assert!(matches!(model.view, View::List));
    assert_eq!(model.key(Key::Interrupt), Some(Effect::Quit));
}

#[test]
fn of_ten_thousand_services_those_on_the_screen_are_read() {
    let names: Vec<_> = (0..10_000).map(|number| format!("s{number:05}")).collect();
    let services: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), Stage::Up))
        .collect();
    let mut model = model(&services);
    assert_eq!(model.on_screen().len(), 10);
    model.key(Key::End);
    assert_eq!(model.on_screen(), (9990..10_000).collect::<Vec<_>>());
    for _ in 0..9 {
        model.key(Key::Up);
    }
    assert_eq!((model.top, current(&model)), (9990, "s09990"));
    model.key(Key::Up);
    assert_eq!(model.top, 9989);
    model.key(Key::PageUp);
    assert_eq!(current(&model), "s09979");
    model.resize(3);
    assert!(model.on_screen().contains(&9979));
    model.resize(0);
    assert_eq!(model.on_screen(), [9979]);
}

#[test]
fn a_service_without_a_supervise_is_in_trouble() {
    let mut model = model(&FOUR);
    let service = Service {
        name: b"z".to_vec(),
        directory: "/none".into(),
        enabled: true,
    };
    let snapshot = Snapshot::Unsupervised { leftover: None };
    model.entries.push(Entry::new(service, snapshot));
    model.arrange();
    assert_eq!(names(&model), ["b", "d", "z", "a", "c"]);
    let early = Facts {
        detail: Some(Detail {
            failures: 2,
            ..Detail::default()
        }),
        ..sample::facts(Stage::Waiting)
    };
    model.entries.push(sample::entry("zz", early));
    model.arrange();
    assert_eq!(names(&model), ["b", "d", "z", "zz", "a", "c"]);
}
