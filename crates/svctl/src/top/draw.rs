//! The screen: what the model shows, in the cells of a buffer. No I/O.

mod detail;
mod help;
mod list;
mod log;
mod theme;
mod write;

use daemontools::tai64n::Tai64n;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::model::{Model, Prompt, View};
use crate::local;
use crate::words::Mood;
pub(super) use theme::Theme;
use write::{put, put_right};

/// The rows that are not for services: the title, the head of the table, the last line.
pub(super) const FRAME: u16 = 3;

/// The smallest screen that something fits on.
const SMALLEST: (u16, u16) = (20, 5);

/// What is around the model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    /// The directory of the tree.
    pub(super) tree: &'a str,
    pub(super) now: Tai64n,
    pub(super) theme: Theme,
}

/// Draws all of it.
pub(super) fn draw(model: &Model, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        put(buffer, area, 0, "too small", scene.theme.plain());
        return;
    }
    title(model, scene, area, buffer);
    let middle = Rect {
        y: area.y + 1,
        height: area.height - 2,
        ..area
    };
    match &model.view {
        View::List => list::draw(model, scene, middle, buffer),
        View::Detail => detail::draw(model, scene, middle, buffer),
        View::Log(log) => log::draw(log, scene, middle, buffer),
        View::Help => help::draw(scene, middle, buffer),
    }
    last_line(model, scene, area, buffer);
}

fn title(model: &Model, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    let clock = local::time(scene.now);
    // Without the day.
    let clock = clock.split_once(' ').map_or("", |(_, clock)| clock);
    let count = model.entries.len();
    let s = if count == 1 { "" } else { "s" };
    let mut x = put(
        buffer,
        area,
        0,
        &format!("{count} service{s}"),
        theme.strong(),
    );
    for (mood, word) in [(Mood::Trouble, "in trouble"), (Mood::Change, "changing")] {
        let count = model.count(mood);
        if count > 0 {
            x += put(buffer, area, x, ", ", theme.strong());
            x += put(
                buffer,
                area,
                x,
                &format!("{count} {word}"),
                theme.mood(mood).patch(theme.strong()),
            );
        }
    }
    x += put(buffer, area, x, &format!("  {}", scene.tree), theme.weak());
    if !model.filter.is_empty() {
        put(
            buffer,
            area,
            x,
            &format!("  with \"{}\"", model.filter),
            theme.strong(),
        );
    }
    put_right(buffer, area, &format!(" {clock}"), theme.weak());
}

fn last_line(model: &Model, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    let line = Rect {
        y: area.bottom() - 1,
        height: 1,
        ..area
    };
    let name = model.current().map_or("", |entry| &entry.label);
    match (&model.prompt, &model.message) {
        (Prompt::Filter, _) => {
            put(
                buffer,
                line,
                0,
                &format!("/{}_", model.filter),
                theme.strong(),
            );
        }
        (Prompt::Search(text), _) => {
            put(buffer, line, 0, &format!("/{text}_"), theme.strong());
        }
        (Prompt::Sure(order), _) => {
            let text = format!("{name} is up: {}? y or n", order.words);
            put(
                buffer,
                line,
                0,
                &text,
                theme.mood(Mood::Trouble).patch(theme.strong()),
            );
        }
        (Prompt::None, Some((text, is_trouble))) => {
            let style = match is_trouble {
                true => theme.mood(Mood::Trouble),
                false => theme.plain(),
            };
            put(buffer, line, 0, text, style);
        }
        (Prompt::None, None) => {
            put(buffer, line, 0, keys(&model.view), theme.weak());
        }
    }
}

const fn keys(view: &View) -> &'static str {
    match view {
        View::List => "Enter all  l log  / filter  u d r o p c t k ... commands  ? help  q quit",
        View::Detail => "l log  u d r o p c t k ... commands  ? help  q back",
        View::Log(_) => "/ search  n N next  w wrap  v pager  End follow  q back",
        View::Help => "any key: back",
    }
}

#[cfg(test)]
mod tests;
