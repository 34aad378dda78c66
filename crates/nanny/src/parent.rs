//! Detection of the parent's death: it ends a nanny like SIGTERM, but the table is left to the
//! parent's successor.

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

/// The process that started this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent(Pid);

impl Parent {
    /// Records the parent, and requests SIGTERM at its death.
    ///
    /// Call it before SIGTERM is blocked. lvsd requests the signal too, so if the parent dies
    /// earlier, the signal's default action kills this process with the table untouched; if it dies
    /// later, [`Parent::is_gone`] detects it.
    pub(crate) fn watch() -> Self {
        let parent = Self(getppid());
        // No supported kernel refuses it; without it the parent's death goes unnoticed.
        let _ = prctl::set_pdeathsig(Signal::SIGTERM);
        parent
    }

    /// Whether the parent died: its children get another parent.
    pub(crate) fn is_gone(self) -> bool {
        getppid() != self.0
    }
}
