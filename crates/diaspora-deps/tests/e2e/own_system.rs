//! A system of its own for a script: a layer over this system's files, with its own mounts,
//! network and processes. So a script may use the paths and ports that real systems use.

use std::ffi::OsString;
use std::fs;
use std::process::Stdio;

use crate::programs::path;
use crate::world::World;

/// Makes the system, and goes into it.
const OUTSIDE: &str = r#"
set -eu
layer=$1
mount -t tmpfs tmpfs "$layer"
mkdir "$layer/upper" "$layer/work" "$layer/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"
cd "$layer/root"
mount -t proc proc proc
mount --rbind /dev dev
# The test's own folder is in /tmp.
mount --rbind /tmp tmp
mount -t tmpfs tmpfs run
ip link set lo up
exec chroot . sh "$2"
"#;

/// The words of the scripts; svscan.
const WORDS: &str = r#"
set -eu
fail() {
    echo "FAILED: $*"
    svstat /etc/service/*
    diaspora-deps check || :
    tail -n 20 /etc/service/*/log/main/current /etc/svscan.log
    exit 1
}
trap '[ $? = 0 ] || fail "the script of the page and its checks"' EXIT
poll() {
    end=$(($(date +%s) + 90))
    while ! "$@" >/etc/last 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || fail "never: $* $(cat /etc/last)"
        sleep 0.1
    done
}
# says TEXT COMMAND...: whether its output has the text.
says() {
    text=$1
    shift
    "$@" 2>&1 | grep -F -- "$text"
}
mkdir -p /etc/service /srv
svscan /etc/service >/etc/svscan.log 2>&1 &
"#;

/// Runs a script as root in a system of its own, with svscan for `/etc/service`. Its words:
/// `says TEXT COMMAND`, and `poll COMMAND`, which waits until the command succeeds.
pub(crate) fn run(world: &World, script: &str) {
    fs::write(world.path("inside"), format!("{WORDS}set -x\n{script}")).unwrap();
    fs::create_dir(world.path("layer")).unwrap();
    let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let mut folders = OsString::new();
    for folder in std::env::split_paths(&path()).take(2) {
        folders.push(folder.canonicalize().unwrap());
        folders.push(":");
    }
    folders.push(system);
    let mut command = world.command("unshare");
    let output = command
        .args(["--mount", "--pid", "--fork", "--net", "--kill-child"])
        .args(["sh", "-c", OUTSIDE, "sh"])
        .args([world.path("layer"), world.path("inside")])
        .env_clear()
        .env("PATH", folders)
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}
