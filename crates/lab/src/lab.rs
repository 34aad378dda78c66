//! The lab as a story sees it: hosts by name, wires to cut, conditions to wait for, measurements.

mod build;
mod links;

pub use links::Impairment;

use crate::error::{Error, Result};
use crate::host::Host;
use crate::init::SHARE;
use crate::inside::SAID;
use crate::job::{KERNEL_VARIABLE, Kernel};
use crate::namespace::{CORNER, Namespace};
use crate::procfs::ProcessInfo;
use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How long killed processes may take to go.
const CLEAN_UP_LIMIT: Duration = Duration::from_secs(20);

/// A wire, as built.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wire {
    host: String,
    interface: String,
    switch: String,
}

/// A lab in which one story plays.
#[derive(Debug)]
pub struct Lab {
    name: String,
    dir: PathBuf,
    epoch: Instant,
    said: Mutex<File>,
    fabric: Namespace,
    hosts: Vec<Host>,
    wires: Vec<Wire>,
}

impl Lab {
    pub(crate) fn new(name: &str, dir: &Path) -> Result<Self> {
        let said = dir.join(SAID);
        let said = File::create(&said).map_err(Error::io(format!("create {}", said.display())))?;
        let lab = Lab {
            name: name.to_owned(),
            dir: dir.to_path_buf(),
            epoch: Instant::now(),
            said: Mutex::new(said),
            fabric: Namespace::new("fabric")?,
            hosts: Vec::new(),
            wires: Vec::new(),
        };
        lab.prepare_fabric()?;
        lab.say(&kernel_line()?)?;
        Ok(lab)
    }

    /// When the lab began; times in log files count from here.
    pub fn epoch(&self) -> Instant {
        self.epoch
    }

    /// The directory of this run's logs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory for files that the starting side reads while the lab runs.
    pub fn live_dir(&self) -> &Path {
        let share = Path::new(SHARE);
        if share.exists() { share } else { &self.dir }
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Result<Host> {
        let found = self.hosts.iter().find(|host| host.name() == name);
        found.cloned().ok_or_else(|| Error::Unknown {
            kind: "host",
            name: name.to_owned(),
        })
    }

    /// All hosts, in the order they were built.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Prints one line that the outer side of the scenario repeats.
    pub fn say(&self, line: &str) -> Result<()> {
        println!("lab: {line}");
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(said, "lab: {line}").map_err(Error::io("write down what was said"))
    }

    /// Prints one measurement: `lab: SCENARIO: NAME = VALUE UNIT`.
    pub fn measured(&self, name: &str, value: impl Display, unit: &str) -> Result<()> {
        self.say(&format!("{}: {name} = {value} {unit}", self.name))
    }

    /// Waits until `condition` is true, looking every 5 ms. Its errors end the wait.
    pub fn wait(
        &self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut() -> Result<bool>,
    ) -> Result<Instant> {
        let deadline = Instant::now() + limit;
        loop {
            // Asked before: a stall of the whole machine is no reason not to look once more.
            let is_last = Instant::now() >= deadline;
            if condition()? {
                return Ok(Instant::now());
            }
            if is_last {
                return Err(Error::TimedOut {
                    what: what.to_owned(),
                    limit,
                });
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Sleeps until the next full second of the kernel's clock: what follows then begins at the same
    /// distance from the kernel's timers, and from what began likewise, in every run.
    pub fn align(&self) -> Result<()> {
        crate::clock::wait_for_full_second()
    }

    /// Ends every process of every host.
    pub(crate) fn clean_up(&self) -> Result<()> {
        self.wait(
            "the end of every process of the lab",
            CLEAN_UP_LIMIT,
            || {
                Ok(self
                    .hosts
                    .iter()
                    .all(|host| host.kill_all().iter().all(ProcessInfo::is_zombie)))
            },
        )
        .map(drop)
    }
}

/// A directory in memory that every host of a lab has in common.
pub fn memory_dir() -> PathBuf {
    Path::new(CORNER).join("tmp")
}

/// Names the kernel that carries this lab.
pub fn kernel_line() -> Result<String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_err(Error::io("read the kernel's release"))?;
    let release = release.trim();
    let word = std::env::var_os(KERNEL_VARIABLE).unwrap_or_default();
    let kernel = word.to_str().and_then(Kernel::from_word);
    Ok(match kernel {
        Some(Kernel::Guest) => format!("guest kernel {release} in virtual time (QEMU)"),
        Some(Kernel::Kvm) => format!("guest kernel {release} in real time (KVM)"),
        Some(Kernel::This) | None => format!("this kernel {release}, in fresh namespaces"),
    })
}
