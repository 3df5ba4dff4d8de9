//! Whatever the order in which bytes come, are looked at and are written: what is
//! written is what came, in order, once.

use super::*;

/// How much may be there that cannot be written yet.
const UNSURE: usize = 1500;

/// The output, and what it should hold.
struct Model {
    output: Output,
    input: Vec<u8>,
    /// Everything that came since the last restart.
    came: Vec<u8>,
    written: Vec<u8>,
    sure: u64,
}

impl Model {
    fn new() -> Self {
        Self {
            output: Output::new(),
            input: (0..200_000_u32).map(|n| (n * 7 + n / 251) as u8).collect(),
            came: Vec::new(),
            written: Vec::new(),
            sure: 0,
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        let write = &mut |bytes: &[u8]| self.written.extend(bytes);
        self.output.add(bytes, &self.input, self.sure, write);
        self.came.extend(bytes);
        self.check();
    }

    fn add_run(&mut self, run: Range<usize>) {
        let write = &mut |bytes: &[u8]| self.written.extend(bytes);
        self.output
            .add_run(run.clone(), &self.input, self.sure, write);
        self.came.extend(&self.input[run]);
        self.check();
    }

    /// All but so many of the bytes that came are sure.
    fn decide(&mut self, but: usize) {
        let sure = self.came.len().saturating_sub(but) as u64;
        self.sure = self.sure.max(sure);
    }

    fn write(&mut self) {
        let write = &mut |bytes: &[u8]| self.written.extend(bytes);
        self.output.write_to(self.sure, &self.input, write);
        self.check();
        assert_eq!(self.written.len() as u64, self.sure, "all that is sure");
    }

    fn peek(&mut self, count: usize) {
        let from = usize::try_from(self.sure).expect("few bytes");
        let count = count.min(self.came.len() - from);
        let seen = self.output.peek(self.sure, count, &self.input);
        assert!(seen == &self.came[from..from + count], "{from}, {count}");
        self.check();
    }

    fn restart(&mut self) {
        self.decide(0);
        self.write();
        self.output.restart();
        (self.came, self.written, self.sure) = (Vec::new(), Vec::new(), 0);
    }

    fn check(&self) {
        assert!(self.came.starts_with(&self.written), "other bytes");
        assert!(self.written.len() as u64 <= self.sure, "too much");
    }
}

#[test]
fn nothing_is_written_before_it_is_sure() {
    let mut model = Model::new();
    model.add(b"stamp ");
    model.add_run(0..100);
    model.write();
    assert_eq!(model.written, b"");
    model.decide(50);
    model.write();
    model.decide(0);
    model.write();
    assert!(model.written == model.came);
}

#[test]
fn bytes_can_be_looked_at_where_they_lie_and_across() {
    let mut model = Model::new();
    model.add(b"stamp ");
    model.add_run(0..3000);
    model.peek(4);
    model.peek(6);
    model.peek(7);
    model.peek(1000);
    model.decide(2500);
    model.peek(1000);
    model.write();
    model.peek(1000);
    model.decide(0);
    model.peek(0);
    model.write();
}

/// Guards against too little that is kept free.
#[test]
fn there_is_room_to_look_across_when_it_is_full() {
    let mut model = Model::new();
    for _ in 0..(ROOM - MARGIN) / 64 {
        model.add(&[b'x'; 64]);
    }
    model.decide(10);
    model.add_run(0..3000);
    model.peek(1500);
    model.write();
    model.peek(1500);
}

#[test]
fn runs_that_touch_become_one_and_others_do_not() {
    let mut model = Model::new();
    for run in [0..10, 10..500, 500..500, 600..70_000, 70_000..140_000, 5..6] {
        model.add_run(run);
        model.decide(UNSURE);
    }
    model.add(b"end");
    model.restart();
    model.add_run(3..4);
    model.restart();
}

#[test]
fn in_any_order_at_any_length() {
    let mut numbers = 0x5eed_u64;
    let mut below = move |limit: usize| {
        numbers ^= numbers << 13;
        numbers ^= numbers >> 7;
        numbers ^= numbers << 17;
        usize::try_from(numbers % limit as u64).expect("below a usize")
    };
    let mut model = Model::new();
    let mut at = 0;
    for _ in 0..20_000 {
        match below(10) {
            0..=3 => {
                let most = [2, 30, 240, LONG][below(4)];
                let len = below(most);
                let bytes = vec![u8::try_from(len % 251).expect("a byte"); len];
                model.add(&bytes);
            }
            4..=6 => {
                // The next bytes of the input, or others.
                let skip = below(2);
                let most = [2, 300, LONG + 2, 66_000][below(4)];
                let len = below(most);
                if at + skip + len > model.input.len() {
                    at = 0;
                }
                model.add_run(at + skip..at + skip + len);
                at += skip + len;
            }
            7 => model.peek(below(1001)),
            8 => model.write(),
            _ if model.came.len() > 1 << 20 => model.restart(),
            _ => {}
        }
        // What comes next may have to be written to make room.
        model.decide(below(UNSURE));
    }
    model.restart();
}
