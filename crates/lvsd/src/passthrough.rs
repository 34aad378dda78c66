//! The monitors' own lines on stdout, as they wrote them, without ever waiting for the reader.

use std::io::{self, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Passes lines on, and counts those that nobody takes.
#[derive(Debug, Default)]
pub(crate) struct Passthrough {
    lost: u64,
}

impl Passthrough {
    /// Writes a line to stdout, or loses it where the reader is behind.
    pub(crate) fn write(&mut self, line: &[u8]) {
        let mut text = Vec::with_capacity(line.len() + 1);
        if self.lost > 0 {
            text.extend_from_slice(format!("lvs: {} monitor lines lost\n", self.lost).as_bytes());
        }
        text.extend_from_slice(line);
        text.push(b'\n');
        match write_at_once(&text) {
            Ok(()) => self.lost = 0,
            Err(_) => self.lost = self.lost.saturating_add(1),
        }
    }
}

/// Writes if stdout takes bytes now. A pipe that polls writable has room for 4,096 (pipe(7)).
fn write_at_once(bytes: &[u8]) -> io::Result<()> {
    let stdout = io::stdout();
    let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut fds, PollTimeout::ZERO)? == 0 {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let mut stdout = stdout.lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
