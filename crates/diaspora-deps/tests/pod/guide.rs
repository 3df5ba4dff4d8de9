//! `docs/diaspora.md`, followed word for word.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::page;
use crate::pod::{Pod, run, sh};

pub(crate) fn todays_pod(pod: &Pod) {
    // The servers are installed, there is no systemd, and nobody edits.
    for program in ["apt-get", "systemctl", "editor"] {
        let file = Path::new("/usr/local/bin").join(program);
        fs::write(&file, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    sh("rm -r /etc/service/* /etc/default/diaspora");
    pod.boot();
    let guide = page::script("diaspora.md", "## Today's pod");
    assert!(guide.contains("startall --wait"), "{guide}");
    sh(&format!("set -e\n{guide}"));
    assert!(pod.page().is_some(), "{}", pod.report());
    assert_eq!(run("diaspora-deps lint"), (0, String::new()));
    sh("diaspora_svc restart --wait");
    assert!(pod.page().is_some(), "{}", pod.report());
}
