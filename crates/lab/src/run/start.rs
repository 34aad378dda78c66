//! Starting the inside: which kernel, and the command line for it.

use crate::error::{Error, Result};
use crate::guest;
use crate::job::{Job, KERNEL_VARIABLE, Kernel};
use crate::keeper::Verdict;
use crate::kept::Kept;
use crate::paths;
use crate::run::CONSOLE;
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long a guest with KVM may take until it waits for a job. Where `/dev/kvm` is there and does
/// not work, the guest hangs.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// Returns the kernel to use: a guest in virtual time unless `LAB_KERNEL` names another one.
pub(super) fn choose_kernel() -> Result<Kernel> {
    let Some(word) = std::env::var_os(KERNEL_VARIABLE) else {
        return Ok(Kernel::Guest);
    };
    let kernel = word
        .to_str()
        .and_then(Kernel::from_word)
        .ok_or_else(|| Error::Garbled {
            what: "LAB_KERNEL (guest, kvm or this)",
            text: word.to_string_lossy().into(),
        })?;
    match kernel {
        Kernel::Guest => {}
        Kernel::Kvm => probe_kvm()?,
        Kernel::This => check_this(
            nix::unistd::geteuid().is_root(),
            Path::new("/proc/net/ip_vs").exists(),
        )?,
    }
    Ok(kernel)
}

/// Returns a guest, for scenarios that change the kernel itself.
pub(super) fn choose_guest() -> Result<Kernel> {
    match choose_kernel()? {
        Kernel::Kvm => Ok(Kernel::Kvm),
        Kernel::Guest | Kernel::This => Ok(Kernel::Guest),
    }
}

fn check_this(is_root: bool, has_ipvs: bool) -> Result<()> {
    let lack = match (is_root, has_ipvs) {
        (true, true) => return Ok(()),
        (false, _) => "needs root",
        (true, false) => "needs a kernel with IPVS loaded (/proc/net/ip_vs)",
    };
    Err(Error::broken(format!(
        "{KERNEL_VARIABLE}=this {lack}; without the variable, the lab runs in a guest"
    )))
}

/// Boots a guest with KVM once per process, to see whether it does.
fn probe_kvm() -> Result<()> {
    static PROBED: OnceLock<Result<(), String>> = OnceLock::new();
    let result = PROBED.get_or_init(|| boot_with_kvm().map_err(|error| error.chain()));
    result.clone().map_err(|reason| {
        Error::broken(format!(
            "{KERNEL_VARIABLE}=kvm: {reason}; without the variable, the lab emulates the processor"
        ))
    })
}

fn boot_with_kvm() -> Result<()> {
    let scratch = scratch()?;
    let console = scratch.path().join(CONSOLE);
    let run = scratch.path().join("run");
    std::fs::create_dir(&run).map_err(Error::io(format!("make {}", run.display())))?;
    let job = scratch.path().join("job");
    let command = guest::command(Kernel::Kvm, &run, scratch.path(), &job)?;
    let start = Instant::now();
    let mut guest = Kept::start(&command, 2 * PROBE_LIMIT, scratch.keep(), &console, None)?;
    while start.elapsed() < PROBE_LIMIT {
        if guest::is_ready(&console) {
            return Ok(());
        }
        let console = std::fs::read_to_string(&console).unwrap_or_default();
        if guest.verdict()?.is_some() {
            return Err(Error::broken(format!(
                "QEMU ended at once: {}",
                console.trim()
            )));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(Error::broken(format!(
        "a guest does not boot within {PROBE_LIMIT:?}"
    )))
}

/// Short and without blanks: a guest gets these paths by its console, QEMU by its command line.
fn scratch() -> Result<tempfile::TempDir> {
    let make = tempfile::Builder::new().prefix("lab").tempdir();
    make.map_err(Error::io("make a scratch directory"))
}

/// Runs a job under a keeper for at most `wall` and returns how it ended. Nothing of it remains.
pub(super) fn run(job: &Job, wall: Duration) -> Result<Verdict> {
    let scratch = scratch()?;
    let job_file = scratch.path().join("job");
    job.write(&job_file)?;
    let console = job.dir.join(CONSOLE);
    let command = if job.kernel.is_guest() {
        guest::command(job.kernel, &job.dir, scratch.path(), &job_file)?
    } else {
        let link = scratch.path().join("init");
        symlink(paths::own_program("lab-init")?, &link)
            .map_err(Error::io(format!("make the link {}", link.display())))?;
        namespaces_command(&link)
    };
    // From here on the directory is the keeper's to remove.
    Kept::start(&command, wall, scratch.keep(), &console, Some(&job_file))?.wait()
}

/// `unshare` of util-linux: with `--kill-child`, the end of `unshare` is the end of everything inside.
fn namespaces_command(init: &Path) -> Vec<OsString> {
    let fixed = "unshare --fork --pid --mount --net --mount-proc --kill-child --";
    let mut arguments: Vec<_> = fixed.split_whitespace().map(OsString::from).collect();
    arguments.push(init.into());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_kernel_needs_root_and_ipvs() {
        assert!(check_this(true, true).is_ok());
        let lack = check_this(true, false).unwrap_err().to_string();
        assert!(lack.contains("IPVS"), "{lack}");
        let lack = check_this(false, true).unwrap_err().to_string();
        assert!(lack.contains("needs root"), "{lack}");
    }
}
