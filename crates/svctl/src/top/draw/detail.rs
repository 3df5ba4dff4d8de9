//! All about one service, and the end of its log.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::list::size;
use super::write::{put, row};
use crate::status::page;
use crate::top::model::Model;

pub(super) fn draw(model: &Model, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    let Some(entry) = model.current() else {
        put(buffer, area, 0, "the service has gone", theme.plain());
        return;
    };
    let mut text = String::new();
    page::push(&mut text, &entry.service, &entry.snapshot, scene.now, false);
    if let (Some(cpu), Some(resident)) = (entry.live.cpu, entry.live.resident) {
        let share = format!("{}.{}", cpu / 10, cpu % 10);
        text.push_str(&format!(
            "  {:<10} {share} % of a processor, {}\n",
            "uses",
            size(resident)
        ));
    }
    let mut number = 0;
    for line in text.lines() {
        let style = match number {
            0 => theme.mood(entry.mood()).patch(theme.strong()),
            _ => theme.plain(),
        };
        put(buffer, row(area, number), 0, line, style);
        number += 1;
    }
    number += 1;
    let room = usize::from(area.height.saturating_sub(number));
    let tail = &entry.live.tail;
    for line in &tail[tail.len().saturating_sub(room)..] {
        put(buffer, row(area, number), 0, line, theme.plain());
        number += 1;
    }
}
