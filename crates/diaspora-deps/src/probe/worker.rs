//! A resque worker does not listen: it registers in redis as `host:pid:queues`. The entry
//! of a killed worker stays, so an entry counts only if it is of this host and its process
//! runs.

use super::protocol::{Protocol, Readiness, excerpt, first_line, wrong_protocol};
use super::redis::command;

/// Tells whether a worker's process runs.
pub trait Alive {
    /// Whether `pid` runs and, if workers are supervised here, is a supervised worker or
    /// its descendant.
    fn is_alive(&self, pid: u32) -> bool;
}

/// The probe.
#[derive(Clone, Debug)]
pub struct Worker<A> {
    /// The set in redis.
    pub key: String,
    /// The name of this host, as workers write it.
    pub host: Vec<u8>,
    /// Tells whether a process runs.
    pub alive: A,
}

/// More entries than any site has.
const ENTRIES_MAX: usize = 10_000;

impl<A: Alive> Protocol for Worker<A> {
    fn request(&self) -> Vec<u8> {
        command(&[b"SMEMBERS", self.key.as_bytes()])
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let mut reader = Reader(reply);
        let count = match reader.number(b'*') {
            Item::Value(count) if count <= ENTRIES_MAX => count,
            Item::Cut => return Readiness::Incomplete,
            Item::Error(why) => return Readiness::Starting(format!("its redis says {why}")),
            _ => return wrong_protocol("redis", reply),
        };
        let mut found = 0;
        for _ in 0..count {
            match reader.string() {
                Item::Value(entry) if self.is_ours(entry) => return Readiness::Ready,
                Item::Value(_) => found += 1,
                Item::Cut => return Readiness::Incomplete,
                _ => return wrong_protocol("redis", reply),
            }
        }
        Readiness::Down(match found {
            0 => "no worker has registered".to_owned(),
            _ => format!("only stale or foreign entries: {found}"),
        })
    }

    fn goodbye(&self) -> &'static [u8] {
        b"QUIT\r\n"
    }
}

impl<A: Alive> Worker<A> {
    /// Whether an entry `host:pid:queues` is that of a running worker of this host.
    fn is_ours(&self, entry: &[u8]) -> bool {
        let rest = entry.strip_prefix(&self.host[..]);
        let pid = rest
            .and_then(|rest| rest.strip_prefix(b":"))
            .and_then(|rest| {
                let digits = rest.split(|&byte| byte == b':').next()?;
                str::from_utf8(digits).ok()?.parse().ok()
            });
        pid.is_some_and(|pid| pid != 0 && self.alive.is_alive(pid))
    }
}

/// An item of a reply.
enum Item<T> {
    Value(T),
    /// The reply ends inside it.
    Cut,
    /// An error of redis.
    Error(String),
    Garbage,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A line `*N` or `$N`.
    fn number(&mut self, kind: u8) -> Item<usize> {
        match self.0.first() {
            None => return Item::Cut,
            Some(&found) if found != kind && found != b'-' => return Item::Garbage,
            Some(_) => {}
        }
        let Some(line) = first_line(self.0) else {
            return if self.0.len() > 1024 {
                Item::Garbage
            } else {
                Item::Cut
            };
        };
        if let [b'-', why @ ..] = line {
            return Item::Error(excerpt(why));
        }
        let number = str::from_utf8(&line[1..])
            .ok()
            .and_then(|text| text.parse().ok());
        let end = self.0.iter().position(|&byte| byte == b'\n').unwrap_or(0);
        self.0 = &self.0[end + 1..];
        number.map_or(Item::Garbage, Item::Value)
    }

    fn string(&mut self) -> Item<&'a [u8]> {
        let length = match self.number(b'$') {
            Item::Value(length) if length <= 4096 => length,
            Item::Cut => return Item::Cut,
            _ => return Item::Garbage,
        };
        match self.0.split_at_checked(length + 2) {
            Some((string, rest)) => {
                self.0 = rest;
                string
                    .strip_suffix(b"\r\n")
                    .map_or(Item::Garbage, Item::Value)
            }
            None => Item::Cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    struct Only(u32);

    impl Alive for Only {
        fn is_alive(&self, pid: u32) -> bool {
            pid == self.0
        }
    }

    fn worker(pid: u32) -> Worker<Only> {
        Worker {
            key: "resque:workers".to_owned(),
            host: b"here".to_vec(),
            alive: Only(pid),
        }
    }

    const REPLY: &[u8] = b"*2\r\n$9\r\nthere:7:*\r\n$11\r\nhere:42:a,b\r\n";

    #[test]
    fn a_running_worker_of_this_host_is_ready() {
        assert_eq!(
            worker(42).request(),
            b"*2\r\n$8\r\nSMEMBERS\r\n$14\r\nresque:workers\r\n"
        );
        survives_any_reply(&worker(42), REPLY);
    }

    #[test]
    fn stale_and_foreign_entries_do_not_count() {
        for pid in [7, 4, 43] {
            assert!(matches!(worker(pid).judge(REPLY), Readiness::Down(why) if why.ends_with('2')));
        }
        assert!(matches!(worker(7).judge(b"*0\r\n"), Readiness::Down(_)));
    }

    #[test]
    fn a_worker_whose_redis_is_not_ready_is_not_either() {
        let loading = worker(7).judge(b"-LOADING later\r\n");
        assert!(matches!(loading, Readiness::Starting(_)));
        for garbage in [
            &b"+PONG\r\n"[..],
            b"*-1\r\n",
            b"*99999999\r\n",
            b"*1\r\n$-1\r\n",
        ] {
            assert!(matches!(worker(7).judge(garbage), Readiness::Down(_)));
        }
    }
}
