//! `svctl metrics` as a program: peers that are slow and hostile, and files that can't be
//! written.

#![allow(clippy::expect_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A tree of services without supervises.
struct Place(tempfile::TempDir);

impl Place {
    fn new(services: usize) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        for number in 0..services {
            let name = format!("tree/service-{number}-{}", "x".repeat(100));
            fs::create_dir_all(place.path().join(name)).expect("mkdir");
        }
        fs::create_dir_all(place.path().join("tree")).expect("mkdir");
        Self(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_svctl"));
        command.arg("metrics").env("SVDIR", self.path("tree"));
        command
    }

    fn run(&self, options: &[&str]) -> Output {
        self.command().args(options).output().expect("it runs")
    }

    fn listen(&self) -> Server {
        // A port that nobody else has, for the moment.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let child = self.command().arg(format!("--listen={address}")).spawn();
        let server = Server(child.expect("it runs"), address);
        until("it listens", || TcpStream::connect(address).is_ok());
        server
    }
}

struct Server(Child, SocketAddr);

impl Server {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.1).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).expect("text")
    }

    fn scrape(&self) -> String {
        self.ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn peers_that_say_nothing_or_read_nothing_do_not_keep_others_waiting() {
    let place = Place::new(2000);
    let server = place.listen();
    let mut silent: Vec<_> = (0..300).map(|_| server.connect()).collect();
    for stream in &mut silent {
        let _ = stream.write_all(b"GET /met");
    }
    let mut deaf = server.connect();
    deaf.write_all(b"GET /metrics HTTP/1.1\r\n\r\n")
        .expect("a request");
    let answer = server.scrape();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer:.100}");
    assert!(answer.contains("\ndaemontools_services 2000\n"));
    // Larger than what the kernel keeps for a peer that does not read.
    assert!(answer.len() > 500_000, "{}", answer.len());
    let mut answer = Vec::new();
    deaf.read_to_end(&mut answer).expect("the rest");
    assert!(answer.ends_with(b" 1\n"));
}

#[test]
fn nonsense_is_answered_and_ends_nothing() {
    let place = Place::new(1);
    let server = place.listen();
    for (request, status) in [
        ("\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "404"),
        ("PUT /metrics HTTP/1.1\r\n\r\n".to_owned(), "405"),
        ("x".repeat(8192), "431"),
    ] {
        let answer = server.ask(&request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    for _ in 0..100 {
        drop(server.connect());
    }
    assert!(server.scrape().starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn an_address_that_is_taken_is_said() {
    let place = Place::new(1);
    let server = place.listen();
    let output = place.run(&[&format!("--listen={}", server.1)]);
    assert_eq!(output.status.code(), Some(111));
    let wanted = format!(
        "svctl: fatal: unable to listen on {}: address already used\n",
        server.1
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), wanted);
}

#[test]
fn the_file_is_whole_and_may_be_read_by_all_and_nothing_is_beside_it() {
    let place = Place::new(3);
    fs::create_dir(place.path("out")).expect("mkdir");
    let path = place.path("out/daemontools.prom");
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "umask 077; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_svctl"),
    ]);
    let status = shell
        .arg(format!("--dir={}", place.path("tree").display()))
        .args(["metrics", "--output"])
        .arg(&path)
        .status();
    assert!(status.expect("it runs").success());
    let text = fs::read_to_string(&path).expect("the file");
    assert!(text.contains("\ndaemontools_services 3\n"));
    let mode = fs::metadata(&path).expect("facts").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(fs::read_dir(place.path("out")).expect("names").count(), 1);
}

#[test]
fn the_file_is_written_again_also_after_a_trouble() {
    let place = Place::new(1);
    fs::create_dir(place.path("out")).expect("mkdir");
    let path = place.path("out/file");
    let mut child = place
        .command()
        .args(["--every=0.05", "--output"])
        .arg(&path)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let has = |count: usize| {
        let text = fs::read_to_string(&path).unwrap_or_default();
        text.contains(&format!("\ndaemontools_services {count}\n"))
    };
    until("the first", || has(1));
    fs::create_dir(place.path("tree/another")).expect("mkdir");
    until("the next", || has(2));
    fs::rename(place.path("out"), place.path("away")).expect("a rename");
    std::thread::sleep(Duration::from_millis(300));
    fs::create_dir(place.path("out")).expect("mkdir");
    until("the one after the trouble", || has(2));
    let _ = child.kill();
    let _ = child.wait();
    let mut said = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut said).expect("text");
    let name = path.display();
    let wanted = format!(
        "svctl: warning: unable to write {name}: file does not exist\nsvctl: {name} is written again\n"
    );
    assert_eq!(said, wanted);
}

#[test]
fn what_cannot_be_written_or_read_is_said() {
    let place = Place::new(1);
    let output = place.run(&["--output=/no/such/directory/file"]);
    assert_eq!(output.status.code(), Some(100));
    let wanted = "svctl: fatal: unable to write /no/such/directory/file: file does not exist\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), wanted);
    let full = fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let status = place.command().stdout(full).status().expect("it runs");
    assert_eq!(status.code(), Some(111));
    let output = place
        .command()
        .env("SVDIR", "/no/such")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(100));
    assert_eq!(place.run(&["--every=5"]).status.code(), Some(100));
    assert_eq!(place.run(&["--listen=nowhere"]).status.code(), Some(100));
}
