//! The guest: QEMU's TCG emulator with instruction counting, Debian's stock kernel, and this
//! machine's files read-only over 9p.
//!
//! # Virtual time
//! `-icount shift=0,sleep=off`: one instruction is one nanosecond, and an idle guest jumps to its
//! next timer. Durations measured in the guest do not depend on the load of this machine, and
//! waiting costs no wall time.
//!
//! # Start
//! A guest boots once: `lab-init` in the initial RAM file system loads the kernel modules, prints
//! [`READY`] and reads its console until a line names a job. QEMU then writes the state of the
//! machine to a file (a migration to a socket), and every later guest starts from that file within
//! a second. No 9p share is mounted at that moment, because QEMU does not migrate a mounted one.
//! The file is made anew when the kernel, QEMU, `lab-init` or the command line has changed.
//!
//! # Files
//! The guest's root is an overlay without an upper layer: files that are resident in its memory
//! (`guest/resident.rs`, and the programs under test) over the share of this machine's `/`.
//!
//! # Isolation
//! QEMU itself exports `/` with `readonly=on`; only the directory of the run is exported for
//! writing. The guest has no network device.

mod initramfs;
mod kernel;
mod qemu;
mod resident;
mod snapshot;

pub(crate) use initramfs::{MODULE_DIR, NEW_ROOT, RESIDENT, SHARE};
pub(crate) use kernel::GuestKernel;
pub(crate) use snapshot::is_ready;

use crate::error::{Error, Result};
use crate::job::Kernel;
use crate::keeper::INPUT;
use qemu::Machine;
use snapshot::{boot_files, snapshot};
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::Path;

/// The line on the console of a guest that waits for a job.
pub(crate) const READY: &str = "lab-init: ready";
/// Marks the kernel command line of a guest.
pub(crate) const MARK: &str = "lab-guest";
/// The 9p share of this machine's root directory, read-only.
pub(crate) const ROOT_TAG: &str = "root";
/// The 9p share of the run's directory.
pub(crate) const RUN_TAG: &str = "run";
/// Kernel modules that a guest loads before it is saved: those to reach the shares, and those that
/// nearly every scenario uses. The rest loads on demand, from the unpacked package.
pub(crate) const MODULES: &[&str] = &[
    "virtio_pci",
    "9pnet_virtio",
    "9p",
    "overlay",
    "crc32c_generic",
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

/// Returns the QEMU command that runs a job, with the files it names linked in `scratch`.
pub(crate) fn command(
    kernel: Kernel,
    run_dir: &Path,
    scratch: &Path,
    job: &Path,
) -> Result<Vec<OsString>> {
    qemu::qemu()?;
    let found = GuestKernel::find()?;
    let input = scratch.join(INPUT);
    // QEMU hands the first byte to a machine whose state is not loaded yet: an empty line goes first.
    let line = format!("\n{}\n", job.display());
    std::fs::write(&input, line).map_err(Error::io(format!("write {}", input.display())))?;
    let initramfs = scratch.join("initramfs");
    let mut machine = Machine {
        kernel: found.image.clone(),
        initramfs: initramfs.clone(),
        run_dir: run_dir.to_path_buf(),
        control: None,
        incoming: None,
        is_virtual: kernel == Kernel::Guest,
    };
    let link = |target: &Path, link: &Path| {
        symlink(target, link).map_err(Error::io(format!("make the link {}", link.display())))
    };
    if kernel == Kernel::Guest {
        let saved = snapshot(&found)?;
        link(&saved.initramfs, &initramfs)?;
        let state = scratch.join("state");
        link(&saved.state, &state)?;
        machine.incoming = Some(state);
    } else {
        link(&boot_files(&found)?.initramfs, &initramfs)?;
    }
    machine.command()
}
