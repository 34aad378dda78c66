//! Reading what may be no file at all: bounded in bytes, and where others decide when it ends, in
//! time.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::Document;

/// How long a pipe or a device may take until its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// One byte more than is taken, so that a longer text is noticed; an endless one ends here.
const LIMIT: u64 = Document::MAX_BYTES as u64 + 1;

/// The bytes of the file at `path`; of one that is too long no more than shows that it is.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe that nobody writes to must not hold up the opening.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() || metadata.is_dir() {
        return read_all(file, metadata.len());
    }
    read_patiently(file, PATIENCE)
}

/// The bytes of `file`, of which there are probably `size`.
pub(crate) fn read_all(file: impl Read, size: u64) -> io::Result<Vec<u8>> {
    let size = usize::try_from(size.min(LIMIT)).unwrap_or(0);
    let mut source = Vec::with_capacity(size);
    file.take(LIMIT).read_to_end(&mut source)?;
    Ok(source)
}

/// The bytes of what does not block, if it ends in time.
fn read_patiently(file: File, patience: Duration) -> io::Result<Vec<u8>> {
    let end = Instant::now() + patience;
    let mut source = Vec::new();
    let mut limited = file.take(LIMIT);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(limited.get_ref().as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, timeout).map_err(io::Error::from)? == 0 {
            let seconds = patience.as_secs();
            let why = format!("it does not end within {seconds} s");
            return Err(io::Error::new(ErrorKind::TimedOut, why));
        }
        match limited.read_to_end(&mut source) {
            Ok(_) => return Ok(source),
            // What there was is in `source`.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::thread;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    fn fifo() -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("fifo");
        mkfifo(&path, Mode::S_IRWXU).expect("a fifo");
        (directory, path)
    }

    #[test]
    fn a_pipe_is_read_to_its_end() {
        let (_directory, path) = fifo();
        let writer = {
            let path = path.clone();
            thread::spawn(move || {
                let mut file = OpenOptions::new().write(true).open(path).unwrap();
                for part in [&b"primary"[..], b" = 1.2.3.4\n"] {
                    file.write_all(part).unwrap();
                    thread::yield_now();
                }
            })
        };
        assert_eq!(read(&path).unwrap(), b"primary = 1.2.3.4\n");
        writer.join().unwrap();
    }

    #[test]
    fn a_pipe_that_does_not_end_is_given_up() {
        let (_directory, path) = fifo();
        // Both ends are open, and nothing is written.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(&path)
            .unwrap();
        let error = read_patiently(file, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn an_endless_device_ends_at_the_limit() {
        let source = read(Path::new("/dev/zero")).unwrap();
        assert_eq!(source.len(), Document::MAX_BYTES + 1);
    }
}
