//! Starting the inside: which kernel, and the command line for it.

use crate::error::{Error, Result};
use crate::job::{INSIDE_VARIABLE, JOB_VARIABLE, Job, KERNEL_VARIABLE, Kernel};
use crate::keeper::Verdict;
use crate::paths;
use crate::run::CONSOLE;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Debian's user-mode kernel.
const GUEST_KERNEL: &str = "/usr/bin/linux.uml";
/// Room for the guest's boot and its end; booting takes about three seconds on an idle machine.
const BOOT_LIMIT: Duration = Duration::from_secs(60);
/// How much later than the keeper the test itself gives up.
const KEEPER_LIMIT: Duration = Duration::from_secs(15);

/// The kernel that this machine can offer, or what to do so that it can offer one.
pub(super) fn choose_kernel() -> Result<Kernel> {
    if let Some(word) = std::env::var_os(KERNEL_VARIABLE) {
        let kernel = word.to_str().and_then(Kernel::from_word);
        return kernel.ok_or_else(|| Error::Garbled {
            what: "LAB_KERNEL (guest or this)",
            text: word.to_string_lossy().into(),
        });
    }
    choose(Machine {
        root: nix::unistd::geteuid().is_root(),
        has_ipvs: Path::new("/proc/net/ip_vs").exists(),
        has_guest: Path::new(GUEST_KERNEL).exists(),
    })
}

/// The guest's kernel and no other, or what to do so that this machine has it.
pub(super) fn guest() -> Result<Kernel> {
    choose(Machine {
        root: false,
        has_ipvs: false,
        has_guest: Path::new(GUEST_KERNEL).exists(),
    })
}

/// What matters of a machine.
#[derive(Clone, Copy)]
struct Machine {
    root: bool,
    has_ipvs: bool,
    has_guest: bool,
}

fn choose(machine: Machine) -> Result<Kernel> {
    match machine {
        Machine {
            root: true,
            has_ipvs: true,
            ..
        } => Ok(Kernel::This),
        Machine {
            has_guest: true, ..
        } => Ok(Kernel::Guest),
        Machine { has_ipvs, .. } => Err(Error::broken(format!(
            "no kernel for the lab: {GUEST_KERNEL} is not installed (run `cargo xtask setup`, or \
             as root `apt-get install user-mode-linux`), and this kernel {}",
            if has_ipvs {
                "has IPVS, but only for root"
            } else {
                "has no IPVS loaded"
            }
        ))),
    }
}

/// Runs a job under a keeper and says how it ended. Whatever happens, nothing of it stays.
pub(super) fn run(job: &Job) -> Result<Verdict> {
    let init = paths::own_program("lab-init")?;
    let keeper = paths::own_program("lab-keeper")?;
    // Short and without blanks: the guest gets these paths on its kernel's command line.
    let scratch = tempfile::Builder::new()
        .prefix("lab")
        .tempdir()
        .map_err(Error::io("make a scratch directory"))?;
    let job_file = scratch.path().join("job");
    job.write(&job_file)?;
    let link = scratch.path().join("init");
    symlink(&init, &link).map_err(Error::io(format!("make the link {}", link.display())))?;

    let console_path = job.dir.join(CONSOLE);
    let open = || -> std::io::Result<(File, File)> {
        let console = File::options()
            .create(true)
            .append(true)
            .open(&console_path)?;
        Ok((console.try_clone()?, console))
    };
    let (out, err) = open().map_err(Error::io(format!("open {}", console_path.display())))?;
    let limit = job.bound + BOOT_LIMIT;
    let command = match job.kernel {
        Kernel::Guest => guest_command(scratch.path(), &link, &job_file),
        Kernel::This => namespaces_command(&link),
    };
    let child = Command::new(&keeper)
        .arg(limit.as_millis().to_string())
        .arg(scratch.path())
        .args(command)
        .env(JOB_VARIABLE, &job_file)
        .env_remove(INSIDE_VARIABLE)
        .stdin(Stdio::piped())
        .stdout(out)
        .stderr(err)
        // A Ctrl-C for the test must not hit the keeper before it has done its work.
        .process_group(0)
        .spawn()
        .map_err(Error::io(format!("start {}", keeper.display())))?;
    // From here on the directory is the keeper's to remove.
    let _ = scratch.keep();
    wait_for_keeper(child, limit + KEEPER_LIMIT)
}

fn wait_for_keeper(mut child: Child, limit: Duration) -> Result<Verdict> {
    let deadline = Instant::now() + limit;
    // `try_wait`, not `wait`, which would close the pipe that the keeper watches.
    loop {
        if let Some(status) = child.try_wait().map_err(Error::io("wait for the keeper"))? {
            return status.code().and_then(Verdict::from_status).ok_or_else(|| {
                Error::broken(format!("the keeper failed ({status}): see {CONSOLE}"))
            });
        }
        if Instant::now() >= deadline {
            // Its end closes nothing that the inside depends on, so ask it first.
            drop(child.stdin.take());
            std::thread::sleep(Duration::from_secs(1));
            let _ = child.kill();
            let _ = child.wait();
            return Ok(Verdict::TooLong);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn guest_command(scratch: &Path, init: &Path, job: &Path) -> Vec<OsString> {
    let named = |name: &str, path: &Path| {
        let mut argument = OsString::from(name);
        argument.push(path);
        argument
    };
    let mut arguments = vec![OsString::from(GUEST_KERNEL)];
    let fixed = "mem=1024M root=/dev/root rootfstype=hostfs rootflags=/ ro quiet \
                 con=null con0=null,fd:1 con1=null umid=guest";
    arguments.extend(fixed.split_whitespace().map(OsString::from));
    // Its management socket: kept out of the caller's home directory.
    let mut dir = named("uml_dir=", scratch);
    dir.push("/");
    arguments.push(dir);
    arguments.push(named("init=", init));
    // What the kernel does not know becomes the environment of init.
    arguments.push(named(&format!("{JOB_VARIABLE}="), job));
    arguments
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
    fn this_kernel_where_it_can_else_a_guest_else_advice() {
        let machine = |root, has_ipvs, has_guest| Machine {
            root,
            has_ipvs,
            has_guest,
        };
        assert_eq!(choose(machine(true, true, true)).unwrap(), Kernel::This);
        assert_eq!(choose(machine(false, true, true)).unwrap(), Kernel::Guest);
        assert_eq!(choose(machine(true, false, true)).unwrap(), Kernel::Guest);
        for root in [false, true] {
            let advice = choose(machine(root, false, false)).unwrap_err().to_string();
            assert!(advice.contains("cargo xtask setup"), "{advice}");
            assert!(advice.contains("has no IPVS"), "{advice}");
        }
        let advice = choose(machine(false, true, false)).unwrap_err().to_string();
        assert!(advice.contains("only for root"), "{advice}");
    }
}
