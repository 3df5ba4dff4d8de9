//! Compares the lines that were printed with the lines in the logs.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::tree::{SERVICES, service};
use crate::writer::{COPIES, NOTES};

/// The figures.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) lines: usize,
    pub(crate) writers: usize,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) disordered: u64,
    pub(crate) copies: usize,
}

impl Sum {
    pub(crate) fn is_well(&self) -> bool {
        self.lines > 0 && self.lost + self.doubled + self.disordered == 0 && self.copies == 0
    }
}

/// Counts all lines of all services.
pub(crate) fn count(root: &Path) -> Sum {
    let mut sum = Sum::default();
    for number in 0..SERVICES {
        let dir = service(root, number);
        let text = kept(&dir.join("log/main"));
        let mut seen: HashMap<&str, Vec<u64>> = HashMap::new();
        for line in text.lines() {
            sum.lines += 1;
            let (name, number) = line.split_once(' ').unwrap_or((line, "0"));
            let number = number.parse().unwrap_or(0);
            seen.entry(name).or_default().push(number);
        }
        let notes = fs::read_dir(dir.join(NOTES)).expect("notes");
        for note in notes.flatten() {
            sum.writers += 1;
            let printed = fs::read(note.path()).expect("a note");
            let printed = printed.try_into().map_or(0, u64::from_be_bytes);
            let name = note.file_name();
            let numbers = seen.remove(name.to_str().expect("a name"));
            let numbers = numbers.unwrap_or_default();
            let lost = sum.lost;
            let (first, last) = (numbers.iter().min().copied(), numbers.iter().max().copied());
            add(&mut sum, printed, numbers);
            if sum.lost > lost {
                println!(
                    "chaos: w{number}: {name:?} printed {printed}, kept {first:?} to {last:?}, lost {}",
                    sum.lost - lost
                );
            }
        }
        // Lines of no process: incomplete ones.
        sum.disordered += seen.len() as u64;
        let copies = fs::read_to_string(dir.join(COPIES)).unwrap_or_default();
        sum.copies += copies.lines().count();
    }
    sum
}

/// The lines of one process, numbered from 1.
fn add(sum: &mut Sum, printed: u64, mut numbers: Vec<u64>) {
    let steps = numbers.windows(2).filter(|pair| pair[1] < pair[0]);
    sum.disordered += steps.count() as u64;
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    sum.doubled += (all - numbers.len()) as u64;
    // One line more than the note says may have been printed.
    let last = numbers.last().copied().unwrap_or(0).max(printed);
    sum.lost += last - numbers.len() as u64;
}

/// All bytes of a log directory, in order.
fn kept(main: &Path) -> String {
    let mut names: Vec<_> = fs::read_dir(main)
        .expect("a log directory")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.as_encoded_bytes()[0] == b'@')
        })
        .collect();
    names.sort_unstable();
    names.push(main.join("current"));
    let read = |path| fs::read(path).unwrap_or_default();
    let bytes: Vec<u8> = names.iter().flat_map(read).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
