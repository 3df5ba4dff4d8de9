//! Samples to rows, rows to Markdown.

use std::fmt::Write;

/// The columns, in this order; those that nobody fills are left out.
const COLUMNS: [&str; 8] = [
    "ours",
    "musl",
    "daemontools",
    "runit",
    "s6",
    "cat",
    "copier",
    "svstat",
];

/// Figures of one contender in one case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// One more.
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle one; of an even number, the mean of the two.
    pub(crate) fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            n if n % 2 == 1 => Some(sorted[middle]),
            _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        }
    }
}

/// What a figure is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// One column.
    Column(&'static str),
    /// The best of runit and s6.
    BestPeer,
}

/// What is to be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Ours at most this many times another's.
    AtMost(f64, Of),
    /// Ours at least this many times another's.
    AtLeast(f64, Of),
    /// Ours at most this.
    Below(f64),
}

impl Target {
    /// At most `factor` times the reference's.
    pub(crate) const fn at_most(factor: f64) -> Self {
        Self::AtMost(factor, Of::Column("daemontools"))
    }

    /// At least `factor` times the reference's.
    pub(crate) const fn at_least(factor: f64) -> Self {
        Self::AtLeast(factor, Of::Column("daemontools"))
    }

    fn words(self, unit: &str) -> String {
        let of = |of| match of {
            Of::Column("daemontools") => "dt",
            Of::Column(name) => name,
            Of::BestPeer => "the best peer",
        };
        match self {
            Self::AtMost(factor, other) => format!("≤ {factor} × {}", of(other)),
            Self::AtLeast(factor, other) => format!("≥ {factor} × {}", of(other)),
            Self::Below(value) => format!("≤ {value} {unit}"),
        }
    }
}

/// One line of a table: a case and every contender's median.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    case: String,
    unit: &'static str,
    values: Vec<(&'static str, Samples)>,
    targets: Vec<Target>,
}

impl Row {
    /// A row without figures.
    pub(crate) fn new(case: impl Into<String>, unit: &'static str) -> Self {
        Self {
            case: case.into(),
            unit,
            values: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// With a target; all of a row's are to be met.
    pub(crate) fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    /// Adds a figure of one contender.
    pub(crate) fn push(&mut self, name: &'static str, value: f64) {
        let place = self.values.iter().position(|(known, _)| *known == name);
        let place = place.unwrap_or_else(|| {
            self.values.push((name, Samples::default()));
            self.values.len() - 1
        });
        self.values[place].1.push(value);
    }

    /// Adds a figure of one contender, if there is one.
    pub(crate) fn extend(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    fn median(&self, name: &str) -> Option<f64> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.and_then(|(_, samples)| samples.median())
    }

    fn other(&self, of: Of, best: fn(f64, f64) -> f64) -> Option<f64> {
        match of {
            Of::Column(name) => self.median(name),
            Of::BestPeer => ["runit", "s6"]
                .iter()
                .filter_map(|n| self.median(n))
                .reduce(best),
        }
    }

    /// Whether a target is met; `None` where a figure is missing.
    fn is_met(&self, target: Target) -> Option<bool> {
        let ours = self.median("ours")?;
        Some(match target {
            Target::AtMost(factor, of) => ours <= factor * self.other(of, f64::min)?,
            Target::AtLeast(factor, of) => ours >= factor * self.other(of, f64::max)?,
            Target::Below(value) => ours <= value,
        })
    }

    fn verdict(&self) -> &'static str {
        let all: Option<Vec<bool>> = self.targets.iter().map(|t| self.is_met(*t)).collect();
        match all {
            Some(all) if all.is_empty() => "",
            Some(all) if all.iter().all(|met| *met) => "met",
            Some(_) => "**missed**",
            None => "–",
        }
    }
}

/// The rows as a table below a heading.
pub(crate) fn markdown(heading: &str, rows: &[Row]) -> String {
    let filled = |name: &&&str| rows.iter().any(|row| row.median(name).is_some());
    let columns: Vec<&str> = COLUMNS.iter().filter(filled).copied().collect();
    let mut out = format!("### {heading}\n\n| case | unit |");
    for column in &columns {
        let _ = write!(out, " {column} |");
    }
    out.push_str(" ours / dt | target | |\n|---|---|");
    out.push_str(&"---:|".repeat(columns.len() + 1));
    out.push_str("---|---|\n");
    for row in rows {
        let _ = write!(out, "| {} | {} |", row.case, row.unit);
        for column in &columns {
            let _ = write!(out, " {} |", row.median(column).map_or("–".into(), figure));
        }
        let ratio = row.median("ours").zip(row.median("daemontools"));
        let ratio = ratio.filter(|(_, dt)| *dt > 0.0);
        let ratio = ratio.map_or("–".into(), |(ours, dt)| format!("{:.2}", ours / dt));
        let targets: Vec<String> = row.targets.iter().map(|t| t.words(row.unit)).collect();
        let _ = writeln!(
            out,
            " {ratio} | {} | {} |",
            targets.join(", "),
            row.verdict()
        );
    }
    out
}

/// A figure with three digits or so.
fn figure(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 || v == 0.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(&'static str, &[f64])]) -> Row {
        let mut row = Row::new("case", "ms");
        for (name, samples) in values {
            samples.iter().for_each(|value| row.push(name, *value));
        }
        row
    }

    #[test]
    fn medians_of_odd_and_even_numbers() {
        let row = row(&[("ours", &[9.0, 1.0, 2.0]), ("s6", &[4.0, 1.0, 2.0, 3.0])]);
        assert_eq!(row.median("ours"), Some(2.0));
        assert_eq!(row.median("s6"), Some(2.5));
        assert_eq!(row.median("runit"), None);
    }

    #[test]
    fn targets() {
        let row = row(&[
            ("ours", &[8.0]),
            ("daemontools", &[10.0]),
            ("runit", &[1.0]),
            ("s6", &[3.0]),
        ]);
        assert_eq!(row.is_met(Target::at_most(0.8)), Some(true));
        assert_eq!(row.is_met(Target::at_most(0.79)), Some(false));
        assert_eq!(row.is_met(Target::AtLeast(2.0, Of::BestPeer)), Some(true));
        assert_eq!(row.is_met(Target::AtLeast(3.0, Of::BestPeer)), Some(false));
        assert_eq!(row.is_met(Target::AtLeast(1.0, Of::Column("cat"))), None);
        assert_eq!(row.is_met(Target::Below(8.0)), Some(true));
        assert_eq!(
            row.clone().target(Target::at_most(0.5)).verdict(),
            "**missed**"
        );
        assert_eq!(row.clone().target(Target::Below(9.0)).verdict(), "met");
        assert_eq!(row.verdict(), "");
    }

    #[test]
    fn columns_that_nobody_fills_are_left_out() {
        let text = markdown(
            "Heading",
            &[row(&[("ours", &[1.0]), ("daemontools", &[4.0])])],
        );
        assert_eq!(
            text,
            "### Heading\n\n| case | unit | ours | daemontools | ours / dt | target | |\n\
             |---|---|---:|---:|---:|---|---|\n| case | ms | 1.00 | 4.00 | 0.25 |  |  |\n"
        );
    }
}
