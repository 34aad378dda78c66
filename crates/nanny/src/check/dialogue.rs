//! What is said to a service, and what is expected back.

use super::reply::Expect;

/// A dialogue with the service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialogue {
    /// What is sent.
    pub send: Vec<u8>,
    /// What the reply must be like; without it, over TCP, none is waited for.
    pub expect: Option<Expect>,
}

impl Dialogue {
    /// The dialogue with a web server, whose page may be what it likes.
    #[must_use]
    pub fn http() -> Self {
        Self {
            send: b"GET / HTTP/1.0\r\n\r\n".to_vec(),
            expect: Some(Expect::Bytes(b"HTTP".to_vec())),
        }
    }
}
