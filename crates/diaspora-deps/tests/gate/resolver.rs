//! Name servers that hang or are slow, on a loopback address of their own, and a gate whose
//! `/etc/resolv.conf` names them.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::folder::{Folder, Running};
use crate::init::unshare;

/// A name server with its address; `None` where this user may not bind its port.
fn name_server() -> Option<(UdpSocket, String)> {
    let [.., high, low] = std::process::id().to_be_bytes();
    for last in 1..=254 {
        let address = format!("127.{high}.{low}.{last}");
        match UdpSocket::bind((address.as_str(), 53)) {
            Ok(socket) => return Some((socket, address)),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => break,
            Err(_) => {}
        }
    }
    eprintln!("skipped: no name server can be made here");
    None
}

/// The gate of a folder, which asks this name server.
fn gate(folder: &Folder, address: &str, words: &[&str]) -> Option<Command> {
    let inner = folder.gate(words);
    let script = "mount --bind ../resolv.conf /etc/resolv.conf || exit 77\n\
                  [ ! -e /etc/nsswitch.conf ] || mount --bind ../nsswitch.conf /etc/nsswitch.conf\n\
                  exec \"$@\"";
    let resolver = format!("nameserver {address}\noptions timeout:30 attempts:1\n");
    fs::write(folder.path("resolv.conf"), resolver).unwrap();
    fs::write(folder.path("nsswitch.conf"), "hosts: files dns\n").unwrap();
    let mut outer = unshare(&["--mount"])?;
    outer.args(["sh", "-c", script, "sh"]);
    outer.arg(inner.get_program()).args(inner.get_args());
    outer.current_dir(folder.path("99thin_2"));
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            outer.env(name, value);
        }
    }
    Some(outer)
}

fn folder(port: u16) -> Folder {
    Folder::new(&format!(
        "[service.db]\nprobe = {{ kind = \"tcp\", address = \"db.example:{port}\" }}\n\
         [service.x]\nneeds = [\"db\"]\nattempts = 0\nexec = [\"true\"]\n"
    ))
}

#[test]
fn a_name_server_that_hangs_costs_one_thread_in_all() {
    let Some((_silent, address)) = name_server() else {
        return;
    };
    let folder = folder(1);
    for words in [&["exec", "-v", "x"][..], &["wait", "-v", "-a", "0", "db"]] {
        let Some(mut command) = gate(&folder, &address, words) else {
            return;
        };
        let mut gate = Running::start(command.stdout(Stdio::piped()));
        let mut lines = gate.lines();
        for _ in 0..4 {
            let line = lines.next().unwrap().unwrap();
            assert!(
                line.contains("db.example was not resolved within"),
                "{line}"
            );
            let threads = fs::read_dir(format!("/proc/{}/task", gate.0.id())).unwrap();
            assert_eq!(threads.count(), 2);
        }
    }
}

/// The answer to a query: 127.0.0.1 to one for an address of IPv4, nothing to another.
fn answer(query: &[u8]) -> Vec<u8> {
    let name = query[12..].iter().position(|&byte| byte == 0).unwrap();
    let question = &query[12..12 + name + 5];
    let is_ipv4 = question[name + 1..][..2] == [0, 1];
    let counts = [0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0];
    let mut answer = [&query[..2], &[0x81, 0x80], &counts, question].concat();
    if is_ipv4 {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    answer
}

/// The answer takes longer than a probe waits for it.
#[test]
fn an_answer_that_comes_too_late_for_a_probe_is_that_of_the_next() {
    let Some((server, address)) = name_server() else {
        return;
    };
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = server.recv_from(&mut query) {
            // To each query for an address, of which a resolver sends one for IPv4.
            if answer(&query[..length])[7] == 1 {
                thread::sleep(Duration::from_secs(3));
            }
            let _ = server.send_to(&answer(&query[..length]), from);
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = folder(listener.local_addr().unwrap().port());
    let Some(mut command) = gate(&folder, &address, &["exec", "-v", "--timeout", "30", "x"]) else {
        return;
    };
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}");
    assert!(
        out.contains("db.example was not resolved within 2.0 s"),
        "{out}"
    );
}
