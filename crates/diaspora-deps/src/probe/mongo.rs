//! MongoDB: asks whether the server is a primary, which takes writes. `isMaster` in an
//! OP_QUERY is the form of every version until it was removed; `hello` in an OP_MSG is
//! the present one.

use super::protocol::{Protocol, Readiness, excerpt, wrong_protocol};

mod bson;

use bson::int;

/// The form of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// OP_QUERY: from the first version on.
    #[default]
    Any,
    /// OP_MSG: for servers that no longer take OP_QUERY.
    Modern,
}

/// The probe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mongo {
    /// The form of the request.
    pub dialect: Dialect,
}

const OP_REPLY: u32 = 1;
const OP_MSG: u32 = 2013;
/// Length, request id, id of the request that is answered, operation.
const HEADER: usize = 16;
/// Longer than any answer: those of large replica sets have a few kB.
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
        // The document begins after flags, cursor, start and count; or after flags and
        // the kind of the section.
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

/// The fields of an answer that tell the readiness.
#[derive(Debug, Default)]
struct Answer {
    ok: Option<bool>,
    primary: Option<bool>,
    secondary: bool,
    error: Option<String>,
}

impl Answer {
    /// Reads the fields of a BSON document; `None` if it is not a complete one.
    fn read(document: &[u8]) -> Option<Self> {
        let mut answer = Self::default();
        for element in bson::elements(document)? {
            let truth = element.truth();
            match element.name {
                b"ok" => answer.ok = truth,
                b"ismaster" | b"isWritablePrimary" => {
                    answer.primary = Some(answer.primary == Some(true) || truth == Some(true));
                }
                b"secondary" => answer.secondary = truth == Some(true),
                b"$err" | b"errmsg" => {
                    answer.error = element.text().map(excerpt).or(answer.error);
                }
                _ => {}
            }
        }
        Some(answer)
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

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    /// An answer of either form with a document of these elements.
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
    fn each_request_begins_with_its_length() {
        for request in [IS_MASTER, HELLO] {
            assert_eq!(int(request, 0), u32::try_from(request.len()).ok());
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
    fn a_server_that_takes_no_writes_is_starting() {
        let secondary = [&b"\x08ismaster\0\0\x08secondary\0\x01"[..], OK].concat();
        let waiting = [&b"\x08ismaster\0\0"[..], OK].concat();
        let not_ok = b"\x08ismaster\0\x01\x10ok\0\0\0\0\0".to_vec();
        let error = [&b"\x02$err\0\x06\0\0\0sorry\0"[..], OK].concat();
        for elements in [secondary, waiting, not_ok, error] {
            assert!(matches!(judge(&elements), Readiness::Starting(_)));
        }
    }

    #[test]
    fn a_wrong_length_is_down() {
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
