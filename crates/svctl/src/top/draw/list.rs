//! The list of services.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::Scene;
use super::write::{fit, put, row};
use crate::duration;
use crate::top::entry::Entry;
use crate::top::model::Model;
use crate::words::{self, Mood, NOTHING};

/// A column: its head, its width, and whether it is for numbers.
struct Column(&'static str, usize, bool);

/// Those between the name and the log.
const COLUMNS: [Column; 6] = [
    Column("STATE", 9, false),
    Column("FOR", 7, false),
    Column("STARTS", 6, true),
    Column("LAST END", 8, false),
    Column("CPU%", 5, true),
    Column("MEM", 5, true),
];

/// From which width on there is room.
const WIDE: u16 = 120;

/// Where the columns are.
struct Layout {
    name: usize,
    gap: usize,
}

impl Layout {
    fn of(model: &Model, width: u16) -> Self {
        let (most, gap) = if width < WIDE { (16, 1) } else { (32, 2) };
        let names = model
            .list
            .iter()
            .map(|&index| model.entries[index].label.width());
        Self {
            name: names.max().unwrap_or(0).clamp(8, most),
            gap,
        }
    }

    /// A line of cells.
    fn line(&self, name: &str, cells: [String; COLUMNS.len()], rest: &str) -> String {
        let gap = " ".repeat(self.gap);
        let mut line = padded(&fit(name, self.name), self.name, false);
        for (Column(_, width, is_number), cell) in COLUMNS.iter().zip(cells) {
            line.push_str(&gap);
            line.push_str(&padded(&fit(&cell, *width), *width, *is_number));
        }
        line + &gap + rest
    }

    /// Where the state is.
    fn state(&self) -> u16 {
        u16::try_from(self.name + self.gap).unwrap_or(0)
    }
}

fn padded(text: &str, width: usize, on_the_left: bool) -> String {
    let room = " ".repeat(width.saturating_sub(text.width()));
    match on_the_left {
        true => room + text,
        false => text.to_owned() + &room,
    }
}

pub(super) fn draw(model: &Model, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    let layout = Layout::of(model, area.width);
    let heads = COLUMNS.map(|Column(head, ..)| head.to_owned());
    let head = layout.line("NAME", heads, "LOG");
    put(buffer, area, 0, &head, theme.strong());
    if model.list.is_empty() {
        let text = match model.filter.is_empty() {
            true => "no services",
            false => "no service has that in its name; Esc shows all",
        };
        put(buffer, row(area, 1), 0, text, theme.plain());
    }
    let cursor = model.cursor();
    for ((number, &index), place) in model.on_screen().iter().enumerate().zip(1..) {
        let entry = &model.entries[index];
        let line = row(area, place);
        let mood = entry.mood();
        let text = fit(&text(entry, scene, &layout), usize::from(area.width));
        put(buffer, line, 0, &text, theme.plain());
        let state = fit(words::state(&entry.snapshot), COLUMNS[0].1);
        put(buffer, line, layout.state(), &state, theme.mood(mood));
        if mood == Mood::Trouble {
            let name = fit(&entry.label, layout.name);
            put(buffer, line, 0, &name, theme.mood(mood));
        }
        if model.top + number == cursor {
            buffer.set_style(line, theme.selected());
        }
    }
}

fn text(entry: &Entry, scene: &Scene<'_>, layout: &Layout) -> String {
    let nothing = || NOTHING.to_owned();
    let snapshot = &entry.snapshot;
    let detail = snapshot.facts().and_then(|facts| facts.detail);
    let cells = [
        words::state(snapshot).to_owned(),
        words::seconds(snapshot, scene.now).map_or_else(nothing, duration::short),
        detail.map_or_else(nothing, |detail| detail.starts.to_string()),
        words::last_end(snapshot),
        entry.live.cpu.map_or_else(nothing, share),
        entry.live.resident.map_or_else(nothing, size),
    ];
    let log = entry.live.tail.last().map_or("", String::as_str);
    // What is wrong or about to happen says more than the log, which is behind it.
    let note = match entry.mood() {
        Mood::Trouble | Mood::Change => words::note(snapshot, scene.now),
        Mood::Well | Mood::Rest => String::new(),
    };
    let rest = match (note.as_str(), log) {
        ("", log) => log.to_owned(),
        (_, "") => note,
        (note, log) => format!("{note} | {log}"),
    };
    layout.line(&entry.label, cells, &rest)
}

/// Thousandths of a processor as a percentage.
fn share(thousandths: u64) -> String {
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

/// Bytes, in at most five characters.
pub(super) fn size(bytes: u64) -> String {
    let mut amount = bytes;
    for unit in ["", "K", "M", "G"] {
        if amount < 10_000 {
            return format!("{amount}{unit}");
        }
        amount /= 1024;
    }
    format!("{amount}T")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_and_a_share_have_few_characters() {
        for (bytes, wanted) in [
            (0, "0"),
            (9999, "9999"),
            (10_240, "10K"),
            (1 << 30, "1024M"),
            (u64::MAX, "16777215T"),
        ] {
            assert_eq!(size(bytes), wanted);
        }
        assert_eq!(share(0), "0.0");
        assert_eq!(share(1234), "123.4");
    }
}
