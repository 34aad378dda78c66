//! The bytes sent to a service, and the expected reply.

use super::reply::Expect;

/// A request and the expected reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialogue {
    /// The bytes to send.
    pub send: Vec<u8>,
    /// The expected reply; without it, over TCP, the check does not read.
    pub expect: Option<Expect>,
}

impl Dialogue {
    /// The default check of a web server: any HTTP response passes.
    #[must_use]
    pub fn http() -> Self {
        Self {
            send: b"GET / HTTP/1.0\r\n\r\n".to_vec(),
            expect: Some(Expect::Bytes(b"HTTP".to_vec())),
        }
    }
}
