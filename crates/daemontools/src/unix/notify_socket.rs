//! The datagram socket that `sd_notify(3)` writes to.

use core::ffi::CStr;
use core::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, UnixAddr, bind, setsockopt, socket, sockopt,
};

use crate::{Errno, Result};

/// A socket at `path`, which any user may write to who can reach it. It does not block, and
/// is close-on-exec. The kernel tells the sender of each datagram.
///
/// # Errors
/// Those of `bind(2)`; ENAMETOOLONG if the path has more than 107 bytes.
pub fn make(path: &CStr) -> Result<OwnedFd> {
    let fd = socket(
        AddressFamily::Unix,
        SockType::Datagram,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    setsockopt(&fd, sockopt::PassCred, &true)?;
    bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    // SAFETY: the path is a C string.
    Errno::result(unsafe { libc::chmod(path.as_ptr(), 0o666) })?;
    Ok(fd)
}

/// A datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many of its bytes are in the buffer.
    pub len: usize,
    /// Whether it was longer than the buffer.
    pub is_cut: bool,
    /// The user id of its sender, from the kernel.
    pub user: u32,
}

/// Room for the sender's ids. There is none for descriptors: the kernel closes those that
/// are passed, which is what the sender of a BARRIER waits for.
const CONTROL: usize =
    size_of::<libc::cmsghdr>() + size_of::<libc::ucred>().next_multiple_of(align_of::<usize>());

#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// Receives a datagram; `None` if there is none.
///
/// # Errors
/// Those of `recvmsg(2)`.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<Option<Received>> {
    let mut control = Control([0; CONTROL]);
    let mut place = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: a structure of integers and pointers, for which zeros are a value.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut place;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL as _;
    let fd = socket.as_fd().as_raw_fd();
    let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the kernel writes at most as much as both buffers hold, which outlive the call.
    let len = match Errno::result(unsafe { libc::recvmsg(fd, &raw mut message, flags) }) {
        Ok(len) => usize::try_from(len).unwrap_or(0),
        Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(Received {
        len: len.min(buffer.len()),
        is_cut: message.msg_flags & libc::MSG_TRUNC != 0,
        user: sender(&message).ok_or(Errno::EPROTO)?,
    }))
}

/// The user id in the first control message.
fn sender(message: &libc::msghdr) -> Option<u32> {
    // SAFETY: the kernel has set the length of what it wrote.
    let header = unsafe { libc::CMSG_FIRSTHDR(message) };
    // SAFETY: a header that is not null lies within the buffer, which is aligned for it.
    let header_value = unsafe { header.as_ref() }?;
    if header_value.cmsg_type != libc::SCM_CREDENTIALS {
        return None;
    }
    // SAFETY: as above; the data of this type follow the header.
    let data = unsafe { libc::CMSG_DATA(header) };
    // SAFETY: the data are a `ucred` of integers, which need not be aligned.
    let ids = unsafe { data.cast::<libc::ucred>().read_unaligned() };
    Some(ids.uid)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ffi::CString;
    use std::io::{IoSlice, Read};
    use std::os::unix::ffi::OsStrExt;

    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

    use super::*;

    #[test]
    fn a_datagram_has_a_sender_and_what_is_passed_with_it_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        let server = make(&name).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(receive(&server, &mut buffer), Ok(None));
        let client = std::os::unix::net::UnixDatagram::unbound().unwrap();
        client.connect(&path).unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let passed = [writer.as_raw_fd()];
        sendmsg::<()>(
            client.as_raw_fd(),
            &[IoSlice::new(b"BARRIER=1")],
            &[ControlMessage::ScmRights(&passed)],
            MsgFlags::empty(),
            None,
        )
        .unwrap();
        drop(writer);
        let wanted = Received {
            len: 8,
            is_cut: true,
            user: nix::unistd::getuid().as_raw(),
        };
        assert_eq!(receive(&server, &mut buffer), Ok(Some(wanted)));
        assert_eq!(&buffer, b"BARRIER=");
        assert_eq!(reader.read(&mut buffer).unwrap(), 0);
    }
}
