//! Text in cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Writes text into the first row of an area from column `x` on, as much as fits. Gives its
/// width.
pub(super) fn put(buffer: &mut Buffer, area: Rect, x: u16, text: &str, style: Style) -> u16 {
    let room = area.width.saturating_sub(x);
    if room == 0 || area.height == 0 {
        return 0;
    }
    let start = area.x + x;
    let (end, _) = buffer.set_stringn(start, area.y, text, usize::from(room), style);
    end - start
}

/// The same at the right edge, over what is there.
pub(super) fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) {
    let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
    put(buffer, area, area.width.saturating_sub(width), text, style);
}

/// Text that is cut to a width; a cut is shown.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fitting = text.chars().take_while(|character| {
        used += character.width().unwrap_or(0);
        used <= width
    });
    let mut cut: String = fitting.collect();
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// Row `number` of an area; empty if there is none.
pub(super) fn row(area: Rect, number: u16) -> Rect {
    Rect {
        y: area.y.saturating_add(number),
        height: u16::from(number < area.height),
        ..area
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_wide_is_cut_by_columns() {
        for (text, width, wanted) in [
            ("worker", 6, "worker"),
            ("worker", 5, "work…"),
            ("größer", 4, "grö…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("worker", 1, "…"),
            ("worker", 0, ""),
        ] {
            assert_eq!(fit(text, width), wanted);
        }
    }
}
