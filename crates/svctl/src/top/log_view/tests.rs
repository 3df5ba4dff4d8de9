use daemontools::tai64n::Tai64n;

use super::*;

fn line(text: &str) -> Line {
    Line {
        time: Tai64n::from_unix(0, 0),
        has_label: false,
        text: text.as_bytes().to_vec(),
    }
}

fn numbered(range: std::ops::Range<usize>) -> Vec<Line> {
    range
        .map(|number| line(&format!("line {number}")))
        .collect()
}

/// A view of ten rows of twenty columns, with a hundred lines.
fn view() -> LogView {
    let service = Service {
        name: b"web".to_vec(),
        directory: "/none".into(),
        enabled: true,
    };
    let mut view = LogView::new(service);
    view.resize(20, 10);
    assert!(view.take(numbered(0..100), true));
    view
}

fn first(view: &LogView) -> String {
    view.rows()[0].0.clone()
}

#[test]
fn the_end_is_shown_and_stays_there_as_lines_come() {
    let mut view = view();
    assert_eq!(
        (first(&view), view.rows().len()),
        ("line 90".to_owned(), 10)
    );
    assert!(view.take(numbered(95..103), false));
    assert_eq!(first(&view), "line 93");
    view.key(Key::Up);
    assert!(view.take(numbered(95..110), false));
    assert_eq!((first(&view), view.follows), ("line 92".to_owned(), false));
    view.key(Key::End);
    assert_eq!((first(&view), view.follows), ("line 100".to_owned(), true));
}

#[test]
fn lines_that_do_not_follow_are_refused_unless_they_are_all() {
    let mut view = view();
    assert!(!view.take(numbered(200..210), false));
    assert_eq!(view.position().0, 100);
    assert!(view.take(numbered(200..210), true));
    assert_eq!(
        (view.position().0, first(&view)),
        (10, "line 200".to_owned())
    );
}

#[test]
fn it_scrolls_by_lines_and_pages_to_both_ends() {
    let mut view = view();
    view.key(Key::Home);
    assert_eq!(first(&view), "line 0");
    view.key(Key::Up);
    view.key(Key::PageDown);
    assert_eq!(first(&view), "line 9");
    view.key(Key::Down);
    assert_eq!(first(&view), "line 10");
    view.key(Key::PageUp);
    view.key(Key::PageUp);
    assert_eq!(first(&view), "line 0");
    for _ in 0..20 {
        view.key(Key::PageDown);
    }
    assert_eq!((first(&view), view.follows), ("line 90".to_owned(), true));
}

#[test]
fn a_search_finds_the_last_and_goes_on_to_both_sides() {
    let mut view = view();
    view.key(Key::Home);
    assert!(view.search("line 5".to_owned()));
    assert_eq!(first(&view), "line 5");
    view.key(Key::Char('n'));
    assert_eq!(first(&view), "line 50");
    view.key(Key::Char('N'));
    assert_eq!(first(&view), "line 5");
    let found: Vec<_> = view.rows().iter().map(|&(_, is_found)| is_found).collect();
    assert_eq!(found[..2], [true, false]);
    // Large letters are meant as they are.
    assert!(!view.search("LINE 5".to_owned()));
    assert!(!view.search("nowhere".to_owned()));
    assert!(view.search(String::new()));
}

#[test]
fn a_long_line_is_wrapped_or_looked_at_from_the_side() {
    let mut view = view();
    let long = "0123456789".repeat(5) + "日本";
    view.take(vec![line(&long)], true);
    assert_eq!(view.rows().len(), 1);
    view.key(Key::Right);
    assert!(first(&view).starts_with("89012"));
    view.key(Key::Char('w'));
    let rows: Vec<_> = view.rows().into_iter().map(|(text, _)| text).collect();
    assert_eq!(
        rows,
        [
            "01234567890123456789",
            "01234567890123456789",
            "0123456789日本"
        ]
    );
    view.resize(13, 10);
    let rows: Vec<_> = view.rows().into_iter().map(|(text, _)| text).collect();
    // A character of two columns does not hang over the edge.
    assert_eq!(rows[3..], ["90123456789日", "本"]);
}

#[test]
fn with_wrapped_lines_the_end_is_on_the_screen() {
    let mut view = view();
    let mut lines = numbered(0..50);
    lines.push(line(&"x".repeat(95)));
    view.take(lines, true);
    view.key(Key::Char('w'));
    let rows = view.rows();
    assert_eq!((rows.len(), rows[0].0.as_str()), (10, "line 45"));
    // A line that alone is longer than the screen.
    view.take(vec![line(&"y".repeat(1000))], true);
    assert_eq!(view.rows().len(), 10);
}

#[test]
fn nothing_is_shown_of_an_empty_log() {
    let mut view = view();
    view.take(Vec::new(), true);
    view.key(Key::Char('n'));
    for key in [Key::Up, Key::Down, Key::PageUp, Key::End, Key::Home] {
        view.key(key);
    }
    assert!(view.rows().len() <= 10);
}

#[test]
fn what_could_be_a_command_to_the_terminal_is_shown_as_text() {
    let text = text(&line("a\tb\x1b[2J\r"));
    assert_eq!(text, r"a    b\u{1b}[2J\r");
}
