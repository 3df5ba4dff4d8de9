//! The table of services. No I/O.

use daemontools::tai64n::Tai64n;

use crate::color;
use crate::duration;
use crate::output::printable;
use crate::service::Service;
use crate::snapshot::Snapshot;
use crate::table::{self, Cell, Side};
use crate::words::{self, Mood, NOTHING};

const HEAD: [&str; 7] = ["NAME", "STATE", "FOR", "PID", "STARTS", "LAST END", "NOTE"];
const SIDES: [Side; 7] = [
    Side::Left,
    Side::Left,
    Side::Left,
    Side::Left,
    Side::Right,
    Side::Left,
    Side::Left,
];

/// The table at the time `now`.
pub(crate) fn table(rows: &[(&Service, &Snapshot)], now: Tai64n, colored: bool) -> String {
    let mut cells = vec![HEAD.map(Cell::from)];
    cells.extend(
        rows.iter()
            .map(|(service, snapshot)| row(service, snapshot, now, colored)),
    );
    table::render(SIDES, &cells)
}

fn row(service: &Service, snapshot: &Snapshot, now: Tai64n, colored: bool) -> [Cell; 7] {
    let facts = snapshot.facts();
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    let starts = facts
        .and_then(|facts| facts.detail)
        .map(|detail| detail.starts);
    let mut note = words::note(snapshot, now);
    let mut cells = [
        printable(&service.name),
        words::state(snapshot).to_owned(),
        or_nothing(words::seconds(snapshot, now).map(duration::short)),
        or_nothing(
            facts
                .and_then(|facts| facts.pid())
                .map(|pid| pid.to_string()),
        ),
        or_nothing(starts.map(|starts| starts.to_string())),
        words::last_end(snapshot),
        std::mem::take(&mut note),
    ]
    .map(Cell::from);
    if !service.enabled {
        let sep = if cells[6].text.is_empty() { "" } else { ", " };
        cells[6].text.insert_str(0, &format!("not enabled{sep}"));
    }
    if facts.is_none() {
        // A name and a word: there is nothing to be known.
        for cell in &mut cells[2..6] {
            cell.text.clear();
        }
    }
    if colored {
        let mood = match snapshot {
            Snapshot::Unsupervised { leftover: None } if !service.enabled => Mood::Rest,
            _ => words::mood(snapshot),
        };
        cells[1].color = Some(color::of(mood));
    }
    cells
}
