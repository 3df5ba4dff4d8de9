//! The screens, as docs/svctl.md shows them, on a terminal that is not there.

use daemontools::servicedir::detail::Stage;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use super::*;
use crate::top::entry::Live;
use crate::top::key::Key;
use crate::top::sample::{self, NOW};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 50);

fn scene(has_colors: bool) -> Scene<'static> {
    Scene {
        tree: "/etc/service",
        now: NOW,
        theme: Theme { has_colors },
    }
}

/// The three services of the page, and more of the last kind.
fn model(count: usize, (_, height): (u16, u16)) -> Model {
    let mut entries = vec![
        sample::entry("mail", sample::facts(Stage::Finished)),
        sample::entry("web", sample::facts(Stage::Ready)),
        sample::entry("worker", sample::crashing()),
    ];
    entries[1].live = Live {
        cpu: Some(123),
        resident: Some(150 << 20),
        tail: vec!["GET /posts/17 200 in 12 ms, 5 queries to the database".to_owned()],
    };
    entries[2].live.tail = vec!["no connection to the database".to_owned()];
    for number in 3..count {
        let name = format!("worker-{number:04}");
        entries.push(sample::entry(&name, sample::facts(Stage::Up)));
    }
    let mut model = Model::default();
    model.entries = entries;
    model.arrange();
    model.resize(usize::from(height - FRAME));
    model
}

fn terminal(model: &Model, (width, height): (u16, u16), has_colors: bool) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let drawn = terminal.draw(|frame| {
        let area = frame.area();
        draw(model, &scene(has_colors), area, frame.buffer_mut());
    });
    drawn.expect("a picture");
    terminal
}

/// The rows of the screen, without spaces at their ends.
fn rows(model: &Model, size: (u16, u16)) -> Vec<String> {
    let terminal = terminal(model, size, true);
    let cells = terminal.backend().buffer().content();
    let rows = cells.chunks(usize::from(size.0));
    rows.map(|row| {
        let text: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        text.trim_end().to_owned()
    })
    .collect()
}

/// The screen of the page below the heading, without its clock.
fn of_page(heading: &str) -> String {
    let page = include_str!("../../../../../docs/svctl.md");
    let section = page.split(heading).nth(1).expect(heading);
    let screen = section.split("```").nth(1).expect("a screen");
    screen.trim_start_matches("text").trim().to_owned()
}

/// As the page has it: without empty rows in the middle, and with a clock.
fn shown(model: &Model, size: (u16, u16)) -> String {
    let mut rows = rows(model, size);
    let clock = rows[0].rsplit(' ').next().unwrap_or_default().to_owned();
    assert_eq!(clock.len(), 8, "{clock}");
    rows[0] = rows[0].replace(&clock, "13:14:15");
    rows.dedup_by(|a, b| a.is_empty() && b.is_empty());
    rows.join("\n").trim().to_owned()
}

#[test]
fn the_screens_are_as_the_page_shows_them() {
    for (count, size, heading) in [
        (3, SMALL, "### Three services, 80 × 24"),
        (3, LARGE, "### Three services, 200 × 50"),
        (30, SMALL, "### Thirty services, 80 × 24"),
        (10_000, SMALL, "### Ten thousand services, 80 × 24"),
    ] {
        assert_eq!(shown(&model(count, size), size), of_page(heading));
    }
}

#[test]
fn each_number_of_services_has_room_and_trouble_is_at_the_top() {
    for size in [SMALL, LARGE] {
        for count in [3, 30, 10_000] {
            let mut model = model(count, size);
            let rows_now = rows(&model, size);
            assert!(rows_now[0].starts_with(&format!("{count} services, 1 in trouble")));
            assert!(rows_now[2].starts_with("worker "), "{}", rows_now[2]);
            let shown = rows_now[2..rows_now.len() - 1]
                .iter()
                .filter(|row| !row.is_empty());
            assert_eq!(shown.count(), count.min(usize::from(size.1 - FRAME)));
            model.key(Key::End);
            let last = rows(&model, size);
            let last = last[2..last.len() - 1].iter().rfind(|row| !row.is_empty());
            let wanted = if count == 3 { "web" } else { "worker-" };
            assert!(last.is_some_and(|row| row.starts_with(wanted)));
        }
    }
}

#[test]
fn trouble_is_red_or_bold_and_the_selected_row_is_reversed() {
    for has_colors in [true, false] {
        let mut model = model(3, SMALL);
        model.key(Key::End);
        let terminal = terminal(&model, SMALL, has_colors);
        let buffer = terminal.backend().buffer();
        let trouble = &buffer[(0, 2)];
        match has_colors {
            true => assert_eq!(trouble.fg, Color::Red),
            false => assert!(trouble.modifier.contains(Modifier::BOLD)),
        }
        let colored = buffer.content().iter().any(|cell| cell.fg != Color::Reset);
        assert_eq!(colored, has_colors);
        let reversed = |y| buffer[(79, y)].modifier.contains(Modifier::REVERSED);
        assert_eq!([2, 3, 4].map(reversed), [false, false, true]);
    }
}

#[test]
fn every_view_and_prompt_fits_any_screen() {
    for (width, height) in [(80, 24), (200, 50), (20, 5), (19, 4), (1, 1), (40, 100)] {
        for keys in ["", "d", "/wor", "?", "\r", "u"] {
            let mut model = model(30, (width, height.max(4)));
            for key in keys.chars() {
                model.key(if key == '\r' {
                    Key::Enter
                } else {
                    Key::Char(key)
                });
            }
            model.message = Some(("a message".repeat(50), true)).filter(|_| keys == "u");
            rows(&model, (width, height));
        }
    }
}

#[test]
fn the_question_names_the_service_and_what_will_be_done() {
    let mut model = model(3, SMALL);
    model.key(Key::End);
    model.key(Key::Char('r'));
    assert_eq!(rows(&model, SMALL)[23], "web is up: restart? y or n");
    model.key(Key::Char('n'));
    model.key(Key::Enter);
    let rows = rows(&model, SMALL);
    assert_eq!(rows[1], "web: ready for 1h 2m");
    assert!(
        rows.contains(&"  uses       12.3 % of a processor, 150M".to_owned()),
        "{rows:?}"
    );
    assert!(rows.iter().any(|row| row.starts_with("GET /posts/17")));
}
