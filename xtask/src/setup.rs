//! `setup`: what the tests need from the system, and getting it from Debian's archive.

mod kernel;
mod real_servers;
mod unpack;

use crate::run::run;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
pub(crate) use unpack::Program;

/// Something the lab uses, and the package that brings it.
struct Need {
    /// One of these has to exist.
    paths: &'static [&'static str],
    package: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        paths: &["/usr/bin/qemu-system-x86_64"],
        package: "qemu-system-x86",
    },
    Need {
        paths: &["/usr/sbin/ipvsadm", "/sbin/ipvsadm"],
        package: "ipvsadm",
    },
    Need {
        paths: &["/usr/sbin/iptables-legacy", "/sbin/iptables-legacy"],
        package: "iptables",
    },
    Need {
        paths: &["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"],
        package: "iproute2",
    },
    Need {
        paths: &["/usr/sbin/tc", "/sbin/tc"],
        package: "iproute2",
    },
    Need {
        paths: &["/usr/sbin/modprobe", "/sbin/modprobe"],
        package: "kmod",
    },
    Need {
        paths: &["/usr/bin/unshare"],
        package: "util-linux",
    },
    // libFuzzer is C++.
    Need {
        paths: &["/usr/bin/g++", "/usr/bin/c++"],
        package: "g++",
    },
    Need {
        paths: &["/usr/bin/logger"],
        package: "bsdutils",
    },
];

/// Gets everything: what the lab needs, and the programs that stories run as real servers.
pub(crate) fn main(args: &[OsString]) -> Result<()> {
    ensure!(args.is_empty(), "setup takes no arguments");
    lab()?;
    real_servers::main(update)?;
    eprintln!("xtask: nothing is missing");
    Ok(())
}

/// Unpacks programs that are missing into a directory below `target/`, which is returned. Nothing
/// is installed.
pub(crate) fn unpack(directory: &str, programs: &[Program]) -> Result<PathBuf> {
    unpack::unpack(directory, programs, update)
}

/// Refreshes the lists of packages.
fn update() -> Result<()> {
    let prefix = privilege()?.context("as root: apt-get update")?;
    run(apt(prefix).arg("update"))
}

/// Finds what the lab needs and is missing, installs it where that is allowed, and otherwise says
/// how to.
pub(crate) fn lab() -> Result<()> {
    packages()?;
    kernel::main(update)
}

fn packages() -> Result<()> {
    let packages = missing(|path| Path::new(path).exists());
    if packages.is_empty() {
        return Ok(());
    }
    ensure!(
        Path::new("/usr/bin/apt-get").exists(),
        "missing, and this is not a Debian system; install what Debian has in: {}",
        packages.join(" ")
    );
    let Some(prefix) = privilege()? else {
        bail!(
            "missing: {}. As root: {}",
            packages.join(" "),
            advice(&packages)
        );
    };
    // A list that is out of date names packages that are gone from the archive. One source that
    // does not answer is no reason to stop: the packages may come from another.
    if let Err(error) = run(apt(prefix).arg("update")) {
        eprintln!("xtask: going on: {error:#}");
    }
    run(apt(prefix)
        .args(["install", "--yes", "--no-install-recommends"])
        .args(&packages))
    .with_context(|| format!("could not install; by hand, as root: {}", advice(&packages)))?;
    let still = missing(|path| Path::new(path).exists());
    ensure!(
        still.is_empty(),
        "installed, and yet something of these is missing: {still:?}"
    );
    Ok(())
}

/// The packages that bring what is missing, each once, in the order of their names.
fn missing(exists: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let absent = NEEDS
        .iter()
        .filter(|need| !need.paths.iter().any(|path| exists(path)));
    absent
        .map(|need| need.package)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// The one command to run by hand.
fn advice(packages: &[&str]) -> String {
    let packages = packages.join(" ");
    format!("apt-get update; apt-get install --yes --no-install-recommends {packages}")
}

/// What goes before `apt-get`: nothing for root, sudo where it asks for no password. `None` if
/// neither will do.
fn privilege() -> Result<Option<&'static [&'static str]>> {
    let id = Command::new("id")
        .arg("-u")
        .output()
        .context("cannot run `id -u`")?;
    if id.stdout.trim_ascii() == b"0" {
        return Ok(Some(&[]));
    }
    let sudo = Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Ok(sudo
        .is_ok_and(|status| status.success())
        .then_some(&["sudo", "-n"]))
}

fn apt(prefix: &[&str]) -> Command {
    let words = prefix
        .iter()
        .copied()
        .chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let words: Vec<_> = words.collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_package_is_named_once() {
        assert_eq!(missing(|_| true), Vec::<&str>::new());
        let none = missing(|_| false);
        assert_eq!(
            none.iter()
                .filter(|package| **package == "iproute2")
                .count(),
            1
        );
        assert!(
            none.contains(&"qemu-system-x86") && none.contains(&"kmod"),
            "{none:?}"
        );
        assert_eq!(missing(|path| !path.ends_with("/tc")), ["iproute2"]);
        // One of several places is enough.
        assert_eq!(
            missing(|path| path != "/usr/sbin/ipvsadm"),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn the_advice_is_one_line_that_can_be_pasted() {
        let line = advice(&["ipvsadm", "kmod"]);
        assert!(
            line.ends_with(" ipvsadm kmod") && !line.contains('\n'),
            "{line}"
        );
    }
}
