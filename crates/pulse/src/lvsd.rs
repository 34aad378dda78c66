//! lvsd as a child: its start, its readiness, its end.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use daemon::child::prepare;
use daemon::handed;
use daemon::ready::{Listener, NOTIFY_SOCKET};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::process::Child;
use tracing::warn;

use crate::log::Message;

/// How lvsd is started.
#[derive(Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// The configuration file.
    pub file: PathBuf,
    /// What the file said when pulse took it, for lvsd, which goes by that: a file that was broken
    /// or removed since must not cost a takeover, nor one that was changed make the two disagree.
    pub text: Vec<u8>,
    /// What the file looked like then.
    pub stamp: Option<Stamp>,
    /// Whether pulse itself stays in the foreground: then lvsd's lines go to the same stdout.
    pub foreground: bool,
    /// `-v`.
    pub verbose: bool,
}

impl Launch {
    /// Whether the file was written, replaced or removed since pulse took it.
    #[must_use]
    pub fn file_has_changed(&self) -> bool {
        Stamp::of(&self.file) != self.stamp
    }
}

/// By what a change of a file is noticed without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// That of the file at `path`, if there is one.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

/// What lvsd does by itself.
#[derive(Debug)]
pub enum Report {
    /// It filled the table.
    Ready,
    /// It ended.
    Ended(ExitStatus),
}

/// Where lvsd says that it is ready; gone once it did.
#[derive(Debug)]
struct Readiness {
    listener: Listener,
    waiter: UnixDatagram,
}

impl Readiness {
    fn open() -> io::Result<Self> {
        let listener = Listener::bind()?;
        let waiter = UnixDatagram::from_std(listener.waiter()?)?;
        Ok(Self { listener, waiter })
    }
}

/// A running lvsd.
#[derive(Debug)]
pub struct Lvsd {
    child: Child,
    pid: u32,
    readiness: Option<Readiness>,
}

impl Lvsd {
    /// Starts lvsd. Call it from the main thread: lvsd dies with the thread that started it.
    ///
    /// # Errors
    /// If it cannot be executed.
    pub fn start(launch: &Launch) -> io::Result<Self> {
        // Without a socket lvsd serves as well; its addresses then go up after the bound.
        let readiness = Readiness::open().ok();
        let mut command = Command::new(&launch.program);
        command.arg(if launch.foreground {
            "--nodaemon"
        } else {
            "--nofork"
        });
        command.arg("-c").arg(&launch.file);
        if launch.verbose {
            command.arg("-v");
        }
        if launch.foreground {
            // Ctrl-C is for pulse alone, which then stops lvsd in its order.
            command.process_group(0);
        }
        prepare(&mut command);
        command.stdin(Stdio::null());
        if let Err(error) = handed::give(&mut command, &launch.file, &launch.text) {
            // Then lvsd reads the file, which is better than not serving.
            warn!("{}", Message::NotHanded(&error));
        }
        if let Some(Readiness { listener, .. }) = &readiness {
            command.env(NOTIFY_SOCKET, listener.address());
        }
        let child = tokio::process::Command::from(command).spawn()?;
        let pid = child
            .id()
            .ok_or_else(|| io::Error::other("lvsd exited at once"))?;
        Ok(Self {
            child,
            pid,
            readiness,
        })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for the next thing it does. Safe to drop and call again.
    pub async fn report(&mut self) -> io::Result<Report> {
        loop {
            let Some(Readiness { listener, waiter }) = &self.readiness else {
                return self.child.wait().await.map(Report::Ended);
            };
            tokio::select! {
                biased;
                readable = waiter.readable() => {
                    readable?;
                    let word = waiter.try_io(Interest::READABLE, || listener.receive(self.pid));
                    match word {
                        Ok(true) => {
                            self.readiness = None;
                            return Ok(Report::Ready);
                        }
                        Ok(false) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(_) => self.readiness = None,
                    }
                }
                status = self.child.wait() => return status.map(Report::Ended),
            }
        }
    }

    /// Sends it a signal. It has not been waited for, so the pid is still its own.
    pub fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.pid) {
            // It may have ended already: its status then says so.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

/// Where lvsd is, unless the command line says otherwise: beside pulse itself if it is there,
/// else where the packages of 0.8.6 had it.
#[must_use]
pub fn default_path() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|own| Some(own.parent()?.join("lvsd")));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| Path::new("/usr/sbin/lvsd").to_owned())
}
