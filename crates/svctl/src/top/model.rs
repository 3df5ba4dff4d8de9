//! What is on the screen and what a key does. No I/O: a key in, an effect out.

use super::entry::Entry;
use super::key::Key;
use super::log_view::LogView;
use super::order::Order;
use crate::words::Mood;

/// What has to be done for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Leave.
    Quit,
    /// Draw the whole screen again.
    Redraw,
    /// Send a command to the service that is selected.
    Send(Order),
    /// Read the log of the service that is selected.
    OpenLog,
    /// Show that log in a pager.
    Page,
}

/// What fills the screen.
#[derive(Debug, Default)]
pub(super) enum View {
    #[default]
    List,
    Detail,
    Log(LogView),
    Help,
}

/// What the last line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Prompt {
    #[default]
    None,
    /// A part of a name, as it is typed.
    Filter,
    /// A part of a line of the log.
    Search(String),
    /// Whether to send a command.
    Sure(Order),
}

#[derive(Debug, Default)]
pub(super) struct Model {
    /// All services, sorted by name.
    pub(super) entries: Vec<Entry>,
    /// Those on the list, in its order: indices of `entries`.
    pub(super) list: Vec<usize>,
    pub(super) filter: String,
    pub(super) view: View,
    pub(super) prompt: Prompt,
    /// What was done last, and whether it failed.
    pub(super) message: Option<(String, bool)>,
    /// The first row on the screen.
    pub(super) top: usize,
    /// The name of the service that is selected; `None`: whatever is first.
    selected: Option<Vec<u8>>,
    /// Where it was last.
    at: usize,
    /// The rows for services.
    height: usize,
}

impl Model {
    /// Sorts and filters: trouble first, then by name.
    pub(super) fn arrange(&mut self) {
        let wanted = self.filter.to_lowercase();
        self.list = (0..self.entries.len())
            .filter(|&index| self.entries[index].label.to_lowercase().contains(&wanted))
            .collect();
        let entries = &self.entries;
        // Stable: the entries are sorted by name.
        self.list
            .sort_by_key(|&index| entries[index].mood() != Mood::Trouble);
        if self.selected.is_some() {
            self.at = self.cursor();
            self.select(self.at);
        }
        self.scroll();
    }

    /// The screen has so many rows for services.
    pub(super) fn resize(&mut self, height: usize) {
        self.height = height.max(1);
        self.scroll();
    }

    /// Where on the list the selected service is.
    pub(super) fn cursor(&self) -> usize {
        let Some(name) = &self.selected else { return 0 };
        let is_it = |&index: &usize| self.entries[index].service.name == *name;
        let found = self.list.iter().position(is_it);
        found.unwrap_or(self.at.min(self.list.len().saturating_sub(1)))
    }

    pub(super) fn current(&self) -> Option<&Entry> {
        self.list
            .get(self.cursor())
            .map(|&index| &self.entries[index])
    }

    /// The services on the screen: indices of `entries`.
    pub(super) fn on_screen(&self) -> &[usize] {
        match self.view {
            View::List => {
                let end = self.list.len().min(self.top + self.height);
                &self.list[self.top.min(end)..end]
            }
            View::Detail => {
                let cursor = self.cursor();
                self.list.get(cursor..=cursor).unwrap_or_default()
            }
            View::Log(_) | View::Help => &[],
        }
    }

    /// How many services are in each mood.
    pub(super) fn count(&self, mood: Mood) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.mood() == mood)
            .count()
    }

    pub(super) fn key(&mut self, key: Key) -> Option<Effect> {
        match key {
            Key::Interrupt => return Some(Effect::Quit),
            Key::Redraw => return Some(Effect::Redraw),
            _ => {}
        }
        self.message = None;
        match std::mem::take(&mut self.prompt) {
            Prompt::Sure(order) => {
                return (key == Key::Char('y')).then_some(Effect::Send(order));
            }
            Prompt::Filter => {
                self.type_filter(key);
                return None;
            }
            Prompt::Search(text) => {
                self.type_search(text, key);
                return None;
            }
            Prompt::None => {}
        }
        match &mut self.view {
            View::List | View::Detail => self.key_of_service(key),
            View::Log(log) => match key {
                Key::Char('/') => {
                    self.prompt = Prompt::Search(String::new());
                    None
                }
                Key::Char('v') => Some(Effect::Page),
                Key::Char('q' | 'l') | Key::Escape => {
                    self.view = View::List;
                    None
                }
                key => {
                    log.key(key);
                    None
                }
            },
            View::Help => {
                self.view = View::List;
                None
            }
        }
    }

    fn key_of_service(&mut self, key: Key) -> Option<Effect> {
        let in_list = matches!(self.view, View::List);
        match key {
            Key::Up => self.go(-1),
            Key::Down => self.go(1),
            Key::PageUp => self.go(-self.page()),
            Key::PageDown => self.go(self.page()),
            Key::Home => {
                self.selected = None;
                self.scroll();
            }
            Key::End => self.go(isize::MAX),
            Key::Enter if in_list && self.current().is_some() => self.view = View::Detail,
            Key::Enter => self.view = View::List,
            Key::Escape if in_list => {
                self.filter.clear();
                self.arrange();
            }
            Key::Char('q') if in_list => return Some(Effect::Quit),
            Key::Escape | Key::Char('q') => self.view = View::List,
            Key::Char('?') => self.view = View::Help,
            Key::Char('/') => {
                self.view = View::List;
                self.prompt = Prompt::Filter;
            }
            Key::Char('l') => {
                self.hold();
                return self.current().map(|_| Effect::OpenLog);
            }
            Key::Char(letter) => return self.command(letter),
            _ => {}
        }
        None
    }

    /// A command to the service that is selected. It stays selected, wherever the list goes
    /// while somebody thinks.
    fn command(&mut self, letter: char) -> Option<Effect> {
        let order = Order::of(letter)?;
        self.hold();
        let entry = self.current()?;
        if order.needs_asking() && entry.is_up() {
            self.prompt = Prompt::Sure(order);
            return None;
        }
        Some(Effect::Send(order))
    }

    fn type_filter(&mut self, key: Key) {
        match key {
            Key::Enter => return,
            Key::Escape => self.filter.clear(),
            Key::Backspace => {
                self.filter.pop();
            }
            Key::Char(character) => self.filter.push(character),
            _ => {}
        }
        self.selected = None;
        self.arrange();
        if key != Key::Escape {
            self.prompt = Prompt::Filter;
        }
    }

    fn type_search(&mut self, mut text: String, key: Key) {
        match key {
            Key::Enter => {
                if let View::Log(log) = &mut self.view
                    && !log.search(text)
                {
                    self.message = Some(("nothing found".to_owned(), true));
                }
                return;
            }
            Key::Escape => return,
            Key::Backspace => {
                text.pop();
            }
            Key::Char(character) => text.push(character),
            _ => {}
        }
        self.prompt = Prompt::Search(text);
    }

    fn page(&self) -> isize {
        isize::try_from(self.height).unwrap_or(1)
    }

    fn go(&mut self, rows: isize) {
        let last = self.list.len().saturating_sub(1);
        self.select(self.cursor().saturating_add_signed(rows).min(last));
        self.scroll();
    }

    fn hold(&mut self) {
        self.select(self.cursor());
    }

    fn select(&mut self, at: usize) {
        self.at = at;
        let index = self.list.get(at);
        self.selected = index.map(|&index| self.entries[index].service.name.clone());
    }

    /// Moves the list so that the selected service is on the screen.
    fn scroll(&mut self) {
        let cursor = self.cursor();
        let most = self.list.len().saturating_sub(self.height);
        let lowest = (cursor + 1).saturating_sub(self.height);
        self.top = self.top.min(most).clamp(lowest, cursor.max(lowest));
    }
}

#[cfg(test)]
mod tests;
