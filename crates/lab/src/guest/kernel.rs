//! Debian's kernel package, unpacked by `cargo xtask setup` below `target/lab-kernel`.

use crate::error::{Error, Result};
use crate::paths::target_dir;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Names the directory with the unpacked packages, in place of `target/lab-kernel`.
const DIR_VARIABLE: &str = "LAB_KERNEL_DIR";
/// Names another kernel package: its name in Debian's archive, or the path of a `.deb`.
const DEB_VARIABLE: &str = "LAB_KERNEL_DEB";
/// The package used where none is named: a link to its directory.
const DEFAULT: &str = "default";
/// Where packages have their modules, before and after Debian merged `/lib` into `/usr/lib`.
const MODULE_DIRS: [&str; 2] = ["lib/modules", "usr/lib/modules"];

/// A kernel to boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuestKernel {
    /// The compressed image.
    pub(crate) image: PathBuf,
    /// The directory `lib/modules/RELEASE`, with `modules.dep`.
    pub(crate) modules: PathBuf,
    /// The release, as `uname -r` prints it.
    pub(crate) release: String,
}

impl GuestKernel {
    /// Returns the kernel of the package that `LAB_KERNEL_DEB` names, or the default one.
    pub(crate) fn find() -> Result<Self> {
        let base = match std::env::var_os(DIR_VARIABLE) {
            Some(dir) => PathBuf::from(dir),
            None => target_dir()?.join("lab-kernel"),
        };
        let package = std::env::var_os(DEB_VARIABLE);
        let name = package
            .as_ref()
            .map_or_else(|| DEFAULT.into(), package_name);
        let root = base.join(name);
        Self::unpacked(&root).ok_or_else(|| {
            let variable = package.map_or_else(String::new, |package| {
                format!("{DEB_VARIABLE}={} ", package.display())
            });
            Error::broken(format!(
                "no guest kernel in {}: run `{variable}cargo xtask setup`",
                root.display()
            ))
        })
    }

    fn unpacked(root: &Path) -> Option<Self> {
        let root = root.canonicalize().ok()?;
        let image = entry(&root.join("boot"), "vmlinuz-")?;
        let release = image.file_name()?.to_str()?.strip_prefix("vmlinuz-")?;
        let modules = MODULE_DIRS.iter().map(|dir| root.join(dir).join(release));
        let modules = modules
            .into_iter()
            .find(|dir| dir.join("modules.dep").is_file())?;
        Some(GuestKernel {
            release: release.to_owned(),
            image,
            modules,
        })
    }

    /// Returns the files of these modules and of those they depend on, in the order of loading.
    /// A module built into the kernel has no file.
    pub(crate) fn module_files(&self, names: &[&str]) -> Result<Vec<PathBuf>> {
        let read = |name: &str| {
            let path = self.modules.join(name);
            std::fs::read_to_string(&path).map_err(Error::io(format!("read {}", path.display())))
        };
        let built_in = read("modules.builtin")?;
        let built_in: BTreeSet<_> = built_in.lines().map(module_name).collect();
        let dependencies = read("modules.dep")?;
        let files = load_order(&dependencies, &built_in, names)?;
        Ok(files
            .into_iter()
            .map(|file| self.modules.join(file))
            .collect())
    }
}

/// `linux-image-6.1.0-56-amd64` from that name or from the path of a file `NAME_VERSION_ARCH.deb`.
fn package_name(package: &std::ffi::OsString) -> std::ffi::OsString {
    let file = Path::new(package).file_name().unwrap_or(package);
    let text = file.to_string_lossy();
    text.split('_').next().unwrap_or_default().to_owned().into()
}

fn entry(dir: &Path, prefix: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    let mut found: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        })
        .collect();
    found.sort();
    found.pop()
}

/// The name of a module from its file: `kernel/fs/9p/9p.ko.xz` is `9p`, and dashes are underscores.
fn module_name(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.split(".ko").next().unwrap_or(name);
    name.replace('-', "_")
}

/// Orders modules by `modules.dep` (depmod(8), modules.dep(5)): `FILE: NEEDED...`, in which all
/// that is needed is listed, what loads first at the end.
fn load_order<'a>(
    dependencies: &'a str,
    built_in: &BTreeSet<String>,
    names: &[&str],
) -> Result<Vec<&'a str>> {
    let lines = dependencies.lines().filter_map(|line| line.split_once(':'));
    let known: BTreeMap<_, _> = lines
        .map(|(file, needed)| (module_name(file), (file, needed)))
        .collect();
    let mut order: Vec<&str> = Vec::new();
    for name in names {
        let Some((file, needed)) = known.get(*name) else {
            if built_in.contains(*name) {
                continue;
            }
            return Err(Error::Unknown {
                kind: "kernel module",
                name: (*name).to_owned(),
            });
        };
        for file in needed.split_whitespace().rev().chain([*file]) {
            if !order.contains(&file) {
                order.push(file);
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPENDENCIES: &str = "\
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_ring.ko:
kernel/net/9p/9pnet_virtio.ko.xz: kernel/net/9p/9pnet.ko.xz kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/net/sched/sch-netem.ko:
";

    #[test]
    fn modules_load_after_their_dependencies() {
        let order = load_order(DEPENDENCIES, &BTreeSet::new(), &["virtio", "9pnet_virtio"]);
        assert_eq!(
            order.unwrap(),
            [
                "kernel/drivers/virtio/virtio_ring.ko",
                "kernel/drivers/virtio/virtio.ko",
                "kernel/net/9p/9pnet.ko.xz",
                "kernel/net/9p/9pnet_virtio.ko.xz",
            ]
        );
        let order = load_order(DEPENDENCIES, &BTreeSet::new(), &["sch_netem"]);
        assert_eq!(order.unwrap(), ["kernel/net/sched/sch-netem.ko"]);
    }

    #[test]
    fn built_in_modules_need_no_file() {
        let built_in = BTreeSet::from([module_name("kernel/net/bridge.ko")]);
        assert_eq!(
            load_order("", &built_in, &["bridge"]).unwrap(),
            Vec::<&str>::new()
        );
        let error = load_order("", &built_in, &["veth"])
            .unwrap_err()
            .to_string();
        assert_eq!(error, "the topology has no kernel module called veth");
    }

    #[test]
    fn packages_are_named_by_name_or_file() {
        for package in [
            "linux-image-6.1-amd64",
            "/tmp/linux-image-6.1-amd64_6.1.1-1_amd64.deb",
        ] {
            assert_eq!(package_name(&package.into()), "linux-image-6.1-amd64");
        }
    }
}
