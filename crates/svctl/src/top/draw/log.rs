//! A log.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::write::{put, put_right, row};
use crate::top::log_view::LogView;
use crate::words::Mood;

pub(super) fn draw(log: &LogView, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    let (count, first) = log.position();
    let mut head = format!("{}: its log", log.label);
    if !log.needle.is_empty() {
        head.push_str(&format!(", with \"{}\"", log.needle));
    }
    put(buffer, area, 0, &head, theme.strong());
    let place = match log.follows {
        true => format!(" the last of {count} lines"),
        false => format!(" from line {first} of {count}"),
    };
    put_right(buffer, area, &place, theme.weak());
    let mut number = 1;
    for (text, is_found) in log.rows() {
        let style = if is_found {
            theme.selected()
        } else {
            theme.plain()
        };
        put(buffer, row(area, number), 0, &text, style);
        number += 1;
    }
    if let Some(trouble) = &log.trouble {
        put(
            buffer,
            row(area, number),
            0,
            trouble,
            theme.mood(Mood::Trouble),
        );
    }
}
