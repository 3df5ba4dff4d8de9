//! Stops and restarts.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::load::{self, Load};
use crate::pod::{HOME, Pod, run, sh};

/// What sidekiq's threads can do at the same time.
const THREADS: usize = 5;

/// Stops while long jobs run and short ones are enqueued; starts; all jobs are done.
fn under_load(pod: &Pod, stop: &str, start: &str) {
    let long = load::some(THREADS.try_into().unwrap(), 600.0);
    pod.until("the long jobs run", || {
        pod.log("90sidekiq").matches("INFO: start").count() >= THREADS
    });
    let load = Load::start();
    let (code, text) = run(stop);
    assert_eq!((code, text.as_str()), (0, ""), "{}", pod.report());
    for service in ["90sidekiq", "99puma"] {
        assert_eq!(pod.pid(service), None, "{service}");
    }
    assert!(pod.page().is_none());
    sh(start);
    pod.until_up();
    fs::write(Path::new(HOME).join("tmp/hurry"), "").unwrap();
    let short = load.end();
    pod.until_done(&[long, short].concat());
}

pub(crate) fn jobs(pod: &Pod) {
    pod.start();
    let stores = ["10postgres", "30redis", "20nginx"];
    let pids = stores.map(|store| pod.pid(store));
    under_load(pod, "diaspora_svc stop", "diaspora_svc start");
    assert_eq!(stores.map(|store| pod.pid(store)), pids);
}

pub(crate) fn jobs_of_all(pod: &Pod) {
    let file = Path::new(HOME).join("config/sidekiq.yml");
    let configured = fs::read_to_string(&file).unwrap();
    // sidekiq waits 25 seconds for its jobs. The other test is about that.
    fs::write(&file, format!("{configured}:timeout: 4\n")).unwrap();
    pod.start();
    under_load(pod, "diaspora_svc stopall", "diaspora_svc startall");
    fs::write(file, configured).unwrap();
}

pub(crate) fn foreign_session(pod: &Pod) {
    pod.start();
    let mut foreign = Command::new("psql")
        .args(["-h", "localhost", "-U", "diaspora", "diaspora_production"])
        .args(["-c", "select pg_sleep(90)"])
        .env("PGPASSWORD", "diaspora")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    pod.until("the session sleeps", || {
        let query = "select state from pg_stat_activity where query ~ '^select pg_sleep'";
        let psql = format!("runuser -u postgres -- psql -Atc \"{query}\"");
        run(&psql).1.contains("active")
    });
    let (code, text) = run("diaspora_svc restartall");
    assert_eq!((code, text.as_str()), (0, ""), "{}", pod.report());
    pod.until_up();
    assert!(!foreign.wait().unwrap().success());
}
