//! A worker does not listen: it registers in a set in redis, a resque worker as
//! `host:pid:queues`, sidekiq as `host:pid:number`. The entry of a killed worker stays, so
//! an entry counts only if it is of this host and its process runs.

use super::protocol::{Protocol, Readiness, wrong_protocol};
use super::redis::Redis;
use super::resp::{Reader, command};
use crate::tls::Tls;

/// Tells whether a worker's process runs.
pub trait Alive {
    /// Whether `pid` runs and, if workers are supervised here, is a supervised worker or
    /// its descendant.
    fn is_alive(&self, pid: u32) -> bool;
}

/// The probe.
#[derive(Clone, Debug)]
pub struct Worker<A> {
    /// What it is called in messages.
    pub kind: &'static str,
    /// The redis that knows the worker.
    pub redis: Redis,
    /// The set in redis.
    pub key: Vec<u8>,
    /// The name of this host, as workers write it.
    pub host: Vec<u8>,
    /// Tells whether a process runs.
    pub alive: A,
}

/// More entries than any site has.
const ENTRIES_MAX: usize = 10_000;
/// Longer than an entry is on average.
const ENTRY_BYTES: usize = 256;

impl<A: Alive> Protocol for Worker<A> {
    fn tls(&self) -> Option<&Tls> {
        self.redis.tls()
    }

    fn request(&self) -> Vec<u8> {
        [self.redis.log_in(), command(&[b"SMEMBERS", &self.key])].concat()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        match self.entries(reply) {
            Ok(entries) if entries.is_empty() => {
                Readiness::Down(format!("no {} has registered", self.kind))
            }
            Ok(entries) if entries.iter().any(|entry| self.is_ours(entry)) => Readiness::Ready,
            Ok(entries) => {
                let count = entries.len();
                Readiness::Down(format!("only stale or foreign entries: {count}"))
            }
            Err(readiness) => readiness,
        }
    }

    fn may_send_to(&self, user: u32) -> bool {
        self.redis.may_send_to(user)
    }

    fn reply_max(&self) -> usize {
        ENTRIES_MAX * ENTRY_BYTES
    }

    fn goodbye(&self, _reply: &[u8]) -> &'static [u8] {
        b"QUIT\r\n"
    }
}

impl<A: Alive> Worker<A> {
    /// The entries of a complete reply. Whether their processes run is asked only then, so
    /// that it is asked once.
    fn entries<'a>(&self, reply: &'a [u8]) -> Result<Vec<&'a [u8]>, Readiness> {
        let mut reader = Reader::new(reply);
        self.redis.logged_in(&mut reader)?;
        let count = reader.length()?;
        if count > ENTRIES_MAX {
            return Err(wrong_protocol("redis", reply));
        }
        (0..count).map(|_| reader.string()).collect()
    }

    /// Whether an entry `host:pid:more` is that of a running worker of this host.
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

#[cfg(test)]
mod tests {
    use super::super::login::Login;
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
            kind: "worker",
            redis: Redis::default(),
            key: b"resque:workers".to_vec(),
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

    /// The reply of a redis that has these entries.
    fn reply(entries: impl ExactSizeIterator<Item = String>) -> Vec<u8> {
        let mut bytes = format!("*{}\r\n", entries.len()).into_bytes();
        for entry in entries {
            bytes.extend_from_slice(format!("${}\r\n{entry}\r\n", entry.len()).as_bytes());
        }
        bytes
    }

    #[test]
    fn an_answer_of_many_workers_is_within_the_limit() {
        let queues = "mailers,photos,receive,http,delete".repeat(5);
        let entries = (0..10_000).map(|pid| format!("there:{pid}:{queues}"));
        let mut bytes = reply(entries);
        assert!(bytes.len() < worker(7).reply_max());
        let stale = "only stale or foreign entries: 10000".to_owned();
        assert_eq!(worker(7).judge(&bytes), Readiness::Down(stale));
        bytes.truncate(bytes.len() - 1);
        assert_eq!(worker(7).judge(&bytes), Readiness::Incomplete);
        let too_many = worker(7).judge(b"*10001\r\n");
        assert!(matches!(too_many, Readiness::Down(_)));
    }

    #[test]
    fn a_worker_logs_in_to_its_redis() {
        let login = Login {
            user: None,
            password: b"p".to_vec(),
            servers: vec![7],
        };
        let worker = Worker {
            redis: Redis {
                login: Some(login),
                tls: None,
            },
            ..worker(42)
        };
        let request = worker.request();
        assert!(request.starts_with(b"*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n*2\r\n$8\r\nSMEMBERS"));
        assert!(worker.may_send_to(7) && !worker.may_send_to(8));
        survives_any_reply(&worker, &[b"+OK\r\n", REPLY].concat());
        let refused = worker.judge(b"-WRONGPASS no\r\n");
        assert!(matches!(refused, Readiness::Starting(_)));
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
