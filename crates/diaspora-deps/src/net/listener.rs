//! The process that listens at a connected socket's other end, where that is on this host
//! and the kernel tells it.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use daemontools::procfs;
use daemontools::unix::socket;

use crate::probe::Server;
use crate::read;

/// The other end of a connected socket.
pub(super) enum Listener {
    /// The process that listens at a unix socket.
    Process(u32),
    /// The address of a TCP connection that stays on this host.
    Address(SocketAddr),
    /// A process of another host.
    Unknown,
}

impl Listener {
    pub(super) fn of_unix(stream: &UnixStream) -> Self {
        socket::peer_process(stream).map_or(Self::Unknown, Self::Process)
    }

    pub(super) fn of_tcp(stream: &TcpStream) -> Self {
        match (stream.local_addr(), stream.peer_addr()) {
            (Ok(here), Ok(there)) if here.ip() == there.ip() => Self::Address(there),
            _ => Self::Unknown,
        }
    }

    /// The process, if `is_candidate`. That is asked first: whether a process listens is
    /// known only by all its descriptors.
    fn process(&self, is_candidate: impl Fn(u32) -> bool) -> Option<u32> {
        match self {
            Self::Process(pid) => Some(*pid).filter(|&pid| is_candidate(pid)),
            Self::Address(address) => {
                let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
                let mut tables = tables
                    .iter()
                    .filter_map(|path| fs::read_to_string(path).ok());
                let (user, inode) = tables.find_map(|table| listening(&table, *address))?;
                holder(user, &inode, is_candidate)
            }
            Self::Unknown => None,
        }
    }
}

impl Server for Listener {
    fn own_file(&self, name: &str) -> Option<Vec<u8>> {
        let path = |pid: u32| PathBuf::from(format!("/proc/{pid}/cwd")).join(name);
        let pid = self.process(|pid| path(pid).is_file())?;
        read::regular(&path(pid)).ok()
    }
}

/// The user and the inode of the socket that listens at an address, in a table of the
/// kernel's, `/proc/net/tcp`.
fn listening(table: &str, address: SocketAddr) -> Option<(u32, String)> {
    const LISTEN: &str = "0A";
    let port = format!(":{:04X}", address.port());
    let addresses = match address.ip() {
        IpAddr::V4(ip) => [hex(&ip.octets()), hex(&ip.to_ipv6_mapped().octets())],
        IpAddr::V6(ip) => [hex(&ip.octets()), String::new()],
    };
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let host = fields.get(1)?.strip_suffix(&port)?;
        let is_any = host.bytes().all(|digit| digit == b'0');
        let is_here = is_any || addresses.iter().any(|address| address == host);
        if !is_here || fields.get(3) != Some(&LISTEN) {
            return None;
        }
        Some((fields.get(7)?.parse().ok()?, (*fields.get(9)?).to_owned()))
    })
}

/// An address as the table has it: words in the byte order of this machine.
fn hex(address: &[u8]) -> String {
    let words = address.as_chunks::<4>().0.iter();
    words
        .map(|&word| format!("{:08X}", u32::from_ne_bytes(word)))
        .collect()
}

/// The candidate of `user` that has the socket with this inode open.
fn holder(user: u32, inode: &str, is_candidate: impl Fn(u32) -> bool) -> Option<u32> {
    let socket = PathBuf::from(format!("socket:[{inode}]"));
    let mut found = None;
    let _ = procfs::each_pid(|pid| {
        let process = format!("/proc/{pid}");
        let is_users = || fs::metadata(&process).is_ok_and(|facts| facts.uid() == user);
        if found.is_none() && is_users() && is_candidate(pid) {
            let entries = fs::read_dir(format!("{process}/fd")).into_iter().flatten();
            let mut links = entries.flatten().map(|entry| fs::read_link(entry.path()));
            found = links
                .any(|link| link.is_ok_and(|link| link == socket))
                .then_some(pid);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_process_that_listens_is_found() {
        let own = Some(std::process::id());
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let stream = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        assert_eq!(Listener::of_tcp(&stream).process(|_| true), own);
        let any = TcpListener::bind("[::]:0").expect("bind");
        let port = any.local_addr().expect("address").port();
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connect");
        assert_eq!(Listener::of_tcp(&stream).process(|_| true), own);
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("socket");
        let _listener = UnixListener::bind(&path).expect("bind");
        let stream = UnixStream::connect(&path).expect("connect");
        assert_eq!(Listener::of_unix(&stream).process(|_| true), own);
    }

    #[test]
    fn only_a_listening_socket_at_the_address_counts() {
        let (here, other) = (hex(&[127, 0, 0, 1]), hex(&[127, 0, 0, 2]));
        let is_little = cfg!(target_endian = "little");
        assert_eq!(here, if is_little { "0100007F" } else { "7F000001" });
        let table = format!(
            "  sl  local_address rem_address   st ...\n\
   0: {other}:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   7        0 11 1 0 100 0 0 10 0\n\
   1: {here}:1538 {here}:9999 01 00000000:00000000 00:00000000 00000000   7        0 12 1 0 100 0 0 10 0\n\
   2: {here}:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   8        0 13 1 0 100 0 0 10 0\n"
        );
        let find = |address: &str| listening(&table, address.parse().expect("an address"));
        assert_eq!(find("127.0.0.1:5432"), Some((8, "13".to_owned())));
        assert_eq!(find("127.0.0.3:5432"), None);
        assert_eq!(find("127.0.0.1:5433"), None);
        assert_eq!(listening("", "[::1]:1".parse().expect("an address")), None);
    }
}
