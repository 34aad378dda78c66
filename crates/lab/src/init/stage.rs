//! What has to be in place before a test can run: file systems, device nodes, kernel modules.

use crate::error::{Error, Result};
use crate::job::{Job, Kernel};
use nix::mount::{MsFlags, mount};
use nix::sys::resource::{Resource, rlim_t, setrlimit};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// The kernel's modules as Debian's package `user-mode-linux` installs them.
const GUEST_MODULES: &str = "/usr/lib/uml/modules";
/// The inside's own corner of the fresh `/run`.
const CORNER: &str = "/run/lab";
/// Loaded at once, because one `modprobe` for all is cheaper than one per first use. What is
/// missing here still loads by itself when it is first used.
const MODULES: &[&str] = &[
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_wrr",
    "ip_vs_lc",
    "ip_vs_wlc",
    "ip_vs_sed",
    "ip_vs_nq",
    "ip_vs_sh",
    "ip_vs_dh",
    "ip_vs_lblc",
    "ip_vs_lblcr",
    "ip_vs_fo",
    "ip_vs_ovf",
    "ip_vs_mh",
    "veth",
    "bridge",
    "sch_netem",
    "dummy",
    "nf_conntrack",
    "iptable_filter",
    "iptable_nat",
    "iptable_mangle",
    "xt_mark",
    "xt_tcpudp",
];
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
    if job.kernel == Kernel::Guest {
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
            format!("{CORNER}/bin:{path}:/usr/local/sbin:/usr/sbin:/sbin"),
        ),
        ("TMPDIR", format!("{CORNER}/tmp")),
    ]
}

/// Gives the test the guest's console, which is the file `console.log` outside. On this kernel the
/// test inherits the same file.
pub(super) fn connect_console(command: &mut Command, job: &Job) -> Result<()> {
    if job.kernel == Kernel::Guest {
        let open = || -> std::io::Result<(File, File)> {
            let console = File::options().write(true).open("/dev/console")?;
            Ok((console.try_clone()?, console))
        };
        let (out, err) = open().map_err(Error::io("open the console"))?;
        command.stdout(Stdio::from(out)).stderr(Stdio::from(err));
    }
    Ok(())
}

/// Mounts `/proc` unless it is there. In a guest, the machine's own `/proc` shows through at first.
pub(super) fn mount_proc() {
    if !statfs("/proc").is_ok_and(|found| found.filesystem_type() == PROC_SUPER_MAGIC) {
        let none = None::<&str>;
        let _ = mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none);
    }
}

fn set_guest(job: &Job) -> Result<()> {
    mount_fresh("sysfs", "/sys", None)?;
    // The guest's root is the machine's own file system, read-only; this one directory is not.
    let dir = job.dir.to_str().ok_or_else(|| Error::Garbled {
        what: "the run's directory",
        text: job.dir.display().to_string(),
    })?;
    mount_fresh("hostfs", dir, Some(dir))?;
    write_setting("/proc/sys/kernel/hostname", "lab")?;
    // A kernel that has lost a process to an oops measures nothing any more.
    write_setting("/proc/sys/kernel/panic_on_oops", "1")?;
    load_modules()
}

fn load_modules() -> Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_err(Error::io("read the kernel's release"))?;
    let release = release.trim();
    make_dir(&format!("{CORNER}/lib"))?;
    make_dir(&format!("{CORNER}/lib/modules"))?;
    let link = format!("{CORNER}/lib/modules/{release}");
    symlink(format!("{GUEST_MODULES}/{release}"), &link)
        .map_err(Error::io(format!("make the link {link}")))?;
    // The kernel calls this for what is used and not loaded; programs find it first in PATH.
    let helper = format!("{CORNER}/bin/modprobe");
    let script = format!("#!/bin/sh\nexec /sbin/modprobe -d {CORNER} \"$@\"\n");
    fs::write(&helper, script)
        .and_then(|()| fs::set_permissions(&helper, Permissions::from_mode(0o755)))
        .map_err(Error::io(format!("write {helper}")))?;
    write_setting("/proc/sys/kernel/modprobe", &helper)?;
    let status = Command::new("/sbin/modprobe")
        .args(["-d", CORNER, "-a"])
        .args(MODULES)
        .status()
        .map_err(Error::io("run modprobe"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::broken(format!("modprobe in the guest: {status}")))
    }
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
