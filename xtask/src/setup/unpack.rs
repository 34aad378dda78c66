//! Programs that are used and not installed. Installed, Debian would start most of them, and again at
//! every boot; so their packages are only unpacked, below `target/`, with the libraries that this
//! machine does not have. That needs no privilege, and `cargo clean` removes them.

use crate::run::{run, target_dir};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program, where its package has it, and the package.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) path: &'static str,
    pub(crate) package: &'static str,
}

/// Unpacks what is missing of these programs into this directory below `target/`, which is returned.
/// `update` refreshes the lists of packages; it is called if the packages cannot be had by those
/// that are there.
pub(super) fn unpack(
    directory: &str,
    programs: &[Program],
    update: impl FnOnce() -> Result<()>,
) -> Result<PathBuf> {
    let root = target_dir()?.join(directory);
    let packages = missing(&root, programs);
    if packages.is_empty() {
        return Ok(root);
    }
    ensure!(
        Path::new("/usr/bin/apt-get").exists(),
        "missing, and this is not a Debian system; install what Debian has in: {}",
        packages.join(" ")
    );
    let archives = root.join("packages");
    std::fs::create_dir_all(archives.join("partial"))
        .with_context(|| format!("cannot make {}", archives.display()))?;
    if let Err(error) = download(&archives, &packages) {
        eprintln!("xtask: once more, with new lists of packages: {error:#}");
        update()?;
        download(&archives, &packages)?;
    }
    for package in downloaded(&archives)? {
        run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&root))?;
    }
    let still = missing(&root, programs);
    ensure!(
        still.is_empty(),
        "unpacked, and yet something of these is missing: {still:?}"
    );
    std::fs::remove_dir_all(&archives)
        .with_context(|| format!("cannot remove {}", archives.display()))?;
    Ok(root)
}

/// The packages that bring what neither `root` nor this machine has, each once.
pub(super) fn missing(root: &Path, programs: &[Program]) -> Vec<&'static str> {
    let absent = programs.iter().filter(|program| {
        let places = [root, Path::new("/")];
        !places.iter().any(|place| place.join(program.path).exists())
    });
    absent
        .map(|program| program.package)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// Gets the packages, and those they need that are not installed. Nothing is installed, so no lock
/// is taken: neither is root needed, nor does an upgrade that goes on elsewhere matter.
fn download(archives: &Path, packages: &[&str]) -> Result<()> {
    let mut directory = std::ffi::OsString::from("Dir::Cache::archives=");
    directory.push(archives);
    run(Command::new("apt-get")
        .arg("-o")
        .arg(directory)
        .args(["-o", "Debug::NoLocking=1", "--yes", "--download-only"])
        .args(["--no-install-recommends", "install"])
        .args(packages)
        .stdin(Stdio::null())
        .stdout(Stdio::null()))
    .with_context(|| format!("could not get the packages {}", packages.join(" ")))
}

fn downloaded(archives: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(archives);
    let entries = entries.with_context(|| format!("cannot list {}", archives.display()))?;
    let mut packages = Vec::new();
    for entry in entries {
        let path = entry.context("cannot list the packages")?.path();
        if path.extension() == Some(OsStr::new("deb")) {
            packages.push(path);
        }
    }
    packages.sort();
    Ok(packages)
}
