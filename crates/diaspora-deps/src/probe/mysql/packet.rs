//! Packets of the protocol of MySQL: three bytes of length, a number, the body. Pure.

/// Longer than any greeting or error.
const LENGTH_MAX: usize = 4096;

/// A packet of a reply.
pub(super) enum Packet<'a> {
    /// Its body.
    Whole(&'a [u8]),
    /// The reply ends inside it.
    Cut,
    Garbage,
}

/// The packets of a reply.
pub(super) fn packets(mut reply: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    std::iter::from_fn(move || {
        if reply.is_empty() {
            return None;
        }
        let (packet, after) = split(reply);
        reply = after;
        Some(packet)
    })
}

/// The first packet, and what follows.
fn split(reply: &[u8]) -> (Packet<'_>, &[u8]) {
    let Some((&[a, b, c, _], rest)) = reply.split_first_chunk() else {
        return (Packet::Cut, b"");
    };
    let length = u32::from_le_bytes([a, b, c, 0]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if !(1..=LENGTH_MAX).contains(&length) {
        return (Packet::Garbage, b"");
    }
    match rest.split_at_checked(length) {
        Some((body, after)) => (Packet::Whole(body), after),
        None => (Packet::Cut, b""),
    }
}

/// A packet with this number.
pub(super) fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let [a, b, c, ..] = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&[a, b, c, number], body].concat()
}

/// What a server says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Greeting<'a> {
    /// The 20 bytes that the password is mixed with.
    pub(super) challenge: Vec<u8>,
    /// The method of login.
    pub(super) method: &'a [u8],
}

impl<'a> Greeting<'a> {
    /// Reads version 10 of the greeting.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let rest = body.strip_prefix(&[10])?;
        let (version, rest) = rest.split_at(rest.iter().position(|&byte| byte == 0)?);
        if version.is_empty() {
            return None;
        }
        // NUL, thread, challenge, NUL, capabilities, charset, status, capabilities, length
        // of the challenge, reserved.
        let challenge = rest.get(5..13)?;
        let rest = rest.get(13 + 1 + 2 + 1 + 2 + 2 + 1 + 10..)?;
        let more = rest.get(..12)?;
        let method = rest.get(13..).unwrap_or_default();
        Some(Self {
            challenge: [challenge, more].concat(),
            method: until_nul(method),
        })
    }
}

/// Another method of login that the server wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SwitchRequest<'a> {
    pub(super) method: &'a [u8],
    pub(super) challenge: &'a [u8],
}

impl<'a> SwitchRequest<'a> {
    pub(super) fn read(body: &'a [u8]) -> Self {
        let method = until_nul(body);
        let challenge = body.get(method.len() + 1..).unwrap_or_default();
        Self {
            method,
            challenge: challenge.strip_suffix(b"\0").unwrap_or(challenge),
        }
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}
