//! A host's syslog: a datagram socket behind `/dev/log` whose messages are kept.

use crate::error::{Error, Result};
use crate::lines::{LineLog, Source};
use std::os::unix::net::UnixDatagram;

/// Where `/dev/log` points inside a lab: a name below `/run`, which every host has to itself.
pub(crate) const SOCKET: &str = "/run/syslog";
/// The longest message taken whole, as long as common syslog daemons take.
const MESSAGE: usize = 8_192;

/// Binds the socket in the calling thread's mount namespace and keeps what comes in `log`.
pub(crate) fn listen(log: LineLog) -> Result<()> {
    let socket = UnixDatagram::bind(SOCKET).map_err(Error::io(format!("bind {SOCKET}")))?;
    // Daemons that dropped their privileges log too.
    std::fs::set_permissions(SOCKET, std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .map_err(Error::io(format!("open up {SOCKET}")))?;
    std::thread::Builder::new()
        .name("syslog".to_owned())
        .spawn(move || {
            let mut buffer = [0; MESSAGE];
            while let Ok(length) = socket.recv(&mut buffer) {
                log.push(Source::Syslog, &buffer[..length]);
            }
        })
        .map_err(Error::io("start the syslog thread"))?;
    Ok(())
}
