//! The lines of several logs in the order of their labels. The lines of one log stay in
//! their order, whatever their labels say.

use std::path::Path;

use super::line::Line;
use super::source::{Source, Trouble};

/// Several logs.
#[derive(Debug)]
pub(crate) struct Merge {
    sources: Vec<Source>,
}

impl Merge {
    /// These.
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        Self { sources }
    }

    /// The next line, and which log it is of. `None` if there is none now.
    pub(crate) fn next(&mut self) -> Option<(usize, Line)> {
        let fronts = self.sources.iter_mut().enumerate();
        let times = fronts.filter_map(|(index, source)| Some((source.front()?.time, index)));
        let (_, index) = times.min()?;
        Some((index, self.sources[index].pop()?))
    }

    /// There may be more by now.
    pub(crate) fn look_again(&mut self) {
        self.sources.iter_mut().for_each(Source::look_again);
    }

    /// Whether nothing can come any more.
    pub(crate) fn is_over(&self) -> bool {
        self.sources.iter().all(Source::is_over)
    }

    /// What went wrong with each since the last call.
    pub(crate) fn take_troubles(&mut self) -> Vec<Option<Trouble>> {
        self.sources.iter_mut().map(Source::take_trouble).collect()
    }

    /// The directories of all.
    pub(crate) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.sources.iter().map(Source::directory)
    }
}
