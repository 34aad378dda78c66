//! The command line of QEMU.

use super::{MARK, ROOT_TAG, RUN_TAG};
use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The emulator's file name.
const QEMU: &str = "qemu-system-x86_64";
/// Memory of a guest in MiB.
const MEMORY: &str = "1024";

/// Returns the path of QEMU, from PATH.
pub(super) fn qemu() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let runs = |file: &PathBuf| {
        file.metadata()
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path)
        .map(|dir| dir.join(QEMU))
        .find(runs)
        .ok_or_else(|| {
            Error::broken(format!(
                "{QEMU} is not in PATH: run `cargo xtask setup`, or as root `apt-get install \
             --no-install-recommends qemu-system-x86`"
            ))
        })
}

/// One machine to emulate. Its console is QEMU's standard input and output.
pub(super) struct Machine {
    pub(super) kernel: PathBuf,
    pub(super) initramfs: PathBuf,
    /// Exported for writing.
    pub(super) run_dir: PathBuf,
    /// Where QEMU listens for QMP commands.
    pub(super) control: Option<PathBuf>,
    /// A saved state to start from.
    pub(super) incoming: Option<PathBuf>,
    /// Virtual time, or real time with KVM.
    pub(super) is_virtual: bool,
}

impl Machine {
    /// Returns the program and its arguments.
    pub(super) fn command(&self) -> Result<Vec<OsString>> {
        let mut command = vec![qemu()?.into_os_string()];
        command.extend(self.arguments());
        Ok(command)
    }

    fn arguments(&self) -> Vec<OsString> {
        let engine = if self.is_virtual {
            "-machine q35,accel=tcg -cpu max -icount shift=0,sleep=off -rtc clock=vm"
        } else {
            "-machine q35,accel=kvm -cpu host"
        };
        let fixed = format!(
            "{engine} -smp 1 -m {MEMORY} -nodefaults -no-user-config -display none -no-reboot \
             -serial chardev:console"
        );
        let mut all: Vec<OsString> = fixed.split_whitespace().map(OsString::from).collect();
        let mut add = |option: &str, value: OsString| {
            all.push(option.into());
            all.push(value);
        };
        add("-kernel", self.kernel.clone().into());
        add("-initrd", self.initramfs.clone().into());
        add("-append", kernel_command_line().into());
        add("-chardev", "stdio,id=console,signal=off".into());
        for (tag, path, mode) in [
            (ROOT_TAG, Path::new("/"), "on"),
            (RUN_TAG, self.run_dir.as_path(), "off"),
        ] {
            let share =
                format!("local,id={tag},security_model=none,multidevs=remap,readonly={mode},path=");
            add("-fsdev", value(&share, path));
            add(
                "-device",
                format!("virtio-9p-pci,fsdev={tag},mount_tag={tag}").into(),
            );
        }
        if let Some(control) = &self.control {
            add(
                "-chardev",
                value("socket,id=control,server=on,wait=off,path=", control),
            );
            add("-mon", "chardev=control,mode=control".into());
        }
        if let Some(state) = &self.incoming {
            // Read by a shell: the path is that of a link in the scratch directory.
            let mut reader = OsString::from("exec:cat ");
            reader.push(state);
            add("-incoming", reader);
        }
        all
    }
}

/// Returns the guest's kernel command line. `mitigations=off` and `init_on_alloc=0` make the
/// emulated processor do less; `panic=-1` with `-no-reboot` ends QEMU at a panic; `nohz=off` limits
/// how far an idle clock jumps; `norandmaps` makes figures repeat.
fn kernel_command_line() -> String {
    format!(
        "console=ttyS0 quiet panic=-1 mitigations=off init_on_alloc=0 audit=0 nowatchdog \
         random.trust_cpu=on nohz=off norandmaps {MARK}"
    )
}

/// Identifies whatever a saved state depends on.
pub(super) fn fingerprint() -> Vec<u8> {
    let machine = Machine {
        kernel: PathBuf::new(),
        initramfs: PathBuf::new(),
        run_dir: PathBuf::new(),
        control: None,
        incoming: None,
        is_virtual: true,
    };
    machine.arguments().join(OsStr::new("\n")).into_vec()
}

/// A path in an option of QEMU, where a comma is written twice.
fn value(option: &str, path: &Path) -> OsString {
    let mut bytes = option.as_bytes().to_vec();
    for byte in path.as_os_str().as_bytes() {
        bytes.push(*byte);
        if *byte == b',' {
            bytes.push(b',');
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_run_directory_is_writable() {
        let machine = Machine {
            kernel: "/k".into(),
            initramfs: "/i".into(),
            run_dir: "/a,b/run".into(),
            control: None,
            incoming: None,
            is_virtual: true,
        };
        let line = machine
            .arguments()
            .join(OsStr::new(" "))
            .into_string()
            .unwrap();
        assert!(line.contains("id=root,security_model=none,multidevs=remap,readonly=on,path=/ "));
        assert!(line.contains("readonly=off,path=/a,,b/run "), "{line}");
        assert_eq!(line.matches("-fsdev").count(), 2);
        assert!(
            !line.contains("netdev") && line.contains("-nodefaults"),
            "{line}"
        );
    }
}
