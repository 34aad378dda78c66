//! The guest's kernel: Debian's package, unpacked below `target/` and not installed.

use crate::run::{run, target_dir};
use anyhow::{Context, Result, bail, ensure};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Below cargo's target directory. The lab looks there (`crates/lab/src/guest/kernel.rs`).
const DIRECTORY: &str = "lab-kernel";
/// The package that depends on Debian's current kernel.
const META_PACKAGE: &str = "linux-image-amd64";
/// The link to the directory of that kernel.
const DEFAULT: &str = "default";
/// Names another package, or the path of a `.deb`.
const VARIABLE: &str = "LAB_KERNEL_DEB";

/// Downloads and unpacks the kernel package if it is missing. `update` refreshes the lists of
/// packages.
pub(super) fn main(update: impl FnOnce() -> Result<()>) -> Result<()> {
    let base = target_dir()?.join(DIRECTORY);
    let named = std::env::var_os(VARIABLE);
    let name = named
        .as_deref()
        .map_or_else(|| DEFAULT.to_owned(), package_name);
    if is_complete(&base.join(&name)) {
        return Ok(());
    }
    ensure!(
        Path::new("/usr/bin/apt-get").exists(),
        "no guest kernel, and this is not a Debian system: unpack a kernel package into {}",
        base.join(name).display()
    );
    let file = named
        .as_deref()
        .map(Path::new)
        .filter(|path| path.is_file());
    let (package, archive) = if let Some(file) = file {
        (name.clone(), file.to_path_buf())
    } else {
        let wanted = named.as_deref().and_then(OsStr::to_str);
        let fetched = fetch(&base, wanted).or_else(|error| {
            eprintln!("xtask: once more, with new lists of packages: {error:#}");
            update()?;
            fetch(&base, wanted)
        });
        fetched.context("cannot get the guest's kernel")?
    };
    unpack(&base, &package, &archive)?;
    if named.is_none() {
        let link = base.join(DEFAULT);
        if link.is_symlink() {
            std::fs::remove_file(&link)
                .with_context(|| format!("cannot remove {}", link.display()))?;
        }
        std::os::unix::fs::symlink(&package, &link)
            .with_context(|| format!("cannot make the link {}", link.display()))?;
    }
    ensure!(
        is_complete(&base.join(&name)),
        "{package} has no kernel with modules"
    );
    Ok(())
}

/// Whether a kernel and the index of its modules are there.
fn is_complete(root: &Path) -> bool {
    let dirs = ["lib/modules", "usr/lib/modules"].map(|dir| root.join(dir));
    let releases = dirs
        .iter()
        .filter_map(|dir| dir.read_dir().ok())
        .flatten()
        .flatten();
    releases.into_iter().any(|release| {
        let image = root
            .join("boot")
            .join(format!("vmlinuz-{}", release.file_name().display()));
        image.is_file() && release.path().join("modules.dep").is_file()
    })
}

/// Downloads a package, by default the current kernel's, and returns its name and file. apt checks
/// it against the archive's signature.
fn fetch(base: &Path, wanted: Option<&str>) -> Result<(String, PathBuf)> {
    let package = match wanted {
        Some(package) => package.to_owned(),
        None => current_kernel()?,
    };
    let archives = base.join("packages");
    if archives.exists() {
        std::fs::remove_dir_all(&archives)
            .with_context(|| format!("cannot remove {}", archives.display()))?;
    }
    std::fs::create_dir_all(&archives)
        .with_context(|| format!("cannot make {}", archives.display()))?;
    let mut download = Command::new("apt-get");
    download
        .args(["-qq", "download", &package])
        .current_dir(&archives)
        .stdin(Stdio::null());
    run(&mut download)?;
    let entries = archives
        .read_dir()
        .with_context(|| format!("cannot list {}", archives.display()));
    let file = entries?.flatten().map(|entry| entry.path()).next();
    let file = file.with_context(|| format!("apt-get brought no file for {package}"))?;
    Ok((package, file))
}

/// The package that Debian's current kernel is in: `linux-image-6.1.0-56-amd64`.
fn current_kernel() -> Result<String> {
    let output = Command::new("apt-cache")
        .args(["depends", META_PACKAGE])
        .output()
        .context("cannot run apt-cache")?;
    let text = String::from_utf8_lossy(&output.stdout);
    match first_kernel(&text) {
        Some(package) => Ok(package.to_owned()),
        None => bail!("apt-cache names no kernel for {META_PACKAGE}"),
    }
}

fn first_kernel(depends: &str) -> Option<&str> {
    let mut packages = depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    packages.find(|package| package.starts_with("linux-image-"))
}

/// Unpacks beside and renames, so that a kernel is whole or absent.
fn unpack(base: &Path, package: &str, archive: &Path) -> Result<()> {
    let draft = base.join(format!("{package}.draft"));
    let root = base.join(package);
    for old in [&draft, &root] {
        if old.exists() {
            std::fs::remove_dir_all(old)
                .with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    std::fs::create_dir_all(&draft).with_context(|| format!("cannot make {}", draft.display()))?;
    run(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&draft))?;
    for dir in ["lib/modules", "usr/lib/modules"] {
        let releases = draft.join(dir).read_dir().into_iter().flatten().flatten();
        for release in releases {
            // depmod looks below lib/modules, wherever the package has them.
            if dir.starts_with("usr") {
                std::os::unix::fs::symlink("usr/lib", draft.join("lib"))
                    .context("cannot make the link lib")?;
            }
            run(Command::new("/sbin/depmod")
                .arg("-b")
                .arg(&draft)
                .arg(release.file_name()))?;
        }
    }
    std::fs::rename(&draft, &root).with_context(|| format!("cannot rename {}", draft.display()))?;
    let archives = base.join("packages");
    if archives.exists() {
        std::fs::remove_dir_all(&archives)
            .with_context(|| format!("cannot remove {}", archives.display()))?;
    }
    Ok(())
}

/// `linux-image-6.1.0-56-amd64` from that name or from the path of a file `NAME_VERSION_ARCH.deb`.
fn package_name(package: &OsStr) -> String {
    let file = Path::new(package)
        .file_name()
        .map_or_else(OsString::new, OsStr::to_owned);
    let text = file.to_string_lossy();
    text.split('_').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_kernel_in_dependencies() {
        let text = "linux-image-amd64\n  Depends: linux-image-6.1.0-56-amd64\n  Suggests: x\n";
        assert_eq!(first_kernel(text), Some("linux-image-6.1.0-56-amd64"));
        assert_eq!(first_kernel("linux-image-amd64\n"), None);
    }

    #[test]
    fn kernel_without_module_index_is_incomplete() {
        let root = std::env::temp_dir().join(format!("xtask-kernel-{}", std::process::id()));
        let modules = root.join("lib/modules/6.1");
        std::fs::create_dir_all(&modules).unwrap();
        std::fs::create_dir_all(root.join("boot")).unwrap();
        std::fs::write(root.join("boot/vmlinuz-6.1"), "").unwrap();
        let before = is_complete(&root);
        std::fs::write(modules.join("modules.dep"), "").unwrap();
        let after = is_complete(&root);
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!((before, after), (false, true));
    }
}
