//! MongoDB: asks "are you the one to write to?" in the form of any age (`isMaster`
//! in an OP_QUERY) or of today (`hello` in an OP_MSG), and reads the answer's BSON
//! as far as it must.

use super::{Protocol, Readiness, wrong_protocol};

/// The form of the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// OP_QUERY: understood from the first version to today's.
    #[default]
    Any,
    /// OP_MSG: for servers that have dropped the old form.
    Modern,
}

/// The probe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mongo {
    /// The form of the question.
    pub dialect: Dialect,
}

const OP_REPLY: u32 = 1;
const OP_MSG: u32 = 2013;
/// Length, request, the request answered, operation.
const HEADER: usize = 16;
/// The longest answer that makes sense: those of big replica sets have some kB.
const LENGTH_MAX: usize = 48 * 1024;

const IS_MASTER: &[u8] = b"\x3a\0\0\0\x02\0\0\0\0\0\0\0\xd4\x07\0\0\
\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff\
\x13\0\0\0\x10isMaster\0\x01\0\0\0\0";
const HELLO: &[u8] = b"\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\
\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";

impl Protocol for Mongo {
    fn request(&self) -> Vec<u8> {
        match self.dialect {
            Dialect::Any => IS_MASTER.to_vec(),
            Dialect::Modern => HELLO.to_vec(),
        }
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let Some(length) = int(reply, 0) else {
            return Readiness::Incomplete;
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEADER + 5..=LENGTH_MAX).contains(&length) {
            return wrong_protocol("mongo", reply);
        }
        let Some(operation) = int(reply, 12) else {
            return Readiness::Incomplete;
        };
        // Where the document begins: behind flags, cursor, start and count; or
        // behind flags and the kind of the section.
        let start = match operation {
            OP_REPLY => HEADER + 20,
            OP_MSG => HEADER + 5,
            _ => return wrong_protocol("mongo", reply),
        };
        let Some(message) = reply.get(..length) else {
            return Readiness::Incomplete;
        };
        match message.get(start..).and_then(Answer::read) {
            Some(answer) => answer.readiness(),
            None => wrong_protocol("mongo", reply),
        }
    }
}

/// What the answer says, as far as we ask.
#[derive(Debug, Default)]
struct Answer {
    ok: Option<bool>,
    primary: Option<bool>,
    secondary: bool,
    error: Option<String>,
}

impl Answer {
    /// Reads the fields of a BSON document; `None` if it is none.
    fn read(document: &[u8]) -> Option<Self> {
        let length = usize::try_from(int(document, 0)?).ok()?;
        let mut rest = document.get(4..length)?;
        let mut answer = Self::default();
        loop {
            let (&kind, after) = rest.split_first()?;
            if kind == 0 {
                return Some(answer);
            }
            let end = after.iter().position(|&byte| byte == 0)?;
            let (name, value) = (&after[..end], &after[end + 1..]);
            let size = size(kind, value)?;
            answer.take(name, kind, value.get(..size)?);
            rest = &value[size..];
        }
    }

    fn take(&mut self, name: &[u8], kind: u8, value: &[u8]) {
        match name {
            b"ok" => self.ok = truth(kind, value),
            b"ismaster" | b"isWritablePrimary" => {
                self.primary = Some(self.primary == Some(true) || truth(kind, value) == Some(true));
            }
            b"secondary" => self.secondary = truth(kind, value) == Some(true),
            b"$err" | b"errmsg" if kind == 2 => {
                let text = value.get(4..value.len() - 1).unwrap_or(b"");
                self.error = Some(super::excerpt(text));
            }
            _ => {}
        }
    }

    fn readiness(self) -> Readiness {
        let why = match self {
            Self {
                error: Some(why), ..
            } => why,
            Self {
                secondary: true, ..
            } => "a secondary: not writable".to_owned(),
            Self {
                ok: Some(true),
                primary: Some(true),
                ..
            } => return Readiness::Ready,
            Self {
                ok: Some(true),
                primary: Some(false),
                ..
            } => "no primary yet".to_owned(),
            Self { ok: None, .. } => return wrong_protocol("mongo", b""),
            Self { .. } => "it says that it is not ok".to_owned(),
        };
        Readiness::Starting(why)
    }
}

/// Length of a BSON value of this kind.
fn size(kind: u8, value: &[u8]) -> Option<usize> {
    let counted = |extra: usize| {
        let length = usize::try_from(int(value, 0)?).ok()?;
        length.checked_add(extra)
    };
    let until_nul = |value: &[u8]| value.iter().position(|&byte| byte == 0).map(|at| at + 1);
    match kind {
        0x06 | 0x0a | 0x7f | 0xff => Some(0),
        0x08 => Some(1),
        0x10 => Some(4),
        0x01 | 0x09 | 0x11 | 0x12 => Some(8),
        0x07 => Some(12),
        0x13 => Some(16),
        // String, code, symbol: at least the NUL at the end.
        0x02 | 0x0d | 0x0e => counted(4).filter(|&size| size > 4),
        0x03 | 0x04 => counted(0).filter(|&size| size > 4),
        0x05 => counted(5),
        0x0b => {
            let first = until_nul(value)?;
            Some(first + until_nul(&value[first..])?)
        }
        _ => None,
    }
}

/// Whether a boolean or a number is true.
fn truth(kind: u8, value: &[u8]) -> Option<bool> {
    match kind {
        0x08 => value.first().map(|&byte| byte != 0),
        0x10 => int(value, 0).map(|number| number != 0),
        0x12 => Some(u64::from_le_bytes(value.try_into().ok()?) != 0),
        0x01 => Some(f64::from_le_bytes(value.try_into().ok()?) != 0.0),
        _ => None,
    }
}

/// Four bytes, little endian.
fn int(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::survives_any_reply;
    use super::*;

    /// The elements as a document in an answer of either form.
    fn answer(operation: u32, elements: &[u8]) -> Vec<u8> {
        let mut document = u32::try_from(elements.len() + 5)
            .expect("short")
            .to_le_bytes()
            .to_vec();
        document.extend_from_slice(elements);
        document.push(0);
        let skip = if operation == OP_REPLY { 20 } else { 5 };
        let length = u32::try_from(HEADER + skip + document.len()).expect("short");
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[7; 8]);
        bytes.extend_from_slice(&operation.to_le_bytes());
        bytes.extend_from_slice(&vec![0; skip]);
        bytes.extend_from_slice(&document);
        bytes
    }

    fn judge(elements: &[u8]) -> Readiness {
        let readiness = Mongo::default().judge(&answer(OP_REPLY, elements));
        assert_eq!(readiness, Mongo::default().judge(&answer(OP_MSG, elements)));
        readiness
    }

    const OK: &[u8] = b"\x01ok\0\0\0\0\0\0\0\xf0\x3f";
    const OK_INT: &[u8] = b"\x10ok\0\x01\0\0\0";

    #[test]
    fn the_questions_have_the_lengths_that_they_say() {
        for question in [IS_MASTER, HELLO] {
            assert_eq!(int(question, 0), u32::try_from(question.len()).ok());
        }
    }

    #[test]
    fn a_primary_that_is_ok_is_ready() {
        let hosts = b"\x04hosts\0\x05\0\0\0\0\x03x\0\x05\0\0\0\0\x02me\0\x02\0\0\0a\0";
        for name in [&b"ismaster"[..], b"isWritablePrimary"] {
            for ok in [OK, OK_INT] {
                let elements = [hosts, &b"\x08"[..], name, b"\0\x01", ok].concat();
                assert_eq!(judge(&elements), Readiness::Ready);
                survives_any_reply(&Mongo::default(), &answer(OP_REPLY, &elements));
                survives_any_reply(&Mongo::default(), &answer(OP_MSG, &elements));
            }
        }
    }

    #[test]
    fn what_can_not_be_written_to_is_starting() {
        let secondary = [&b"\x08ismaster\0\0\x08secondary\0\x01"[..], OK].concat();
        let waiting = [&b"\x08ismaster\0\0"[..], OK].concat();
        let not_ok = b"\x08ismaster\0\x01\x10ok\0\0\0\0\0".to_vec();
        let error = [&b"\x02$err\0\x06\0\0\0sorry\0"[..], OK].concat();
        for elements in [secondary, waiting, not_ok, error] {
            assert!(matches!(judge(&elements), Readiness::Starting(_)));
        }
    }

    #[test]
    fn lengths_that_lie_are_not_believed() {
        let huge = b"\xff\xff\xff\x7f\0\0\0\0\0\0\0\0\x01\0\0\0";
        assert!(matches!(Mongo::default().judge(huge), Readiness::Down(_)));
        let mut inner = answer(OP_REPLY, b"\x02a\0\xff\xff\xff\xffx\0");
        assert!(matches!(Mongo::default().judge(&inner), Readiness::Down(_)));
        inner[HEADER + 20] = 0xff;
        assert!(matches!(Mongo::default().judge(&inner), Readiness::Down(_)));
        assert!(matches!(
            Mongo::default().judge(b"HTTP/1.1 400 "),
            Readiness::Down(_)
        ));
    }
}
