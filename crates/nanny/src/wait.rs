//! The one wait of the loop: for signals, for what the parts of a nanny have open, for a time.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

/// How many descriptors one part waits for at most.
pub(crate) const MOST: usize = 3;

/// What one part waits for: descriptors, each with the events on it.
pub(crate) type Sources<'fd> = [Option<PollFd<'fd>>; MOST];

/// Nothing to wait for.
pub(crate) const NO_SOURCES: Sources<'static> = [None, None, None];

/// Room for the signals and for two parts.
const ROOM: usize = 1 + 2 * MOST;

/// Which of them have something to go on with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    /// A signal came.
    pub(crate) signals: bool,
    /// Which descriptors of the attempt are ready.
    pub(crate) attempt: [bool; MOST],
    /// A descriptor of the question for load data is ready.
    pub(crate) load: bool,
}

/// Waits until a descriptor is ready, and no longer than to `deadline`. Allocates nothing.
pub(crate) fn wait<'fd>(
    deadline: Instant,
    signals: BorrowedFd<'fd>,
    attempt: Sources<'fd>,
    load: Sources<'fd>,
) -> Ready {
    let mut fds: [PollFd<'fd>; ROOM] =
        std::array::from_fn(|_| PollFd::new(signals, PollFlags::POLLIN));
    let mut count = 1;
    let mut put = |sources: Sources<'fd>| {
        sources.map(|source| {
            let place = count;
            fds[place] = source?;
            count += 1;
            Some(place)
        })
    };
    let (attempt, load) = (put(attempt), put(load));
    let fds = &mut fds[..count];
    let rest = deadline.saturating_duration_since(Instant::now());
    match ppoll(fds, Some(TimeSpec::from_duration(rest)), None) {
        Ok(0) | Err(Errno::EINTR) => Ready::default(),
        Ok(_) => {
            let is_ready =
                |place: Option<usize>| place.is_some_and(|place| fds[place].any() != Some(false));
            Ready {
                signals: is_ready(Some(0)),
                attempt: attempt.map(is_ready),
                load: load.into_iter().any(is_ready),
            }
        }
        Err(_) => {
            // The kernel is out of memory: do not press it.
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
    fn every_descriptor_wakes_its_own_part() {
        let mut pipes = std::array::from_fn::<_, ROOM, _>(|_| pipe().expect("a pipe"));
        for number in 0..ROOM {
            pipes[number].1.write_all(b"x").expect("there is room");
            let [signals, a, b, c, d, e, f] = &pipes;
            let ready = wait(
                Instant::now() + Duration::from_secs(60),
                signals.0.as_fd(),
                [of(&a.0), of(&b.0), of(&c.0)],
                [of(&d.0), of(&e.0), of(&f.0)],
            );
            let expected = Ready {
                signals: number == 0,
                attempt: [number == 1, number == 2, number == 3],
                load: number >= 4,
            };
            assert_eq!(ready, expected, "{number}");
            pipes[number] = pipe().expect("a pipe");
        }
    }

    #[test]
    fn parts_that_wait_for_nothing_are_not_mixed_up() {
        let (signals, _signals) = pipe().expect("a pipe");
        let (reader, mut writer) = pipe().expect("a pipe");
        writer.write_all(b"x").expect("there is room");
        let end = Instant::now() + Duration::from_secs(60);
        let load = wait(end, signals.as_fd(), NO_SOURCES, [None, of(&reader), None]);
        assert!(load.load && !load.attempt.contains(&true) && !load.signals);
        let attempt = wait(end, signals.as_fd(), [None, None, of(&reader)], NO_SOURCES);
        assert_eq!(attempt.attempt, [false, false, true]);
        assert!(!attempt.load && !attempt.signals);
    }

    #[test]
    fn it_waits_no_longer_than_asked() {
        let (signals, _writer) = pipe().expect("a pipe");
        let start = Instant::now();
        let time = Duration::from_millis(50);
        let ready = wait(start + time, signals.as_fd(), NO_SOURCES, NO_SOURCES);
        assert_eq!(ready, Ready::default());
        assert!(start.elapsed() >= time);
        // A time that has passed is no error.
        let ready = wait(start, signals.as_fd(), NO_SOURCES, NO_SOURCES);
        assert_eq!(ready, Ready::default());
    }
}
