//! A thread that lives in network and mount namespaces of its own. Whatever is to happen in a host
//! is a closure sent to its thread: sockets stay in the namespace they were made in, and threads
//! and processes started there inherit it. So nothing here needs `setns` or `fork`.

use crate::error::{Error, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::linux::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

/// The lab's own corner, visible in every host.
pub(crate) const CORNER: &str = "/run/lab";

type Task = Box<dyn FnOnce() + Send>;

/// Where the thread is, seen from the rest of the process.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `/proc/PID/task/TID/ns/net`: for tools that take a namespace by file.
    pub(crate) net_file: PathBuf,
    /// The network namespace's inode: what `/proc/PID/ns/net` of its processes has too.
    pub(crate) net_inode: u64,
}

/// Fresh namespaces and the thread that lives there.
#[derive(Debug)]
pub(crate) struct Namespace {
    tasks: Sender<Task>,
    pub(crate) place: Place,
}

impl Namespace {
    /// Starts the thread; `/run` is empty there but for the lab's corner.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let (tasks, inbox) = channel();
        let (tell, told) = channel();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let place = settle();
                let settled = place.is_ok();
                if tell.send(place).is_ok() && settled {
                    work(&inbox);
                }
            })
            .map_err(Error::io(format!("start a thread for {name}")))?;
        let place = told
            .recv()
            .map_err(|_| Error::broken(format!("{name}: no thread")))??;
        Ok(Namespace { tasks, place })
    }

    /// Runs `act` in the namespaces and waits for it. A panic in `act` goes on in the caller.
    pub(crate) fn inside<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = channel();
        let task: Task = Box::new(move || {
            // The caller waits below, so somebody listens.
            let _ = tell.send(catch_unwind(AssertUnwindSafe(act)));
        });
        let sent = self.tasks.send(task);
        assert!(
            sent.is_ok(),
            "a namespace's thread lives as long as its handle"
        );
        match told.recv() {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => unreachable!("a task always answers"),
        }
    }
}

fn work(inbox: &Receiver<Task>) {
    for task in inbox {
        task();
    }
}

/// Moves the calling thread into fresh namespaces.
fn settle() -> Result<Place> {
    // A new mount namespace also gives this thread a root and working directory of its own.
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)
        .map_err(Error::os("make namespaces"))?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(Error::os("make the mounts private"))?;
    let corner = File::open(CORNER).map_err(Error::io(format!("open {CORNER}")))?;
    mount(
        Some("tmpfs"),
        "/run",
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )
    .map_err(Error::os("mount a fresh /run"))?;
    fs::create_dir(CORNER).map_err(Error::io(format!("make {CORNER}")))?;
    let old = format!("/proc/self/fd/{}", corner.as_raw_fd());
    mount(Some(old.as_str()), CORNER, none, MsFlags::MS_BIND, none)
        .map_err(Error::os(format!("bind {CORNER}")))?;

    let meta = fs::metadata("/proc/thread-self/ns/net")
        .map_err(Error::io("read the new network namespace"))?;
    let task = fs::read_link("/proc/thread-self").map_err(Error::io("read /proc/thread-self"))?;
    Ok(Place {
        net_file: PathBuf::from("/proc").join(task).join("ns/net"),
        net_inode: meta.st_ino(),
    })
}
