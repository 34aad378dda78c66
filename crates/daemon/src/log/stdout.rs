//! Log lines on stdout, without ever waiting long for the reader.

use std::io::{self, Write};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;

/// How long one line may wait for a reader that is behind, in milliseconds.
const PATIENCE_MS: u16 = 200;

/// `PREFIX: MESSAGE` lines on stdout.
pub(super) struct Stdout {
    prefix: &'static str,
    lost: u64,
}

impl Stdout {
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { prefix, lost: 0 }
    }

    /// Writes one line, or counts it as lost where the reader does not read.
    pub(super) fn write(&mut self, text: &str) {
        let mut line = String::with_capacity(self.prefix.len() + text.len() + 3);
        if self.lost > 0 {
            line.push_str(&format!("{}: {} lines lost\n", self.prefix, self.lost));
        }
        line.push_str(self.prefix);
        line.push_str(": ");
        line.push_str(text);
        line.push('\n');
        match write_bounded(&io::stdout(), line.as_bytes()) {
            Ok(()) => self.lost = 0,
            Err(_) => self.lost = self.lost.saturating_add(1),
        }
    }
}

/// Writes if the descriptor takes bytes within [`PATIENCE_MS`]. A pipe that polls writable has
/// room for 4,096 bytes (pipe(7)), so the write that follows does not wait for a short line.
fn write_bounded(out: &io::Stdout, bytes: &[u8]) -> io::Result<()> {
    let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut fds, PollTimeout::from(PATIENCE_MS))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut out = out.lock();
    out.write_all(bytes)?;
    out.flush()
}
