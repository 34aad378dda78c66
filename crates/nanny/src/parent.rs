//! The parent's death: it ends a nanny like SIGTERM, but the table belongs to the parent's
//! successor then.

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

/// The process that started this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent(Pid);

impl Parent {
    /// Notes the parent, and asks for SIGTERM at its death.
    ///
    /// Call it before SIGTERM is blocked. lvsd asks for the signal too, so a parent that dies
    /// earlier has this process killed by the signal's default action, with the table untouched;
    /// one that dies later is seen to have changed.
    pub(crate) fn watch() -> Self {
        let parent = Self(getppid());
        // Refused by no kernel in use; without it the parent's death goes unnoticed, no more.
        let _ = prctl::set_pdeathsig(Signal::SIGTERM);
        parent
    }

    /// Whether the parent is gone: a process whose parent dies gets another.
    pub(crate) fn is_gone(self) -> bool {
        getppid() != self.0
    }
}
