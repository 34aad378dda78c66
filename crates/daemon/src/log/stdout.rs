//! Log lines on stdout, without ever waiting long for the reader.

use std::io::{self, Write};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;

/// How long a line may wait for a reader that is behind, in milliseconds. Once a line was lost
/// none waits, until the reader reads again: a stuck one costs this much once.
const PATIENCE_MS: u16 = 50;

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
        let mut out = io::stdout().lock();
        let mut patience = PATIENCE_MS;
        if self.lost > 0 {
            // By itself: with the line it might be longer than what is sure to fit.
            let note = format!("{}: {} lines lost\n", self.prefix, self.lost);
            if write_bounded(&mut out, note.as_bytes(), 0).is_err() {
                self.lost = self.lost.saturating_add(1);
                return;
            }
            self.lost = 0;
            patience = 0;
        }
        let line = format!("{}: {text}\n", self.prefix);
        if write_bounded(&mut out, line.as_bytes(), patience).is_err() {
            self.lost = 1;
        }
    }
}

/// Writes if the descriptor takes bytes within `patience` milliseconds. A pipe that polls writable has
/// room for 4,096 bytes (pipe(7)), so the write that follows does not wait for a short line.
fn write_bounded<W: AsFd + Write>(out: &mut W, bytes: &[u8], patience: u16) -> io::Result<()> {
    let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut fds, PollTimeout::from(patience))? == 0 {
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
    fn a_reader_that_does_not_read_costs_lines_not_time() {
        let (mut reader, mut writer) = io::pipe().expect("a pipe");
        let line = [b'x'; 100];
        let mut written = 0;
        while write_bounded(&mut writer, &line, 0).is_ok() {
            written += line.len();
            assert!(written < 1 << 20, "a pipe has an end");
        }
        let start = Instant::now();
        let error = write_bounded(&mut writer, &line, PATIENCE_MS).expect_err("it is full");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let waited = start.elapsed();
        assert!(
            waited >= Duration::from_millis(PATIENCE_MS.into()),
            "{waited:?}"
        );
        assert!(waited < Duration::from_secs(20), "{waited:?}");

        // More than a page, however large those are.
        let mut room = vec![0; written / 2];
        reader.read_exact(&mut room).expect("read");
        write_bounded(&mut writer, &line, 0).expect("there is room again");
    }
}
