//! The keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::write::{put, row};
use crate::top::order;

const TEXT: &str = "\
Up Down PageUp PageDown End   another service
Home                          whatever is first: a service in trouble
Enter                         all about it
l                             its log
/                             only those with this in their names; Esc: all
Ctrl-L                        draws the screen again
q                             back, and then the end

Commands, as those of svc; d, k and r ask first if the service is up:
";

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let mut text = TEXT.to_owned();
    for (number, order) in order::ALL.iter().enumerate() {
        let end = if number % 5 == 4 { "\n" } else { "" };
        text.push_str(&format!("  {} {:<9}{end}", order.key, order.words));
    }
    for (number, line) in (0..).zip(text.lines()) {
        put(buffer, row(area, number), 0, line, scene.theme.plain());
    }
}
