//! A table for people: columns as wide as their widest cell. No I/O.

use crate::color::PLAIN;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// On the left.
    Left,
    /// On the right: for numbers.
    Right,
}

/// A cell: its text, and the terminal's code for its colour.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) color: Option<&'static str>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            color: None,
        }
    }
}

/// The lines of a table; the first row is its head. No line ends with spaces.
pub(crate) fn render<const N: usize>(sides: [Side; N], rows: &[[Cell; N]]) -> String {
    let width = |cell: &Cell| cell.text.chars().count();
    let mut widths = [0; N];
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = width(cell).max(*widest);
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut gap = 0;
        for ((cell, side), widest) in row.iter().zip(sides).zip(widths) {
            let room = widest - width(cell);
            if side == Side::Right {
                gap += room;
            }
            if !cell.text.is_empty() {
                out.extend(std::iter::repeat_n(' ', gap));
                gap = 0;
                push(&mut out, cell);
            } else {
                gap += width(cell);
            }
            if side == Side::Left {
                gap += room;
            }
            gap += 2;
        }
        out.push('\n');
    }
    out
}

fn push(out: &mut String, cell: &Cell) {
    match cell.color {
        Some(color) => out.extend([color, &cell.text, PLAIN]),
        None => out.push_str(&cell.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_no_line_ends_with_spaces() {
        let rows = [
            ["NAME", "N", "NOTE"].map(Cell::from),
            ["web", "10", ""].map(Cell::from),
            ["größer", "–", "well"].map(Cell::from),
        ];
        let sides = [Side::Left, Side::Right, Side::Left];
        assert_eq!(
            render(sides, &rows),
            "NAME     N  NOTE\nweb     10\ngrößer   –  well\n"
        );
    }

    #[test]
    fn a_colour_takes_no_room() {
        let mut row = ["up", "x"].map(Cell::from);
        row[0].color = Some("\x1b[32m");
        let rows = [["STATE", "Y"].map(Cell::from), row];
        let text = render([Side::Left, Side::Left], &rows);
        assert_eq!(text, "STATE  Y\n\x1b[32mup\x1b[0m     x\n");
    }
}
