//! Files of this machine that a guest keeps in its memory.
//!
//! A file on a 9p share costs several round trips to QEMU at each `open`, and an idle guest's clock
//! jumps to its next timer meanwhile: 11 ms of virtual time for each file, where it would be
//! microseconds. Programs that scenarios run, and the libraries they need, therefore come with the
//! initial RAM file system and are laid over the share.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Programs, by their names in PATH. Those missing on this machine are skipped.
const PROGRAMS: &[&str] = &[
    "bash",
    "cat",
    "date",
    "echo",
    "env",
    "false",
    "grep",
    "ip",
    "iptables-legacy",
    "ipvsadm",
    "kill",
    "logger",
    "mkdir",
    "modprobe",
    "mount",
    "nsenter",
    "rm",
    "sed",
    "setpriv",
    "setsid",
    "sh",
    "sleep",
    "sync",
    "sysctl",
    "tc",
    "touch",
    "true",
    "umount",
    "unshare",
];
/// Files that programs open at their start.
const FILES: &[&str] = &[
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
];
/// Searched after PATH.
const SYSTEM_DIRS: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Returns the files: where each belongs in the guest, without links above it, and where it is.
pub(super) fn files() -> Result<BTreeMap<PathBuf, PathBuf>> {
    let path = std::env::var("PATH").unwrap_or_default();
    let dirs: Vec<_> = std::env::split_paths(&format!("{SYSTEM_DIRS}:{path}")).collect();
    let find = |name: &&str| {
        dirs.iter()
            .map(|dir| dir.join(name))
            .find(|path| path.is_file())
    };
    let programs: Vec<_> = PROGRAMS.iter().filter_map(find).collect();
    let mut files = BTreeMap::new();
    for library in libraries(&programs)? {
        insert(&mut files, &library);
    }
    for program in &programs {
        insert(&mut files, program);
    }
    for file in FILES {
        insert(&mut files, Path::new(file));
    }
    Ok(files)
}

/// Adds a file under its own name in the directory that links lead to.
fn insert(files: &mut BTreeMap<PathBuf, PathBuf>, path: &Path) {
    let Some((dir, name)) = path.parent().zip(path.file_name()) else {
        return;
    };
    let Ok(dir) = dir.canonicalize() else { return };
    if path.is_file() {
        files.insert(dir.join(name), path.to_path_buf());
    }
}

/// Returns the libraries of dynamic programs, as ldd(1) lists them.
fn libraries(programs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let output = Command::new("ldd")
        .args(programs)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(Error::io("run ldd"))?;
    Ok(parse_ldd(&String::from_utf8_lossy(&output.stdout)))
}

/// Lines are `NAME => PATH (ADDRESS)` or `PATH (ADDRESS)`; others name programs or say why not.
fn parse_ldd(text: &str) -> Vec<PathBuf> {
    let line = |line: &str| {
        let (file, _) = line.trim().rsplit_once(" (0x")?;
        let file = file.rsplit_once("=> ").map_or(file, |(_, path)| path);
        file.starts_with('/').then(|| PathBuf::from(file))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_output_of_ldd() {
        let text = "/bin/sh:\n\tlinux-vdso.so.1 (0x00007ffe8)\n\tlibc.so.6 => \
                    /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 \
                    (0x00007f)\n/bin/true:\n\tnot a dynamic executable\n";
        let expected = [
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(parse_ldd(text), expected.map(PathBuf::from));
    }

    #[test]
    fn shell_and_its_libraries_are_resident() {
        let files = files().unwrap();
        assert!(
            files.keys().any(|path| path.ends_with("bin/sh")),
            "{files:?}"
        );
        assert!(
            files.keys().any(|path| path.ends_with("libc.so.6")),
            "{files:?}"
        );
    }
}
