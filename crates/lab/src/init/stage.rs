//! What has to be in place before a test can run: file systems, device nodes, kernel modules.

use super::boot;
use crate::error::{Error, Result};
use crate::guest::RUN_TAG;
use crate::job::Job;
use nix::mount::{MsFlags, mount};
use nix::sys::resource::{Resource, rlim_t, setrlimit};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// The inside's own corner of the fresh `/run`.
const CORNER: &str = "/run/lab";
/// Where a guest has the share of the run's directory.
pub(crate) const SHARE: &str = "/run/lab/share";
/// Open files per process: a lab of hundreds of hosts holds several per host.
const OPEN_FILES: rlim_t = 65_536;

/// Sets the stage for `job`.
pub(super) fn set(job: &Job) -> Result<()> {
    make_mounts_private()?;
    mount_fresh("tmpfs", "/run", Some("mode=755"))?;
    make_dir(CORNER)?;
    make_dir(&format!("{CORNER}/tmp"))?;
    make_dir(&format!("{CORNER}/bin"))?;
    make_devices()?;
    // Most distributions have the link /var/run -> /run; follow the rest.
    if fs::canonicalize("/var/run").is_ok_and(|path| path == Path::new("/var/run")) {
        mount(
            Some("/run"),
            "/var/run",
            None::<&str>,
            MsFlags::MS_BIND,
            None::<&str>,
        )
        .map_err(Error::os("bind /run to /var/run"))?;
    }
    // Not fatal: the default is enough for a small lab.
    let _ = setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES);
    if job.kernel.is_guest() {
        set_guest(job)?;
    }
    Ok(())
}

/// What the test's environment gets beside the caller's.
pub(super) fn environment(job: &Job) -> Vec<(&'static str, String)> {
    let path = job.env.iter().find(|(name, _)| name == "PATH");
    let path = path
        .and_then(|(_, path)| path.to_str())
        .unwrap_or("/usr/bin:/bin");
    vec![
        (
            "PATH",
            // The system's programs first: a guest has them in its memory.
            format!("{CORNER}/bin:/usr/sbin:/usr/bin:/sbin:/bin:{path}:/usr/local/sbin"),
        ),
        ("TMPDIR", format!("{CORNER}/tmp")),
        // Without files of a locale.
        ("LC_ALL", "C".to_owned()),
    ]
}

/// Gives the test the guest's console, which is the file `console.log` outside. On this kernel the
/// test inherits the same file.
pub(super) fn connect_console(command: &mut Command, job: &Job) -> Result<()> {
    if job.kernel.is_guest() {
        let open = || -> std::io::Result<(File, File)> {
            let console = File::options().write(true).open("/dev/console")?;
            Ok((console.try_clone()?, console))
        };
        let (out, err) = open().map_err(Error::io("open the console"))?;
        command.stdout(Stdio::from(out)).stderr(Stdio::from(err));
    }
    Ok(())
}

/// Mounts `/proc` unless it is there.
pub(super) fn mount_proc() {
    if !statfs("/proc").is_ok_and(|found| found.filesystem_type() == PROC_SUPER_MAGIC) {
        let none = None::<&str>;
        let _ = mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none);
    }
}

fn set_guest(job: &Job) -> Result<()> {
    mount_fresh("sysfs", "/sys", None)?;
    // The run's directory is in memory, for the reason of `guest/resident.rs`; `logs` copies it.
    make_dir(SHARE)?;
    boot::mount_share(RUN_TAG, Path::new(SHARE))?;
    let dir = job.dir.to_str().ok_or_else(|| Error::Garbled {
        what: "the run's directory",
        text: job.dir.display().to_string(),
    })?;
    mount_fresh("tmpfs", dir, Some("mode=755"))?;
    write_setting("/proc/sys/kernel/hostname", "lab")?;
    // A kernel that has lost a process to an oops measures nothing any more.
    write_setting("/proc/sys/kernel/panic_on_oops", "1")?;
    // For what is written to the share directly: it reaches the machine within a second or two.
    write_setting("/proc/sys/vm/dirty_expire_centisecs", "100")?;
    write_setting("/proc/sys/vm/dirty_writeback_centisecs", "100")?;
    load_modules_on_demand(&job.modules)
}

/// Lets the kernel and its tools find the modules that are not loaded yet.
fn load_modules_on_demand(modules: &Path) -> Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_err(Error::io("read the kernel's release"))?;
    make_dir(&format!("{CORNER}/lib"))?;
    make_dir(&format!("{CORNER}/lib/modules"))?;
    let link = format!("{CORNER}/lib/modules/{}", release.trim());
    symlink(modules, &link).map_err(Error::io(format!("make the link {link}")))?;
    let helper = format!("{CORNER}/bin/modprobe");
    let script = format!("#!/bin/sh\nexec /sbin/modprobe -d {CORNER} \"$@\"\n");
    fs::write(&helper, script)
        .and_then(|()| fs::set_permissions(&helper, Permissions::from_mode(0o755)))
        .map_err(Error::io(format!("write {helper}")))?;
    write_setting("/proc/sys/kernel/modprobe", &helper)
}

/// A `/dev` with what programs expect and nothing of the machine's hardware. `/dev/log` points into
/// `/run`, which every host of a lab has to itself.
fn make_devices() -> Result<()> {
    mount_fresh("tmpfs", "/dev", Some("mode=755"))?;
    let nodes = [
        ("null", 1, 3),
        ("zero", 1, 5),
        ("full", 1, 7),
        ("random", 1, 8),
        ("urandom", 1, 9),
        ("tty", 5, 0),
        ("console", 5, 1),
    ];
    for (name, major, minor) in nodes {
        let path = format!("/dev/{name}");
        mknod(
            path.as_str(),
            SFlag::S_IFCHR,
            Mode::empty(),
            makedev(major, minor),
        )
        .map_err(Error::os(format!("make {path}")))?;
        fs::set_permissions(&path, Permissions::from_mode(0o666))
            .map_err(Error::io(format!("open up {path}")))?;
    }
    make_dir("/dev/shm")?;
    mount_fresh("tmpfs", "/dev/shm", Some("mode=1777"))?;
    make_dir("/dev/pts")?;
    mount_fresh("devpts", "/dev/pts", Some("newinstance,ptmxmode=0666"))?;
    let links = [
        ("pts/ptmx", "ptmx"),
        ("/proc/self/fd", "fd"),
        ("/proc/self/fd/0", "stdin"),
        ("/proc/self/fd/1", "stdout"),
        ("/proc/self/fd/2", "stderr"),
        (crate::syslog::SOCKET, "log"),
    ];
    for (to, name) in links {
        symlink(to, format!("/dev/{name}")).map_err(Error::io(format!("make /dev/{name}")))?;
    }
    Ok(())
}

fn make_mounts_private() -> Result<()> {
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(Error::os("make the mounts private"))
}

fn mount_fresh(kind: &str, at: &str, options: Option<&str>) -> Result<()> {
    mount(Some(kind), at, Some(kind), MsFlags::empty(), options)
        .map_err(Error::os(format!("mount {kind} on {at}")))
}

fn make_dir(path: &str) -> Result<()> {
    fs::create_dir(path).map_err(Error::io(format!("make the directory {path}")))
}

fn write_setting(path: &str, value: &str) -> Result<()> {
    fs::write(path, value).map_err(Error::io(format!("write {value} to {path}")))
}
