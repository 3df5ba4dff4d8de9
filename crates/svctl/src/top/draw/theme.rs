//! Colours and weights, or weights alone.

use ratatui::style::{Color, Modifier, Style};

use crate::words::Mood;

#[derive(Clone, Copy, Debug)]
pub(in crate::top) struct Theme {
    /// Whether the terminal has colours and nobody objects.
    pub(in crate::top) has_colors: bool,
}

impl Theme {
    #[allow(clippy::unused_self, reason = "a style as the others")]
    pub(super) const fn plain(self) -> Style {
        Style::new()
    }

    #[allow(clippy::unused_self, reason = "a style as the others")]
    pub(super) const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    #[allow(clippy::unused_self, reason = "a style as the others")]
    pub(super) const fn weak(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// For the row that is selected.
    #[allow(clippy::unused_self, reason = "a style as the others")]
    pub(super) const fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) const fn mood(self, mood: Mood) -> Style {
        let color = match mood {
            Mood::Trouble => Color::Red,
            Mood::Change => Color::Yellow,
            Mood::Well => Color::Green,
            Mood::Rest => return self.weak(),
        };
        match (self.has_colors, mood) {
            (true, _) => Style::new().fg(color),
            (false, Mood::Trouble) => self.strong(),
            (false, _) => self.plain(),
        }
    }
}
