//! The terminal: raw, on its other screen, and as it was before when we leave.

use std::io::{self, BufWriter, Stdout, Write};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};

use super::draw::{self, FRAME, Scene};
use super::model::{Model, View};

/// The output of a whole picture goes out at once.
type Backend = CrosstermBackend<BufWriter<Stdout>>;

/// Room for a picture of a large screen.
const BUFFER: usize = 64 * 1024;

pub(super) struct Screen(Terminal<Backend>);

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        let output = BufWriter::with_capacity(BUFFER, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(output))?;
        let mut screen = Self(terminal);
        screen.take()?;
        Ok(screen)
    }

    /// Takes the terminal, at first and after another program had it.
    pub(super) fn take(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        execute!(
            self.0.backend_mut(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            cursor::Hide
        )?;
        self.0.clear()
    }

    /// Gives it back.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        execute!(
            self.0.backend_mut(),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        )
    }

    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    /// Tells the model how large the screen is.
    pub(super) fn measure(&mut self, model: &mut Model) -> io::Result<()> {
        self.0.autoresize()?;
        let size = self.0.size()?;
        let height = usize::from(size.height.saturating_sub(FRAME));
        model.resize(height);
        if let View::Log(log) = &mut model.view {
            log.resize(usize::from(size.width), height);
        }
        Ok(())
    }

    /// Shows a picture. What has not changed is not sent.
    pub(super) fn draw(&mut self, model: &Model, scene: &Scene<'_>) -> io::Result<()> {
        // Both into the buffer, which goes out as one.
        let begin = ratatui::crossterm::queue!(self.0.backend_mut(), BeginSynchronizedUpdate);
        begin?;
        self.0.draw(|frame| {
            let area = frame.area();
            draw::draw(model, scene, area, frame.buffer_mut());
        })?;
        ratatui::crossterm::queue!(self.0.backend_mut(), EndSynchronizedUpdate)?;
        self.0.backend_mut().flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The terminal may have gone.
        let _ = self.leave();
    }
}
