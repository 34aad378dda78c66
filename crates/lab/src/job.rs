//! What the starting side hands to the inside: one file, read by `lab-init` before anything else.
//!
//! Records end in NUL, because arguments and environment may hold any other byte.

use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Names the job file to `lab-init`.
pub(crate) const JOB_VARIABLE: &str = "LAB_JOB";
/// Set in the environment of the test that runs inside: the directory of this run.
pub(crate) const INSIDE_VARIABLE: &str = "LAB_INSIDE";
/// The words of [`Kernel::word`], also accepted from outside to force a choice.
pub(crate) const KERNEL_VARIABLE: &str = "LAB_KERNEL";

/// Which kernel carries the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// A guest in virtual time.
    Guest,
    /// A guest in real time, with KVM.
    Kvm,
    /// The kernel that is running, in fresh namespaces.
    This,
}

impl Kernel {
    /// The word that stands for it in files and variables.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kernel::Guest => "guest",
            Kernel::Kvm => "kvm",
            Kernel::This => "this",
        }
    }

    /// The kernel a word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Kernel::Guest, Kernel::Kvm, Kernel::This]
            .into_iter()
            .find(|kernel| kernel.word() == word)
    }

    /// Whether it is a guest.
    pub(crate) fn is_guest(self) -> bool {
        self != Kernel::This
    }
}

/// One scenario to play inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// Where it plays.
    pub(crate) kernel: Kernel,
    /// Directory for logs and the result. The inside may write there and, in a guest, nowhere else.
    pub(crate) dir: PathBuf,
    /// The program to run: the test executable.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
    /// Its working directory.
    pub(crate) cwd: PathBuf,
    /// How long it may take, by the clock of the kernel it plays on.
    pub(crate) bound: Duration,
    /// The time of day at the start, since the epoch.
    pub(crate) date: Duration,
    /// The guest kernel's `lib/modules/RELEASE`, as this machine sees it.
    pub(crate) modules: PathBuf,
    /// Programs that a guest copies into its memory before it starts.
    pub(crate) resident: Vec<PathBuf>,
    /// Its environment.
    pub(crate) env: Vec<(OsString, OsString)>,
}

impl Job {
    /// Writes the job where `lab-init` will read it.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let mut bytes = Vec::new();
        let mut put = |key: &str, value: &OsStr| {
            bytes.extend_from_slice(key.as_bytes());
            bytes.push(b'=');
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(0);
        };
        put("kernel", self.kernel.word().as_ref());
        put("dir", self.dir.as_os_str());
        put("program", self.program.as_os_str());
        put("cwd", self.cwd.as_os_str());
        put("bound", self.bound.as_millis().to_string().as_ref());
        put("date", self.date.as_millis().to_string().as_ref());
        put("modules", self.modules.as_os_str());
        for arg in &self.args {
            put("arg", arg);
        }
        for path in &self.resident {
            put("resident", path.as_os_str());
        }
        for (name, value) in &self.env {
            let mut pair = name.clone();
            pair.push("=");
            pair.push(value);
            put("env", &pair);
        }
        std::fs::write(path, bytes).map_err(Error::io(format!("write {}", path.display())))
    }

    /// Reads a job file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).map_err(Error::io(format!("read the job {}", path.display())))?;
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut job = Job {
            kernel: Kernel::Guest,
            dir: PathBuf::new(),
            program: PathBuf::new(),
            args: Vec::new(),
            cwd: PathBuf::from("/"),
            bound: Duration::ZERO,
            date: Duration::ZERO,
            modules: PathBuf::new(),
            resident: Vec::new(),
            env: Vec::new(),
        };
        for record in bytes
            .split(|&byte| byte == 0)
            .filter(|record| !record.is_empty())
        {
            let garbled = || Error::Garbled {
                what: "a job",
                text: String::from_utf8_lossy(record).into(),
            };
            let (key, value) = split_pair(record).ok_or_else(garbled)?;
            let value = OsString::from_vec(value.to_vec());
            let word = value.to_str();
            match key {
                b"kernel" => {
                    job.kernel = word.and_then(Kernel::from_word).ok_or_else(garbled)?;
                }
                b"dir" => job.dir = value.into(),
                b"program" => job.program = value.into(),
                b"cwd" => job.cwd = value.into(),
                b"bound" => job.bound = word.and_then(millis).ok_or_else(garbled)?,
                b"date" => job.date = word.and_then(millis).ok_or_else(garbled)?,
                b"modules" => job.modules = value.into(),
                b"resident" => job.resident.push(value.into()),
                b"arg" => job.args.push(value),
                b"env" => {
                    let (name, value) = split_pair(value.as_bytes()).ok_or_else(garbled)?;
                    job.env.push((
                        OsString::from_vec(name.to_vec()),
                        OsString::from_vec(value.to_vec()),
                    ));
                }
                _ => return Err(garbled()),
            }
        }
        Ok(job)
    }
}

fn millis(word: &str) -> Option<Duration> {
    word.parse().ok().map(Duration::from_millis)
}

fn split_pair(record: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = record.iter().position(|&byte| byte == b'=')?;
    Some((&record[..at], &record[at + 1..]))
}

/// How the inside ended, as `lab-init` writes it into the file `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The test exited with this status.
    Exited(i32),
    /// A signal ended the test.
    Signalled(i32),
    /// The bound passed and the test was killed.
    TimedOut,
}

impl Ending {
    /// The file in the run's directory.
    pub(crate) const FILE: &str = "result";

    /// As one line.
    pub(crate) fn line(self) -> String {
        match self {
            Ending::Exited(status) => format!("exit {status}\n"),
            Ending::Signalled(signal) => format!("signal {signal}\n"),
            Ending::TimedOut => "timeout\n".to_owned(),
        }
    }

    /// From one line. Anything else, an unfinished line included, is not an ending.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let line = line.strip_suffix('\n')?;
        match line.split_once(' ') {
            Some(("exit", status)) => status.parse().ok().map(Ending::Exited),
            Some(("signal", signal)) => signal.parse().ok().map(Ending::Signalled),
            None if line == "timeout" => Some(Ending::TimedOut),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let job = Job {
            kernel: Kernel::This,
            dir: "/x y/z".into(),
            program: "/bin/tool".into(),
            args: vec![
                "--exact".into(),
                "a=b\nc".into(),
                OsString::from_vec(vec![0xff, 0x3d]),
            ],
            cwd: "/tmp".into(),
            bound: Duration::from_millis(1_500),
            date: Duration::from_millis(1_700_000_000_123),
            modules: "/lib/modules/6".into(),
            resident: vec!["/bin/a".into(), "/bin/b".into()],
            env: vec![("A".into(), "b=c".into()), ("EMPTY".into(), "".into())],
        };
        let path = dir.path().join("job");
        job.write(&path).unwrap();
        assert_eq!(Job::read(&path).unwrap(), job);
    }

    #[test]
    fn a_foreign_record_is_refused() {
        assert!(Job::parse(b"kernel=guest\0colour=red\0").is_err());
        assert!(Job::parse(b"kernel=mainframe\0").is_err());
        assert!(Job::parse(b"no pair\0").is_err());
    }

    #[test]
    fn endings_survive_their_line() {
        for ending in [
            Ending::Exited(0),
            Ending::Exited(101),
            Ending::Signalled(9),
            Ending::TimedOut,
        ] {
            assert_eq!(Ending::from_line(&ending.line()), Some(ending));
        }
        for line in ["", "exit 0", "exit\n", "exit zero\n", "happy\n"] {
            assert_eq!(Ending::from_line(line), None, "{line:?}");
        }
    }
}
