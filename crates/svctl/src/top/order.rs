//! The commands that have a key. No I/O.

/// A command for supervise: letters of `svc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The key.
    pub(super) key: char,
    /// What is written to `control`.
    pub(super) letters: &'static [u8],
    /// What it does to a service.
    pub(super) words: &'static str,
}

const fn order(key: char, letters: &'static [u8], words: &'static str) -> Order {
    Order {
        key,
        letters,
        words,
    }
}

/// All of them. `q` leaves and `x` is left to `svc`: it ends supervise.
pub(super) const ALL: [Order; 13] = [
    order('u', b"u", "up"),
    order('d', b"d", "down"),
    order('r', b"du", "restart"),
    order('o', b"o", "once"),
    order('p', b"p", "pause"),
    order('c', b"c", "continue"),
    order('h', b"h", "HUP"),
    order('a', b"a", "ALRM"),
    order('i', b"i", "INT"),
    order('t', b"t", "TERM"),
    order('k', b"k", "KILL"),
    order('1', b"1", "USR1"),
    order('2', b"2", "USR2"),
];

impl Order {
    pub(super) fn of(key: char) -> Option<Self> {
        ALL.into_iter().find(|order| order.key == key)
    }

    /// Whether somebody is to be asked first: it ends a service that is up.
    pub(super) const fn needs_asking(self) -> bool {
        matches!(self.key, 'd' | 'k' | 'r')
    }
}
