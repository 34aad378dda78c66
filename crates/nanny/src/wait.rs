//! The single poll of the event loop: for signals, for the descriptors of the check and of the load
//! query, and for a timer.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

/// Maximum number of descriptors of one source.
pub(crate) const MAX_SOURCES: usize = 3;

/// Descriptors of one source with the events to wait for.
pub(crate) type Sources<'fd> = [Option<PollFd<'fd>>; MAX_SOURCES];

/// No descriptors.
pub(crate) const NO_SOURCES: Sources<'static> = [None, None, None];

/// Capacity: the signals and two sources.
const ROOM: usize = 1 + 2 * MAX_SOURCES;

/// Ready descriptors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    /// A signal is pending.
    pub(crate) signals: bool,
    /// Ready descriptors of the check.
    pub(crate) check: [bool; MAX_SOURCES],
    /// Whether a descriptor of the load query is ready.
    pub(crate) load: bool,
}

/// Waits until a descriptor is ready or `deadline` has passed. Allocates nothing.
pub(crate) fn wait<'fd>(
    deadline: Instant,
    signals: BorrowedFd<'fd>,
    check: Sources<'fd>,
    load: Sources<'fd>,
) -> Ready {
    let mut fds: [PollFd<'fd>; ROOM] =
        std::array::from_fn(|_| PollFd::new(signals, PollFlags::POLLIN));
    let mut count = 1;
    let mut add = |sources: Sources<'fd>| {
        sources.map(|source| {
            let at = count;
            fds[at] = source?;
            count += 1;
            Some(at)
        })
    };
    let (check, load) = (add(check), add(load));
    let fds = &mut fds[..count];
    let rest = deadline.saturating_duration_since(Instant::now());
    match ppoll(fds, Some(TimeSpec::from_duration(rest)), None) {
        Ok(0) | Err(Errno::EINTR) => Ready::default(),
        Ok(_) => {
            let is_ready = |at: Option<usize>| at.is_some_and(|at| fds[at].any() != Some(false));
            Ready {
                signals: is_ready(Some(0)),
                check: check.map(is_ready),
                load: load.into_iter().any(is_ready),
            }
        }
        Err(_) => {
            // The kernel is out of memory: back off.
            std::thread::sleep(Duration::from_millis(100));
            Ready::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeReader, Write, pipe};
    use std::os::fd::AsFd;

    fn of(pipe: &PipeReader) -> Option<PollFd<'_>> {
        Some(PollFd::new(pipe.as_fd(), PollFlags::POLLIN))
    }

    #[test]
    fn ready_descriptor_is_attributed_to_source() {
        let mut pipes = std::array::from_fn::<_, ROOM, _>(|_| pipe().expect("a pipe"));
        for number in 0..ROOM {
            pipes[number].1.write_all(b"x").expect("the pipe has room");
            let [signals, a, b, c, d, e, f] = &pipes;
            let ready = wait(
                Instant::now() + Duration::from_secs(60),
                signals.0.as_fd(),
                [of(&a.0), of(&b.0), of(&c.0)],
                [of(&d.0), of(&e.0), of(&f.0)],
            );
            let expected = Ready {
                signals: number == 0,
                check: [number == 1, number == 2, number == 3],
                load: number >= 4,
            };
            assert_eq!(ready, expected, "{number}");
            pipes[number] = pipe().expect("a pipe");
        }
    }

    #[test]
    fn empty_sources_do_not_shift_results() {
        let (signals, _signals) = pipe().expect("a pipe");
        let (reader, mut writer) = pipe().expect("a pipe");
        writer.write_all(b"x").expect("the pipe has room");
        let end = Instant::now() + Duration::from_secs(60);
        let load = wait(end, signals.as_fd(), NO_SOURCES, [None, of(&reader), None]);
        assert!(load.load && !load.check.contains(&true) && !load.signals);
        let check = wait(end, signals.as_fd(), [None, None, of(&reader)], NO_SOURCES);
        assert_eq!(check.check, [false, false, true]);
        assert!(!check.load && !check.signals);
    }

    #[test]
    fn wait_ends_at_deadline() {
        let (signals, _writer) = pipe().expect("a pipe");
        let start = Instant::now();
        let time = Duration::from_millis(50);
        let ready = wait(start + time, signals.as_fd(), NO_SOURCES, NO_SOURCES);
        assert_eq!(ready, Ready::default());
        assert!(start.elapsed() >= time);
        // A deadline in the past is valid.
        let ready = wait(start, signals.as_fd(), NO_SOURCES, NO_SOURCES);
        assert_eq!(ready, Ready::default());
    }
}
