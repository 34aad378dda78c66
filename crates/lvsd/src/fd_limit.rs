//! Room for two pipes per monitor: this process's limit of open files, raised where it must be.
//!
//! Children must not inherit the raised limit: some programs close every possible descriptor one
//! by one. Each gets back the one that this process came with.

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

use crate::error::Error;

/// Descriptors beside the pipes: standard streams, netlink, syslog, event loop, a start under way.
const OTHERS: rlim_t = 64;

/// The limit of open files, as it is for this process and for its children.
#[derive(Debug)]
pub struct FdLimit {
    /// The soft and the hard limit there were, if they were raised.
    before: Option<(rlim_t, rlim_t)>,
}

impl FdLimit {
    /// Sees to it that `monitors` monitors can run.
    ///
    /// # Errors
    /// [`Error::FileLimit`] if the hard limit is too low, [`Error::System`] if a call fails.
    pub fn ensure(monitors: usize) -> Result<Self, Error> {
        let failed = |errno: nix::Error| Error::System {
            attempt: "raise the limit of open files",
            source: errno.into(),
        };
        let count = rlim_t::try_from(monitors).unwrap_or(rlim_t::MAX);
        let needed = count.saturating_mul(2).saturating_add(OTHERS);
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
        if needed <= soft {
            return Ok(Self { before: None });
        }
        if needed > hard {
            return Err(Error::FileLimit {
                monitors,
                needed,
                limit: hard,
            });
        }
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(failed)?;
        Ok(Self {
            before: Some((soft, hard)),
        })
    }

    /// The soft and the hard limit that a child is to have, where they are not this process's.
    pub fn for_children(&self) -> Option<(rlim_t, rlim_t)> {
        self.before
    }
}
