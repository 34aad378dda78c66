//! A guest from its kernel's start to its job: kernel modules, the wait in which its state is saved,
//! and the root file system.

use crate::error::{Error, Result};
use crate::guest::{MODULE_DIR, NEW_ROOT, READY, RESIDENT, ROOT_TAG, SHARE};
use crate::job::Job;
use nix::fcntl::OFlag;
use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// `MODULE_INIT_COMPRESSED_FILE` of `linux/module.h`, since Linux 5.17.
const COMPRESSED: u32 = 4;

/// Prepares the guest and returns its job.
pub(super) fn job() -> Result<Job> {
    let none = None::<&str>;
    mount(
        Some("dev"),
        "/dev",
        Some("devtmpfs"),
        MsFlags::empty(),
        none,
    )
    .map_err(Error::os("mount /dev"))?;
    load_modules()?;
    let path = wait_for_job()?;
    let share = Path::new("/").join(SHARE);
    mount_share(ROOT_TAG, &share)?;
    let job = Job::read(&below(&share, &path))?;
    for program in &job.resident {
        keep_resident(&share, program)?;
    }
    enter_root()?;
    // Into the page cache: a page that the test waits for would show in what it measures.
    let mut program =
        File::open(&job.program).map_err(Error::io(format!("open {}", job.program.display())))?;
    std::io::copy(&mut program, &mut std::io::sink())
        .map_err(Error::io(format!("read {}", job.program.display())))?;
    clock_settime(ClockId::CLOCK_REALTIME, TimeSpec::from_duration(job.date))
        .map_err(Error::os("set the clock"))?;
    Ok(job)
}

fn load_modules() -> Result<()> {
    let dir = Path::new("/").join(MODULE_DIR);
    let entries = std::fs::read_dir(&dir).map_err(Error::io("list the modules"))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for path in files {
        let file = File::open(&path).map_err(Error::io(format!("open {}", path.display())))?;
        let is_plain = path.extension().is_some_and(|extension| extension == "ko");
        let flags = if is_plain { 0 } else { COMPRESSED };
        finit_module(&file, c"", ModuleInitFlags::from_bits_retain(flags))
            .map_err(Error::os(format!("load {}", path.display())))?;
    }
    Ok(())
}

/// Reads the console until a line is there. It never sleeps: in virtual time, an idle guest without
/// a timer would jump ahead for as long as QEMU takes to save it.
fn wait_for_job() -> Result<PathBuf> {
    let mut console = File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open("/dev/console")
        .map_err(Error::io("open the console"))?;
    let mut settings = tcgetattr(&console).map_err(Error::os("look at the console"))?;
    settings.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&console, SetArg::TCSANOW, &settings).map_err(Error::os("set the console"))?;
    println!("{READY}");
    let mut line = [0; 4096];
    loop {
        match console.read(&mut line) {
            Ok(length) => {
                let text = String::from_utf8_lossy(&line[..length]);
                let text = text.trim();
                if !text.is_empty() {
                    return Ok(text.into());
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(Error::io("read the console")(error)),
        }
    }
}

/// Copies a file of the machine to the layer above its share.
fn keep_resident(share: &Path, path: &Path) -> Result<()> {
    let copy = below(&Path::new("/").join(RESIDENT), path);
    let dir = copy.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(dir).map_err(Error::io(format!("make {}", dir.display())))?;
    std::fs::copy(below(share, path), &copy)
        .map(drop)
        .map_err(Error::io(format!("copy {}", path.display())))
}

fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Makes the machine's file system, with the resident files over it, the root directory. There is
/// no layer to write to.
fn enter_root() -> Result<()> {
    let new = Path::new("/").join(NEW_ROOT);
    let layers = format!("lowerdir=/{RESIDENT}:/{SHARE}");
    mount(
        Some("root"),
        &new,
        Some("overlay"),
        MsFlags::MS_RDONLY,
        Some(layers.as_str()),
    )
    .map_err(Error::os("mount the root file system"))?;
    std::env::set_current_dir(&new).map_err(Error::io("enter the root file system"))?;
    let none = None::<&str>;
    mount(Some("."), "/", none, MsFlags::MS_MOVE, none)
        .map_err(Error::os("move the root file system"))?;
    nix::unistd::chroot(".").map_err(Error::os("change the root directory"))?;
    std::env::set_current_dir("/").map_err(Error::io("enter the root directory"))?;
    // The share shows the machine's own `/proc` there, which even has the right type.
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none)
        .map_err(Error::os("mount /proc"))
}

/// Mounts a 9p share. `cache=loose`: nothing but the guest changes what it reads.
pub(super) fn mount_share(tag: &str, at: &Path) -> Result<()> {
    let options = "trans=virtio,version=9p2000.L,msize=512000,cache=loose";
    mount(Some(tag), at, Some("9p"), MsFlags::empty(), Some(options)).map_err(Error::os(format!(
        "mount the share {tag} on {}",
        at.display()
    )))
}
