//! The text of a file, handed to a child on its standard input: the child is to go by what its parent
//! read, whatever has become of the file since.
//!
//! The command line names the file all the same. So a child that knows nothing of this reads the
//! file, and one that does has its name for messages.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};

/// The variable that names the file whose text is on standard input.
pub const FILE_ON_STDIN: &str = "LVS_CF_ON_STDIN";

/// Hands `text` to the child that `command` starts, as that of the file at `path`.
///
/// # Errors
/// If the system has no memory or descriptor to give.
pub fn give(command: &mut Command, path: &Path, text: &[u8]) -> io::Result<()> {
    // The sysctl vm.memfd_noexec may ask for the seal; kernels before 6.3 do not know it.
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

/// The text of the file at `path`, if this process was handed it: at the first call.
#[must_use]
pub fn take(path: &Path) -> Option<Vec<u8>> {
    if std::env::var_os(FILE_ON_STDIN)? != path {
        return None;
    }
    let mut file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    // A pipe or a terminal is none of ours, and could be waited for.
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

    /// Tells the run of a test that it is the child.
    const ROLE: &str = "DAEMON_HANDED_TEST_CHILD";

    /// What a child finds handed to it when it asks for `/etc/lvs.cf`.
    fn child_takes(prepare: impl FnOnce(&mut Command)) -> String {
        let mut command = Command::new(std::env::current_exe().expect("own path"));
        command
            .args(["--exact", "handed::tests::a_child", "--nocapture"])
            .env(ROLE, "1")
            .stdin(Stdio::null());
        prepare(&mut command);
        let output = command.output().expect("runs");
        let text = String::from_utf8(output.stderr).expect("text");
        let (_, taken) = text.split_once("taken=").expect(&text);
        taken.lines().next().expect(&text).to_owned()
    }

    #[test]
    fn a_child() {
        if std::env::var_os(ROLE).is_some() {
            eprintln!("taken={:?}", take(Path::new("/etc/lvs.cf")));
        }
    }

    #[test]
    fn a_child_is_handed_the_text_of_the_file_that_it_asks_for() {
        let given = |path: &'static str| {
            move |command: &mut Command| give(command, Path::new(path), b"ab\n").expect("given")
        };
        assert_eq!(child_takes(given("/etc/lvs.cf")), "Some([97, 98, 10])");
        assert_eq!(child_takes(given("/etc/other.cf")), "None");
        assert_eq!(child_takes(|_| ()), "None");
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let (end, _open) = io::pipe().expect("a pipe");
        let taken = child_takes(|command| {
            command.env(FILE_ON_STDIN, "/etc/lvs.cf").stdin(end);
        });
        assert_eq!(taken, "None");
    }
}
