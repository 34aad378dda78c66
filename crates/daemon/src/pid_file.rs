//! The pid file of a daemon, locked while the daemon lives.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::mem::ManuallyDrop;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// Why a pid file could not be locked or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the lock.
    #[error("already running as pid {pid} ({})", path.display())]
    Running {
        /// The pid file.
        path: PathBuf,
        /// The text in it.
        pid: String,
    },
    /// The file cannot be opened or written.
    #[error("cannot write pid file {}", path.display())]
    Write {
        /// The pid file.
        path: PathBuf,
        /// The system error.
        #[source]
        source: std::io::Error,
    },
}

/// A pid file that this process holds until it ends.
///
/// The lock, not the number in the file, decides whether a daemon runs: a stale pid file never
/// stops the next start.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    /// Never dropped: the drop would unlock the file for every process that shares it, and an
    /// exiting starter shares it with its daemon. The lock ends with the last process.
    lock: ManuallyDrop<Flock<File>>,
}

impl PidFile {
    /// Locks the file for this process without writing to it. Locks are inherited over fork, so
    /// call this before a daemon forks, and [`PidFile::write`] after.
    ///
    /// # Errors
    /// [`Error::Running`] if another process holds the lock, [`Error::Write`] if the file cannot be
    /// opened.
    pub fn take(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Write {
            path: path.to_owned(),
            source,
        };
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .custom_flags(nix::libc::O_NOFOLLOW)
                .open(path)
                .map_err(failed)?;
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) if is_at(&lock, path) => {
                    let lock = ManuallyDrop::new(lock);
                    return Ok(Self {
                        path: path.to_owned(),
                        lock,
                    });
                }
                // The last holder removed it between our open and our lock: retry.
                Ok(_) => {}
                Err((mut file, Errno::EWOULDBLOCK)) => {
                    let mut pid = String::new();
                    let _ = (&mut file).take(32).read_to_string(&mut pid);
                    return Err(Error::Running {
                        path: path.to_owned(),
                        pid: pid.trim().to_owned(),
                    });
                }
                Err((_, errno)) => return Err(failed(errno.into())),
            }
        }
    }

    /// Writes this process's id and a newline.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&mut self) -> Result<(), Error> {
        let text = format!("{}\n", std::process::id());
        let file: &mut File = &mut self.lock;
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(|source| Error::Write {
                path: self.path.clone(),
                source,
            })
    }

    /// Removes the file; the lock ends with the process.
    pub fn remove(self) {
        // A failure at exit has no remedy, and only the lock matters.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the open file is the one that `path` names now.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => open.ino() == named.ino() && open.dev() == named.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_daemon_is_refused_with_pid() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pulse.pid");
        let mut first = PidFile::take(&path).expect("the first");
        first.write().expect("written");
        assert_eq!(
            std::fs::read_to_string(&path).expect("read"),
            format!("{}\n", std::process::id())
        );
        let error = PidFile::take(&path).expect_err("the second").to_string();
        assert!(
            error.starts_with(&format!("already running as pid {}", std::process::id())),
            "{error}"
        );
        first.remove();
        assert!(!path.exists());
    }

    #[test]
    fn stale_pid_does_not_stop_start() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pulse.pid");
        std::fs::write(&path, "1\nand more\n").expect("written");
        PidFile::take(&path)
            .expect("taken")
            .write()
            .expect("written");
        assert_eq!(
            std::fs::read_to_string(&path).expect("read"),
            format!("{}\n", std::process::id())
        );
    }

    #[test]
    fn error_names_path_in_missing_directory() {
        let error = PidFile::take(Path::new("/nonexistent/pulse.pid")).expect_err("no directory");
        assert_eq!(
            error.to_string(),
            "cannot write pid file /nonexistent/pulse.pid"
        );
    }
}
