//! Starts.

use std::fs;
use std::path::Path;

use crate::pod::{HOME, Pod, sh};
use crate::{load, processes};

/// Brings the services into the scan directory in this order, each when the one before has
/// a process.
fn bring(pod: &Pod, order: [&str; 5]) {
    sh("mkdir /etc/staged && mv /etc/service/* /etc/staged");
    pod.boot();
    for service in order {
        sh(&format!("mv /etc/staged/{service} /etc/service"));
        pod.until(service, || pod.pid(service).is_some());
    }
    sh("rmdir /etc/staged");
    pod.until_up();
    for service in ["99puma", "90sidekiq"] {
        let log = pod.log(service);
        assert!(!log.contains("TOO EARLY"), "{log}");
        assert_eq!(log.matches("pod: booted").count(), 1, "{log}");
    }
}

pub(crate) fn any_order(pod: &Pod) {
    bring(
        pod,
        ["99puma", "90sidekiq", "20nginx", "30redis", "10postgres"],
    );
    for service in ["99puma", "90sidekiq"] {
        let log = pod.log(service);
        assert!(
            log.contains(&format!("{service} waiting for postgres")),
            "{log}"
        );
    }
    let pod = &Pod::new();
    bring(
        pod,
        ["10postgres", "90sidekiq", "20nginx", "99puma", "30redis"],
    );
    let pod = &Pod::new();
    // All at once, as at boot.
    pod.start();
    let log = pod.log("99puma") + &pod.log("90sidekiq");
    assert!(!log.contains("TOO EARLY"), "{log}");
}

pub(crate) fn power_cut(pod: &Pod) {
    pod.start();
    // A sidekiq that is killed forgets the jobs that run, but not those that wait.
    sh("svc -d /etc/service/90sidekiq");
    let jobs = load::some(10, 0.1);
    processes::kill_all();
    for left in ["tmp/diaspora.sock", "tmp/pids/web.pid"] {
        assert!(Path::new(HOME).join(left).exists(), "{left}");
    }
    let left = sh("ls /var/lib/postgresql/*/main/postmaster.pid /run/nginx.pid");
    assert_eq!(left.lines().count(), 2, "{left}");
    pod.start();
    pod.until_done(&jobs);
    // A machine that starts has an empty /run.
    processes::kill_all();
    for entry in fs::read_dir("/run").unwrap().flatten() {
        let _ = fs::remove_dir_all(entry.path());
        let _ = fs::remove_file(entry.path());
    }
    pod.start();
}
