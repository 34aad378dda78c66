//! Log lines to the local syslog daemon (RFC 3164 as syslog daemons read it from `/dev/log`).
//!
//! libc's `syslog(3)` blocks while the daemon's queue is full, so a stopped syslogd would stop
//! heartbeats; this never blocks. The daemon adds the time stamp.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use tracing::Level;

use super::severity;

/// Socket of the syslog daemon.
pub(super) const SOCKET: &str = "/dev/log";

/// Facility daemon, shifted as in a priority value.
const FACILITY_DAEMON: u8 = 3 << 3;

/// A connection to the syslog daemon, reopened when the daemon was restarted.
pub(super) struct Syslog {
    ident: &'static str,
    path: PathBuf,
    socket: Option<UnixDatagram>,
    lost: u64,
}

impl Syslog {
    pub(super) fn new(ident: &'static str, path: &Path) -> Self {
        Self {
            ident,
            path: path.to_owned(),
            socket: None,
            lost: 0,
        }
    }

    /// Sends one line, or counts it as lost.
    pub(super) fn write(&mut self, level: Level, text: &str) {
        if self.lost > 0 {
            let note = self.packet(Level::WARN, &format!("{} lines lost", self.lost));
            if !self.send(&note) {
                self.lost = self.lost.saturating_add(1);
                return;
            }
            self.lost = 0;
        }
        let packet = self.packet(level, text);
        if !self.send(&packet) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    fn packet(&self, level: Level, text: &str) -> String {
        let priority = FACILITY_DAEMON | severity(level);
        format!("<{priority}>{}[{}]: {text}", self.ident, std::process::id())
    }

    /// Sends a packet, connecting first if there is no usable connection.
    fn send(&mut self, packet: &str) -> bool {
        if let Some(socket) = &self.socket {
            match socket.send(packet.as_bytes()) {
                Ok(_) => return true,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(_) => self.socket = None,
            }
        }
        let connected = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.connect(&self.path)?;
            socket.send(packet.as_bytes())?;
            Ok(socket)
        });
        self.socket = connected.ok();
        self.socket.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 8192];
        let length = socket.recv(&mut buffer).expect("a packet");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn reconnects_and_counts_lost_lines() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("log");
        let pid = std::process::id();
        let mut syslog = Syslog::new("pulse", &path);
        syslog.write(Level::INFO, "not delivered");

        let daemon = UnixDatagram::bind(&path).expect("bind");
        syslog.write(Level::INFO, "first");
        assert_eq!(receive(&daemon), format!("<28>pulse[{pid}]: 1 lines lost"));
        assert_eq!(receive(&daemon), format!("<30>pulse[{pid}]: first"));

        drop(daemon);
        std::fs::remove_file(&path).expect("remove");
        let daemon = UnixDatagram::bind(&path).expect("bind again");
        syslog.write(Level::ERROR, "second");
        assert_eq!(receive(&daemon), format!("<27>pulse[{pid}]: second"));
    }

    #[test]
    fn stalled_daemon_loses_lines_without_blocking() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("log");
        let daemon = UnixDatagram::bind(&path).expect("bind");
        let mut syslog = Syslog::new("pulse", &path);
        for _ in 0..10_000 {
            syslog.write(Level::INFO, "flood");
        }
        assert!(syslog.lost > 0, "the flood exceeds the socket's queue");
        let first = receive(&daemon);
        assert!(first.ends_with("flood"), "{first}");
    }
}
