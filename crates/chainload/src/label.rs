//! What messages call the service: the name of its directory, as supervise does.

use daemontools::buffer::Buffer;

/// A name that is not longer than the kernel lets one be, twice for `web/log`.
pub(crate) type Label = Buffer<512>;

/// The name of the working directory; for a logger with that of its service.
pub(crate) fn of_working_directory() -> Label {
    let mut label = Label::new();
    let path = std::env::current_dir().unwrap_or_default();
    label.push_cut(last_names(path.as_os_str().as_encoded_bytes()));
    label
}

/// `web` of `/etc/service/web`, and `web/log` of `/etc/service/web/log`.
fn last_names(path: &[u8]) -> &[u8] {
    let slashes = path.iter().enumerate().rev();
    let mut slashes = slashes.filter_map(|(index, &byte)| (byte == b'/').then_some(index));
    let last = slashes.next().map_or(0, |slash| slash + 1);
    if &path[last..] == b"log" {
        let before = slashes.next().map_or(0, |slash| slash + 1);
        if before < last - 1 {
            return &path[before..];
        }
    }
    &path[last..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logger_is_called_after_its_service() {
        for (path, label) in [
            (&b"/etc/service/web"[..], &b"web"[..]),
            (b"/etc/service/web/log", b"web/log"),
            (b"/log", b"log"),
            (b"/", b""),
            (b"", b""),
        ] {
            assert_eq!(last_names(path), label);
        }
    }
}
