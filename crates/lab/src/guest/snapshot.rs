//! The saved state of a booted guest, made once and kept below `target/lab-guest`.

use super::qemu::{Machine, fingerprint, qemu};
use super::{GuestKernel, MODULES, READY};
use super::{initramfs, resident};
use crate::error::{Error, Result};
use crate::kept::Kept;
use crate::paths::{self, require_room};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Names the directory for saved states, in place of `target/lab-guest`.
const DIR_VARIABLE: &str = "LAB_GUEST_DIR";
/// How long a boot may take on a busy machine; an idle one needs 10 to 20 s.
const BOOT_LIMIT: Duration = Duration::from_secs(180);
/// How long QEMU may take to write the state, about 100 MiB.
const SAVE_LIMIT: Duration = Duration::from_secs(60);
/// How often a console or a reply is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Room needed for a state and its initial RAM file system.
const ROOM: u64 = 256 << 20;
/// States that were not used for so long are removed when another is made.
const KEEP: Duration = Duration::from_secs(24 * 3_600);

/// Files that a guest starts from.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) initramfs: PathBuf,
    pub(crate) state: PathBuf,
}

/// Whether a guest's console shows that it waits for a job.
pub(crate) fn is_ready(console: &Path) -> bool {
    std::fs::read(console).is_ok_and(|text| String::from_utf8_lossy(&text).contains(READY))
}

/// Returns the saved state for a kernel, made first where it is missing or out of date.
pub(crate) fn snapshot(kernel: &GuestKernel) -> Result<Snapshot> {
    let files = boot_files(kernel)?;
    let dir = files
        .initramfs
        .parent()
        .unwrap_or(Path::new("/"))
        .to_path_buf();
    if let Ok(file) = File::options().append(true).open(&files.state) {
        // Tells `remove_old` that it is in use; a failure only makes it seem older.
        let _ = file.set_modified(SystemTime::now());
        return Ok(files);
    }
    let _lock = lock(&dir)?;
    if !files.state.exists() {
        let log = dir.join("boot.log");
        save(kernel, &files, &dir, &log).map_err(|error| {
            let console = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<_> = console.lines().rev().take(10).collect();
            let lines: Vec<_> = lines.into_iter().rev().collect();
            Error::broken(format!(
                "cannot boot the guest: {}\n{}:\n{}",
                error.chain(),
                log.display(),
                lines.join("\n")
            ))
        })?;
    }
    Ok(files)
}

/// Returns the initial RAM file system for a kernel, made first where it is missing or out of date,
/// and where the saved state belongs.
pub(crate) fn boot_files(kernel: &GuestKernel) -> Result<Snapshot> {
    let base = match std::env::var_os(DIR_VARIABLE) {
        Some(dir) => PathBuf::from(dir),
        None => paths::target_dir()?.join("lab-guest"),
    };
    let dir = base.join(format!("{}-{:016x}", kernel.release, key(kernel)?));
    let files = Snapshot {
        initramfs: dir.join("initramfs"),
        state: dir.join("state"),
    };
    if !files.initramfs.exists() {
        std::fs::create_dir_all(&dir).map_err(Error::io(format!("make {}", dir.display())))?;
        require_room(&dir, ROOM)?;
        remove_old(&base, &dir);
        let modules = kernel.module_files(MODULES)?;
        let init = paths::own_program("lab-init")?;
        let archive = initramfs::pack(&init, &modules, &resident::files()?)?;
        let _lock = lock(&dir)?;
        write_whole(&files.initramfs, &archive)?;
    }
    Ok(files)
}

/// Changes with whatever the saved state depends on.
fn key(kernel: &GuestKernel) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    MODULES.hash(&mut hasher);
    fingerprint().hash(&mut hasher);
    let init = paths::own_program("lab-init")?;
    let content = std::fs::read(&init).map_err(Error::io(format!("read {}", init.display())))?;
    content.hash(&mut hasher);
    let resident = resident::files()?;
    for file in resident.values().chain([&kernel.image, &qemu()?]) {
        let meta = file
            .metadata()
            .map_err(Error::io(format!("look at {}", file.display())))?;
        (file, meta.size(), meta.mtime(), meta.mtime_nsec()).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Waits for other tests that make the same state.
fn lock(dir: &Path) -> Result<Flock<File>> {
    let path = dir.join("lock");
    let deadline = Instant::now() + BOOT_LIMIT + SAVE_LIMIT;
    loop {
        let file = File::create(&path).map_err(Error::io(format!("open {}", path.display())))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((_, errno)) if Instant::now() >= deadline => {
                return Err(Error::os(format!("lock {}", path.display()))(errno));
            }
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

fn remove_old(base: &Path, current: &Path) {
    let entries = std::fs::read_dir(base).into_iter().flatten().flatten();
    for path in entries
        .map(|entry| entry.path())
        .filter(|path| path != current)
    {
        let used = path
            .join("state")
            .metadata()
            .and_then(|meta| meta.modified());
        let age = used
            .ok()
            .and_then(|used| SystemTime::now().duration_since(used).ok());
        if age.is_some_and(|age| age > KEEP) {
            // Another process may remove it too.
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// Boots a guest until it waits for a job, and saves its state.
fn save(kernel: &GuestKernel, files: &Snapshot, dir: &Path, log: &Path) -> Result<()> {
    require_room(dir, ROOM)?;
    let _ = std::fs::remove_file(log);
    let scratch = tempfile::Builder::new()
        .prefix("lab")
        .tempdir()
        .map_err(Error::io("make a scratch directory"))?;
    let empty = scratch.path().join("empty");
    std::fs::create_dir(&empty).map_err(Error::io(format!("make {}", empty.display())))?;
    let control = scratch.path().join("control");
    let machine = Machine {
        kernel: kernel.image.clone(),
        initramfs: files.initramfs.clone(),
        run_dir: empty,
        control: Some(control.clone()),
        incoming: None,
        is_virtual: true,
    };
    let limit = BOOT_LIMIT + SAVE_LIMIT;
    let mut guest = Kept::start(&machine.command()?, limit, scratch.keep(), log, None)?;
    let deadline = Instant::now() + BOOT_LIMIT;
    while !is_ready(log) {
        if let Some(verdict) = guest.verdict()? {
            return Err(Error::broken(format!("QEMU ended too early ({verdict:?})")));
        }
        if Instant::now() >= deadline {
            return Err(Error::TimedOut {
                what: "the guest is ready".into(),
                limit: BOOT_LIMIT,
            });
        }
        std::thread::sleep(LOOK);
    }
    let state = receive(&control)?;
    write_whole(&files.state, &state)
}

/// Has QEMU send the state of its machine, and reads it.
fn receive(control: &Path) -> Result<Vec<u8>> {
    let socket = control.with_file_name("outgoing");
    let listener = UnixListener::bind(&socket)
        .map_err(Error::io(format!("listen on {}", socket.display())))?;
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let read = || -> std::io::Result<Vec<u8>> {
            let (mut stream, _) = listener.accept()?;
            let mut state = Vec::new();
            std::io::copy(&mut stream, &mut state)?;
            Ok(state)
        };
        // The receiver may have given up.
        let _ = tell.send(read());
    });
    let mut qmp = Qmp::connect(control)?;
    qmp.execute(r#"{"execute":"qmp_capabilities"}"#)?;
    qmp.execute(&format!(
        r#"{{"execute":"migrate","arguments":{{"uri":"unix:{}"}}}}"#,
        socket.display()
    ))?;
    let deadline = Instant::now() + SAVE_LIMIT;
    loop {
        let reply = qmp.execute(r#"{"execute":"query-migrate"}"#)?;
        if reply.contains(r#""status": "completed""#) {
            break;
        }
        if reply.contains(r#""status": "failed""#) || Instant::now() >= deadline {
            return Err(Error::Garbled {
                what: "QEMU's saving of its state",
                text: reply,
            });
        }
        std::thread::sleep(LOOK);
    }
    let state = told.recv_timeout(SAVE_LIMIT);
    let late = |_| Error::TimedOut {
        what: "the end of QEMU's state".into(),
        limit: SAVE_LIMIT,
    };
    let state = state
        .map_err(late)?
        .map_err(Error::io("read QEMU's state"))?;
    // QEMU ends with its keeper in any case.
    let _ = qmp.execute(r#"{"execute":"quit"}"#);
    Ok(state)
}

/// Written beside and renamed, so that a file is whole or absent.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = path.with_extension("draft");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    };
    write().map_err(Error::io(format!("write {}", path.display())))
}

/// A connection to QEMU's machine protocol: one JSON object a line.
struct Qmp {
    stream: UnixStream,
    replies: BufReader<UnixStream>,
}

impl Qmp {
    fn connect(path: &Path) -> Result<Self> {
        let connect = || -> std::io::Result<Self> {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(SAVE_LIMIT))?;
            stream.set_write_timeout(Some(SAVE_LIMIT))?;
            let replies = BufReader::new(stream.try_clone()?);
            Ok(Qmp { stream, replies })
        };
        connect().map_err(Error::io(format!("connect to QEMU at {}", path.display())))
    }

    /// Sends a command and returns its reply. Events and the greeting are skipped.
    fn execute(&mut self, command: &str) -> Result<String> {
        let run = |qmp: &mut Self| -> std::io::Result<String> {
            qmp.stream.write_all(format!("{command}\n").as_bytes())?;
            let mut line = String::new();
            while !line.contains(r#""return""#) && !line.contains(r#""error""#) {
                line.clear();
                if qmp.replies.read_line(&mut line)? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
            }
            Ok(line)
        };
        let reply = run(self).map_err(Error::io("talk to QEMU"))?;
        if reply.contains(r#""error""#) {
            return Err(Error::Garbled {
                what: "QEMU's reply",
                text: reply,
            });
        }
        Ok(reply)
    }
}
