//! Processes as `/proc` shows them.

use crate::error::{Error, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::linux::fs::MetadataExt;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Its process id.
    pub pid: i32,
    /// Its parent's process id.
    pub parent: i32,
    /// The state letter: `R`, `S`, `D`, `T`, `Z`...
    pub state: char,
    /// The name of the executable, cut to 15 bytes by the kernel.
    pub name: String,
    /// The command line, arguments separated by blanks. Empty for a zombie.
    pub command: String,
}

impl ProcessInfo {
    /// Whether it has ended and nobody has asked how.
    pub fn is_zombie(&self) -> bool {
        self.state == 'Z'
    }

    /// Sends it a signal: for processes that a program under test started, not the lab.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.pid), signal).map_err(|errno| {
            Error::broken(format!(
                "cannot signal {} ({}): {errno}",
                self.name, self.pid
            ))
        })
    }

    /// One process, if it exists.
    pub fn read(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut info = parse_stat(&stat)?;
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        info.command = String::from_utf8_lossy(&command)
            .replace('\0', " ")
            .trim_end()
            .to_owned();
        Some(info)
    }
}

/// `PID (NAME) STATE PARENT ...`; the name may hold blanks and parentheses.
fn parse_stat(stat: &str) -> Option<ProcessInfo> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some(ProcessInfo {
        pid: pid.parse().ok()?,
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
        name: name.to_owned(),
        command: String::new(),
    })
}

/// Every process there is.
pub(crate) fn all() -> Vec<ProcessInfo> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(ProcessInfo::read)
        .collect()
}

/// The inode of a process's network namespace; none for a zombie or a process that has gone.
pub(crate) fn net_namespace(pid: i32) -> Option<u64> {
    fs::metadata(format!("/proc/{pid}/ns/net"))
        .ok()
        .map(|meta| meta.st_ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let info = parse_stat("42 (a) b (c) Z 7 42 42 0 -1").unwrap();
        assert_eq!(
            (info.pid, info.parent, info.name.as_str()),
            (42, 7, "a) b (c")
        );
        assert!(info.is_zombie());
    }

    #[test]
    fn finds_itself() {
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(
            all()
                .iter()
                .any(|info| info.pid == me && !info.command.is_empty())
        );
        assert!(net_namespace(me).is_some());
    }
}
