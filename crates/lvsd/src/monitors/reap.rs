//! Takes the dead: finds out which monitors ended, and kills what they left behind.

use daemon::child::wait_for;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::Monitors;

impl Monitors {
    /// Reaps every child that has ended.
    pub(super) fn reap(&mut self) {
        // Looked at first and reaped afterwards: until then the dead process's number names its
        // group and nothing else, so that the rest of the group can be killed.
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        loop {
            match waitid(Id::All, look) {
                Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) => self.bury(pid),
                Err(Errno::EINTR) => {}
                // A status that nix has no name for, such as death by a real-time signal. It does
                // not say whose, and hides the others.
                Err(Errno::EINVAL) => {
                    let mut dead: Vec<Pid> = self.by_pid.keys().copied().collect();
                    dead.retain(|pid| waitid(Id::Pid(*pid), look) != Ok(WaitStatus::StillAlive));
                    if dead.is_empty() {
                        // It is no monitor, and it would be found again and again.
                        return;
                    }
                    dead.into_iter().for_each(|pid| self.bury(pid));
                }
                // Nobody else has ended, or there are no children.
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Reaps one process that is known to be dead.
    fn bury(&mut self, pid: Pid) {
        let Some(monitor) = self.by_pid.remove(&pid) else {
            // Not a monitor: a child that this process had before it became lvsd.
            let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED);
            return;
        };
        let _ = killpg(pid, Signal::SIGKILL);
        if let Some(process) = &mut self.slots[monitor].process {
            // Dead, so this does not wait.
            process.status = wait_for(pid).ok();
            process.alive = None;
        }
        self.finish(monitor);
    }
}
