//! Who owns an address, over time: the evidence for "never two, never none for long".
//!
//! The kernel tells of every change as it happens, so the timeline has no sampling gaps.

use crate::addresses::{self, Change};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::rtnl::{RouteNotifications, address_notifications};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Watches an address on several hosts.
#[derive(Debug)]
pub struct OwnerWatch {
    thread: Option<JoinHandle<Result<Vec<Moment>>>>,
    bell: UnixStream,
}

/// A time, and who owned the address from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moment {
    at: Instant,
    owners: BTreeSet<String>,
}

impl OwnerWatch {
    /// Starts to watch `address` on `hosts`.
    pub fn start(address: IpAddr, hosts: &[Host]) -> Result<Self> {
        let (bell, ringer) = UnixStream::pair().map_err(Error::io("make a socket pair"))?;
        let mut watched = Vec::new();
        for host in hosts {
            // Subscribed before looking, so that no change falls in between.
            let socket = host.inside(address_notifications)?;
            watched.push((host.clone(), socket));
        }
        let first = Moment {
            owners: owners(address, hosts)?,
            at: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name("owners".to_owned())
            .spawn(move || watch(address, &mut watched, first, &bell))
            .map_err(Error::io("start a thread that watches an address"))?;
        Ok(OwnerWatch {
            thread: Some(thread),
            bell: ringer,
        })
    }

    /// Ends the watch.
    pub fn finish(mut self) -> Result<Owners> {
        // Without a bell the thread would wait for ever; a closed one rings too.
        let _ = self.bell.write_all(&[0]);
        let thread = self.thread.take();
        let moments = match thread.map(JoinHandle::join) {
            Some(Ok(moments)) => moments?,
            _ => return Err(Error::broken("the thread that watches an address panicked")),
        };
        let end = Instant::now();
        Ok(Owners { moments, end })
    }
}

fn owners(address: IpAddr, hosts: &[Host]) -> Result<BTreeSet<String>> {
    let mut owners = BTreeSet::new();
    for host in hosts {
        if host.has_address(address)? {
            owners.insert(host.name().to_owned());
        }
    }
    Ok(owners)
}

fn watch(
    address: IpAddr,
    watched: &mut [(Host, RouteNotifications)],
    first: Moment,
    bell: &UnixStream,
) -> Result<Vec<Moment>> {
    let mut now = first.owners.clone();
    let mut moments = vec![first];
    // When the first of the notices was read that the next moment is made of. Those that wait are
    // read together: one host's must not be taken for older than another's that it followed.
    let mut read_at = None;
    loop {
        let mut fds: Vec<_> = std::iter::once(bell.as_fd())
            .chain(watched.iter().map(|(_, socket)| socket.as_fd()))
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let patience = match read_at {
            Some(_) => PollTimeout::ZERO,
            None => PollTimeout::NONE,
        };
        match poll(&mut fds, patience) {
            Err(Errno::EINTR) => continue,
            done => done.map_err(Error::os("wait for changed addresses"))?,
        };
        let ready: Vec<_> = fds.iter().map(|fd| fd.any().unwrap_or(false)).collect();
        if !ready[1..].contains(&true) {
            let changed = moments.last().is_some_and(|last| last.owners != now);
            if let Some(at) = read_at.take()
                && changed
            {
                moments.push(Moment {
                    at,
                    owners: now.clone(),
                });
            }
            if ready[0] {
                return Ok(moments);
            }
            continue;
        }
        read_at.get_or_insert_with(Instant::now);
        for ((host, socket), _) in watched
            .iter_mut()
            .zip(&ready[1..])
            .filter(|(_, ready)| **ready)
        {
            match socket.receive() {
                Ok(notifications) => {
                    for change in notifications.iter().filter_map(addresses::change) {
                        match change {
                            Change::Added(ip) if ip == address => {
                                now.insert(host.name().to_owned());
                            }
                            Change::Removed(ip) if ip == address => {
                                now.remove(host.name());
                            }
                            _ => {}
                        }
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                // Notifications were lost: read the addresses anew.
                Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => {
                    now.remove(host.name());
                    now.extend(owners(address, std::slice::from_ref(host))?);
                }
                Err(error) => return Err(Error::io("receive changes of addresses")(error)),
            }
        }
    }
}

/// A stretch of time with the same owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Instant,
    /// Its end.
    pub to: Instant,
    /// The hosts that had the address: none, one, or too many.
    pub owners: BTreeSet<String>,
}

impl Span {
    /// How long it is.
    pub fn length(&self) -> Duration {
        self.to.saturating_duration_since(self.from)
    }
}

/// Who owned an address during a watch.
#[derive(Clone, Debug)]
pub struct Owners {
    moments: Vec<Moment>,
    end: Instant,
}

impl Owners {
    /// The stretches with the same owners, in order, without a hole.
    pub fn spans(&self) -> Vec<Span> {
        let ends = self
            .moments
            .iter()
            .skip(1)
            .map(|moment| moment.at)
            .chain([self.end]);
        self.moments
            .iter()
            .zip(ends)
            .map(|(moment, to)| Span {
                from: moment.at,
                to,
                owners: moment.owners.clone(),
            })
            .collect()
    }

    /// The same from `time` on.
    #[must_use]
    pub fn since(&self, time: Instant) -> Owners {
        let mut moments: Vec<_> = self
            .spans()
            .into_iter()
            .filter(|span| span.to > time)
            .map(|span| Moment {
                at: span.from.max(time),
                owners: span.owners,
            })
            .collect();
        if moments.is_empty() {
            moments.extend(self.moments.last().cloned());
        }
        Owners {
            moments,
            end: self.end,
        }
    }

    /// The longest time with two owners or more. Zero if there never were.
    pub fn longest_overlap(&self) -> Duration {
        self.longest(|owners| owners > 1)
    }

    /// The longest time with no owner. Zero if there always was one.
    pub fn longest_gap(&self) -> Duration {
        self.longest(|owners| owners == 0)
    }

    fn longest(&self, fits: impl Fn(usize) -> bool) -> Duration {
        let spans = self.spans();
        let lengths = spans
            .iter()
            .filter(|span| fits(span.owners.len()))
            .map(Span::length);
        lengths.max().unwrap_or_default()
    }

    /// When `host` first got the address at or after `time`.
    pub fn gained(&self, host: &str, time: Instant) -> Option<Instant> {
        let pairs = self.moments.windows(2);
        pairs
            .map(|pair| (&pair[0], &pair[1]))
            .find(|(before, after)| {
                after.at >= time && !before.owners.contains(host) && after.owners.contains(host)
            })
            .map(|(_, after)| after.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_and_gaps_are_the_longest_of_their_kind() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let moment = |millis, names: &[&str]| Moment {
            at: at(millis),
            owners: names.iter().map(ToString::to_string).collect(),
        };
        let owners = Owners {
            moments: vec![
                moment(0, &["lvs1"]),
                moment(100, &[]),
                moment(130, &["lvs2"]),
                moment(200, &["lvs1", "lvs2"]),
                moment(205, &["lvs1"]),
                moment(300, &[]),
            ],
            end: at(310),
        };
        assert_eq!(owners.longest_gap(), Duration::from_millis(30));
        assert_eq!(owners.longest_overlap(), Duration::from_millis(5));
        assert_eq!(owners.gained("lvs2", start), Some(at(130)));
        assert_eq!(owners.gained("lvs1", start), Some(at(200)));
        let later = owners.since(at(203));
        assert_eq!(later.longest_overlap(), Duration::from_millis(2));
        assert_eq!(later.longest_gap(), Duration::from_millis(10));
        assert_eq!(later.spans().first().unwrap().from, at(203));
    }
}
