//! The programs that stories run as real servers: nginx, sshd, vsftpd and so on. Installed, Debian
//! would start them, and again at every boot; so their packages are only unpacked, below `target/`,
//! with the libraries that this machine does not have. That needs no privilege, and `cargo clean`
//! removes them.

use crate::run::{run, target_dir};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Below cargo's target directory. `tests/real_servers.rs` looks there.
const DIRECTORY: &str = "real-servers";

/// A program, where its package has it, and the package.
struct Program {
    path: &'static str,
    package: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program {
        path: "usr/sbin/nginx",
        package: "nginx",
    },
    Program {
        path: "usr/sbin/sshd",
        package: "openssh-server",
    },
    Program {
        path: "usr/bin/ssh",
        package: "openssh-client",
    },
    Program {
        path: "usr/bin/ssh-keygen",
        package: "openssh-client",
    },
    Program {
        path: "usr/sbin/vsftpd",
        package: "vsftpd",
    },
    Program {
        path: "usr/sbin/inetd",
        package: "openbsd-inetd",
    },
    Program {
        path: "usr/sbin/dnsmasq",
        package: "dnsmasq-base",
    },
    Program {
        path: "usr/sbin/rwhod",
        package: "rwhod",
    },
    Program {
        path: "usr/bin/ruptime",
        package: "rwho",
    },
    Program {
        path: "sbin/rpcbind",
        package: "rpcbind",
    },
    Program {
        path: "usr/sbin/rpc.rstatd",
        package: "rstatd",
    },
    Program {
        path: "usr/bin/rup",
        package: "rstat-client",
    },
];

/// Unpacks what is missing. `update` refreshes the lists of packages; it is called if the packages
/// cannot be had by those that are there.
pub(super) fn main(update: impl FnOnce() -> Result<()>) -> Result<()> {
    let root = target_dir()?.join(DIRECTORY);
    let packages = missing(&root);
    if packages.is_empty() {
        return Ok(());
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
    let still = missing(&root);
    ensure!(
        still.is_empty(),
        "unpacked, and yet something of these is missing: {still:?}"
    );
    std::fs::remove_dir_all(&archives)
        .with_context(|| format!("cannot remove {}", archives.display()))
}

/// The packages that bring what neither `root` nor this machine has, each once.
fn missing(root: &Path) -> Vec<&'static str> {
    let absent = PROGRAMS.iter().filter(|program| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unpacked_is_not_missing() {
        let root = std::env::temp_dir().join(format!("xtask-servers-{}", std::process::id()));
        for program in PROGRAMS {
            let path = root.join(program.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        assert_eq!(missing(&root), Vec::<&str>::new());
        // Both programs of one package are gone: it is named once, unless this machine has it.
        for path in ["usr/bin/ssh", "usr/bin/ssh-keygen"] {
            std::fs::remove_file(root.join(path)).unwrap();
        }
        let found = missing(&root);
        std::fs::remove_dir_all(&root).unwrap();
        let here = Path::new("/usr/bin/ssh").exists() && Path::new("/usr/bin/ssh-keygen").exists();
        assert_eq!(found, if here { vec![] } else { vec!["openssh-client"] });
    }
}
