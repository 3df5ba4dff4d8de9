//! The addresses of a name, within a time limit: the system's resolver has none. A resolver
//! that hangs costs one thread for the name, however often the name is asked for.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use daemontools::unix::thread;

/// Why a name has no addresses.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// The resolver, or the thread for it, failed.
    #[error("{host} can't be resolved: {cause}")]
    Failed { host: String, cause: String },
    /// The resolver did not answer in time.
    #[error("{host} was not resolved within {:.1} s", timeout.as_secs_f32())]
    TimedOut { host: String, timeout: Duration },
}

/// What the resolver says of a name.
type Answer = Result<Vec<IpAddr>, String>;

/// A name that the resolver was asked for. Its thread ends with the answer, or with this
/// process or its exec.
#[derive(Default)]
struct Question {
    answer: Mutex<Option<Answer>>,
    is_answered: Condvar,
}

/// The names whose answer nobody has taken yet.
static OPEN: Mutex<BTreeMap<String, Arc<Question>>> = Mutex::new(BTreeMap::new());

/// Resolves a name or reads an address. An answer that comes too late is that of the next
/// call.
pub(super) fn resolve(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<Vec<SocketAddr>, ResolveError> {
    let with_port = |address| SocketAddr::new(address, port);
    if let Ok(address) = host.parse() {
        return Ok(vec![with_port(address)]);
    }
    let failed = |cause: String| ResolveError::Failed {
        host: host.to_owned(),
        cause,
    };
    let question = question(host).map_err(|error| failed(error.to_string()))?;
    let answer = question.wait(timeout);
    let answer = answer.ok_or_else(|| ResolveError::TimedOut {
        host: host.to_owned(),
        timeout,
    })?;
    close(host, &question);
    let addresses = answer.map_err(failed)?;
    Ok(addresses.into_iter().map(with_port).collect())
}

/// The open question for this name, or a new one.
fn question(host: &str) -> io::Result<Arc<Question>> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(question) = open.get(host) {
        return Ok(Arc::clone(question));
    }
    let question = Arc::new(Question::default());
    let (name, asked) = (host.to_owned(), Arc::clone(&question));
    let resolver = move || asked.set(ask(&name));
    thread::builder().stack_size(256 * 1024).spawn(resolver)?;
    open.insert(host.to_owned(), Arc::clone(&question));
    Ok(question)
}

/// Forgets a question that was answered.
fn close(host: &str, question: &Arc<Question>) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if open
        .get(host)
        .is_some_and(|open| Arc::ptr_eq(open, question))
    {
        open.remove(host);
    }
}

/// Asks the system, which may take as long as it likes.
fn ask(host: &str) -> Answer {
    let addresses = (host, 0)
        .to_socket_addrs()
        .map_err(|error| error.to_string())?;
    Ok(addresses.map(|address| address.ip()).collect())
}

impl Question {
    fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.is_answered.notify_all();
    }

    /// Waits for the answer; `None` if it does not come in time.
    fn wait(&self, timeout: Duration) -> Option<Answer> {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .is_answered
            .wait_timeout_while(answer, timeout, |answer| answer.is_none());
        let (answer, _) = waited.unwrap_or_else(PoisonError::into_inner);
        answer.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_is_open_is_asked_once_and_answered_to_all() {
        let open = Arc::new(Question::default());
        let host = "open.invalid";
        OPEN.lock()
            .expect("no panic")
            .insert(host.to_owned(), Arc::clone(&open));
        let timeout = Duration::from_millis(1);
        for _ in 0..3 {
            let resolved = resolve(host, 1, timeout);
            assert!(matches!(resolved, Err(ResolveError::TimedOut { .. })));
            assert!(Arc::ptr_eq(&question(host).expect("the open one"), &open));
        }
        let address = IpAddr::from([127, 0, 0, 1]);
        open.set(Ok(vec![address]));
        let resolved = resolve(host, 1, timeout).ok();
        assert_eq!(resolved, Some(vec![SocketAddr::new(address, 1)]));
        assert!(!OPEN.lock().expect("no panic").contains_key(host));
    }

    #[test]
    fn localhost_has_an_address_each_time() {
        for _ in 0..3 {
            let resolved = resolve("localhost", 7, Duration::from_secs(30));
            assert!(resolved.is_ok_and(|found| found.iter().all(|address| address.port() == 7)));
        }
    }
}
