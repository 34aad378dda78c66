//! Passes the text of a file to a child on its standard input, so that the child uses the text that
//! its parent read even if the file has changed since.
//!
//! The command line names the file all the same: a child without support for this reads the file,
//! and one with it has the name for messages.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};

/// The environment variable that names the file whose text is on standard input.
pub const FILE_ON_STDIN: &str = "LVS_CF_ON_STDIN";

/// Passes `text` to the child that `command` starts, as the content of the file at `path`.
///
/// # Errors
/// The system has no memory or descriptor left.
pub fn give(command: &mut Command, path: &Path, text: &[u8]) -> io::Result<()> {
    // The sysctl vm.memfd_noexec may require the seal; kernels before 6.3 do not know it.
    let plain = MFdFlags::MFD_CLOEXEC;
    let sealed = plain | MFdFlags::from_bits_retain(nix::libc::MFD_NOEXEC_SEAL);
    let memory = match memfd_create(c"lvs.cf", sealed) {
        Err(Errno::EINVAL) => memfd_create(c"lvs.cf", plain),
        result => result,
    };
    let mut file = File::from(memory?);
    file.write_all(text)?;
    file.rewind()?;
    command.env(FILE_ON_STDIN, path).stdin(file);
    Ok(())
}

/// Takes the text of the file at `path` from standard input, if the parent passed it. Returns it at
/// the first call only.
#[must_use]
pub fn take(path: &Path) -> Option<Vec<u8>> {
    if std::env::var_os(FILE_ON_STDIN)? != path {
        return None;
    }
    let mut file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    // A pipe or a terminal does not come from [`give`], and reading it could block.
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

    /// Marks the run of a test as the child.
    const ROLE: &str = "DAEMON_HANDED_TEST_CHILD";

    /// The result of [`take`] for `/etc/lvs.cf` in a child.
    fn child_takes(prepare: impl FnOnce(&mut Command)) -> String {
        let mut command = Command::new(std::env::current_exe().expect("own path"));
        command
            .args(["--exact", "handed::tests::child_role", "--nocapture"])
            .env(ROLE, "1")
            .stdin(Stdio::null());
        prepare(&mut command);
        let output = command.output().expect("runs");
        let text = String::from_utf8(output.stderr).expect("text");
        let (_, taken) = text.split_once("taken=").expect(&text);
        taken.lines().next().expect(&text).to_owned()
    }

    #[test]
    fn child_role() {
        if std::env::var_os(ROLE).is_some() {
            eprintln!("taken={:?}", take(Path::new("/etc/lvs.cf")));
        }
    }

    #[test]
    fn child_takes_text_of_named_file_only() {
        let given = |path: &'static str| {
            move |command: &mut Command| give(command, Path::new(path), b"ab\n").expect("given")
        };
        assert_eq!(child_takes(given("/etc/lvs.cf")), "Some([97, 98, 10])");
        assert_eq!(child_takes(given("/etc/other.cf")), "None");
        assert_eq!(child_takes(|_| ()), "None");
    }

    #[test]
    fn does_not_block_on_pipe() {
        let (end, _open) = io::pipe().expect("a pipe");
        let taken = child_takes(|command| {
            command.env(FILE_ON_STDIN, "/etc/lvs.cf").stdin(end);
        });
        assert_eq!(taken, "None");
    }
}
