//! Log lines on stdout, with a bounded wait for the reader.

use std::io::{self, Write};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;

/// Timeout of a write to a slow reader, in milliseconds. After a lost line writes do not wait until
/// the reader reads again: a stuck reader costs one timeout.
const TIMEOUT_MS: u16 = 50;

/// `PREFIX: MESSAGE` lines on stdout.
pub(super) struct Stdout {
    prefix: &'static str,
    lost: u64,
}

impl Stdout {
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { prefix, lost: 0 }
    }

    /// Writes one line, or counts it as lost if the reader does not read.
    pub(super) fn write(&mut self, text: &str) {
        let mut out = io::stdout().lock();
        let mut timeout = TIMEOUT_MS;
        if self.lost > 0 {
            // Written separately: together with the line it could exceed the space that is sure to
            // be free.
            let note = format!("{}: {} lines lost\n", self.prefix, self.lost);
            if write_bounded(&mut out, note.as_bytes(), 0).is_err() {
                self.lost = self.lost.saturating_add(1);
                return;
            }
            self.lost = 0;
            timeout = 0;
        }
        let line = format!("{}: {text}\n", self.prefix);
        if write_bounded(&mut out, line.as_bytes(), timeout).is_err() {
            self.lost = 1;
        }
    }
}

/// Writes if the descriptor becomes writable within `timeout` milliseconds. A pipe that polls
/// writable has room for 4,096 bytes (pipe(7)), so a short line does not block.
fn write_bounded<W: AsFd + Write>(out: &mut W, bytes: &[u8], timeout: u16) -> io::Result<()> {
    let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut fds, PollTimeout::from(timeout))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    out.write_all(bytes)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::time::{Duration, Instant};

    #[test]
    fn stalled_reader_loses_lines_without_blocking() {
        let (mut reader, mut writer) = io::pipe().expect("a pipe");
        let line = [b'x'; 100];
        let mut written = 0;
        while write_bounded(&mut writer, &line, 0).is_ok() {
            written += line.len();
            assert!(written < 1 << 20, "the pipe never fills");
        }
        let start = Instant::now();
        let error = write_bounded(&mut writer, &line, TIMEOUT_MS).expect_err("the buffer is full");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let waited = start.elapsed();
        assert!(
            waited >= Duration::from_millis(TIMEOUT_MS.into()),
            "{waited:?}"
        );
        assert!(waited < Duration::from_secs(20), "{waited:?}");

        // More than a page of any size.
        let mut room = vec![0; written / 2];
        reader.read_exact(&mut room).expect("read");
        write_bounded(&mut writer, &line, 0).expect("the pipe has room again");
    }
}
