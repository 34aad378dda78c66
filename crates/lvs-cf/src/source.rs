//! Reading what may be no file at all: bounded in bytes, and where others decide when it ends, in
//! time.

use std::fs::{File, OpenOptions};
#[cfg(feature = "command")]
use std::io::IsTerminal;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::Document;

/// How long a pipe or a device may take until its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long standard input may take: whoever writes to it may ask a person for a password first.
#[cfg(feature = "command")]
const STDIN_PATIENCE: Duration = Duration::from_secs(60);

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
        let size = usize::try_from(metadata.len().min(LIMIT)).unwrap_or(0);
        let mut source = Vec::with_capacity(size);
        file.take(LIMIT).read_to_end(&mut source)?;
        return Ok(source);
    }
    read_patiently(file, PATIENCE)
}

/// The bytes of standard input. A person at a terminal has all the time, and can end it.
#[cfg(feature = "command")]
pub(crate) fn read_stdin() -> io::Result<Vec<u8>> {
    let stdin = io::stdin();
    let patience = if stdin.is_terminal() {
        Duration::MAX
    } else {
        STDIN_PATIENCE
    };
    // Without the buffer, which poll knows nothing of.
    read_patiently(File::from(stdin.as_fd().try_clone_to_owned()?), patience)
}

/// The bytes of `file`, blocking or not, if it ends in time.
fn read_patiently(file: File, patience: Duration) -> io::Result<Vec<u8>> {
    let end = Instant::now().checked_add(patience);
    let mut source = Vec::new();
    let mut limited = file.take(LIMIT);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        let mut ready = [PollFd::new(limited.get_ref().as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, timeout) {
            Ok(0) => {
                let seconds = patience.as_secs();
                let why = format!("no end of input within {seconds} s");
                return Err(io::Error::new(ErrorKind::TimedOut, why));
            }
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        // One read for each time that there is something: a second one may wait for ever.
        match limited.read(&mut buffer) {
            Ok(0) => return Ok(source),
            Ok(count) => source.extend_from_slice(&buffer[..count]),
            Err(error) if is_passing(error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
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
    fn a_pipe_that_blocks_is_given_up_too() {
        let (read_end, write_end) = nix::unistd::pipe().unwrap();
        (&File::from(write_end.try_clone().unwrap()))
            .write_all(b"primary = 1.2.3.4\n")
            .unwrap();
        let error = read_patiently(read_end.into(), Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(write_end);
    }

    #[test]
    fn an_endless_device_ends_at_the_limit() {
        let source = read(Path::new("/dev/zero")).unwrap();
        assert_eq!(source.len(), Document::MAX_BYTES + 1);
    }
}
