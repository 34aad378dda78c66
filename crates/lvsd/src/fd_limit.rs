//! Room for two pipes per monitor: this process's limit of open files, raised where it must be.
//!
//! Children must not inherit the raised limit: some programs close every possible descriptor one
//! by one. The soft limit is therefore put back for the moment of each fork. Forking itself opens
//! descriptors, which the limit then in force must allow, so a few low ones are kept free for it.

use std::fs::File;
use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::error::Error;

/// Descriptors beside the pipes: standard streams, netlink, syslog, event loop, forking.
const OTHERS: u64 = 64;
/// Descriptors that starting one process takes for a moment.
const FORKING: usize = 8;

/// The limit of open files, as it is for this process and for its children.
#[derive(Debug)]
pub struct FdLimit {
    raised: Option<Raised>,
}

/// A limit that was raised.
#[derive(Debug)]
struct Raised {
    null: File,
    /// Take the place of the descriptors that forking opens.
    low: Vec<File>,
    for_children: u64,
    own: u64,
    hard: u64,
}

impl FdLimit {
    /// Sees to it that `monitors` monitors can run. Call it before other descriptors are opened.
    ///
    /// # Errors
    /// [`Error::FileLimit`] if the hard limit is too low, [`Error::System`] if a call fails.
    pub fn ensure(monitors: usize) -> Result<Self, Error> {
        let failed = |source: io::Error| Error::System {
            attempt: "raise the limit of open files",
            source,
        };
        let needed = (monitors as u64).saturating_mul(2).saturating_add(OTHERS);
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|e| failed(e.into()))?;
        if needed <= soft {
            return Ok(Self { raised: None });
        }
        if needed > hard {
            return Err(Error::FileLimit {
                monitors,
                needed,
                limit: hard,
            });
        }
        let mut raised = Raised {
            null: File::open("/dev/null").map_err(failed)?,
            low: Vec::with_capacity(FORKING),
            for_children: soft,
            own: hard,
            hard,
        };
        raised.fill().map_err(failed)?;
        raised.set(raised.own).map_err(failed)?;
        Ok(Self {
            raised: Some(raised),
        })
    }

    /// Runs `fork` under the limit that the child is to have.
    ///
    /// # Errors
    /// What `fork` says, or what the system says to the change of the limit.
    pub fn for_child<T>(&mut self, fork: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let Some(raised) = &mut self.raised else {
            return fork();
        };
        raised.low.clear();
        raised.set(raised.for_children)?;
        let result = fork();
        raised.set(raised.own)?;
        raised.fill()?;
        result
    }
}

impl Raised {
    fn fill(&mut self) -> io::Result<()> {
        while self.low.len() < FORKING {
            self.low.push(self.null.try_clone()?);
        }
        Ok(())
    }

    fn set(&self, soft: u64) -> io::Result<()> {
        setrlimit(Resource::RLIMIT_NOFILE, soft, self.hard)?;
        Ok(())
    }
}
