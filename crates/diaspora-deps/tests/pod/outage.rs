//! Servers that are killed, and stores that are away.

use crate::load::{self, Load};
use crate::pod::{Pod, sh};
use crate::{http, processes};

/// Kills a service; waits until it runs again and all are ready.
fn kill(pod: &Pod, service: &str) {
    let before = pod.pid(service).expect(service);
    processes::kill(std::slice::from_ref(&before));
    pod.until(&format!("{service} comes back"), || {
        pod.pid(service).is_some_and(|pid| pid != before)
    });
    pod.until_up();
}

pub(crate) fn killed(pod: &Pod) {
    pod.start();
    let load = Load::start();
    for service in ["10postgres", "30redis", "99puma", "20nginx"] {
        kill(pod, service);
    }
    let mut jobs = load.end();
    // A sidekiq that is killed forgets the jobs that run, but not those that wait.
    pod.until_done(&jobs);
    kill(pod, "90sidekiq");
    jobs.extend(load::some(10, 0.1));
    pod.until_done(&jobs);
}

/// Takes a store away until the page and sidekiq have missed it; brings it back.
fn take_away(pod: &Pod, store: &str, sidekiq_says: &str) {
    let said = || pod.log("90sidekiq").matches(sidekiq_says).count();
    let before = said();
    sh(&format!("svc -d /etc/service/{store}"));
    pod.until(&format!("{store} is down"), || pod.pid(store).is_none());
    pod.until("sidekiq misses it", || said() > before);
    let (method, path) = match store {
        "30redis" => ("POST", "/jobs?number=0&seconds=0"),
        _ => ("GET", "/"),
    };
    let answer = http::request(method, path).unwrap();
    assert_eq!(answer.0, 500, "{}", answer.1);
    sh(&format!("svc -u /etc/service/{store}"));
    pod.until_up();
}

pub(crate) fn away(pod: &Pod) {
    pod.start();
    let load = Load::start();
    take_away(pod, "10postgres", "INFO: fail");
    take_away(pod, "30redis", "Error connecting to Redis");
    pod.until_done(&load.end());
}
