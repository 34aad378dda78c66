//! A client that asks a web server over and over, each attempt independent of the others: one that
//! hangs does not delay the next. It shows an outage as its users see it.

mod flight;
mod view;

pub use view::{Attempt, Gap, Outcome, View};

use crate::error::{Error, Result};
use crate::host::Host;
use flight::Flight;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How a client asks.
#[derive(Clone, Copy, Debug)]
pub struct Polling {
    /// Time between the starts of two attempts.
    pub every: Duration,
    /// How long one attempt may take.
    pub limit: Duration,
}

impl Default for Polling {
    /// Every 20 ms, each attempt at most 800 ms: less than the kernel's first repetition of a SYN.
    /// A client that gives up in the middle of a handshake leaves a half-open connection in the
    /// router's table; IPVS counts it as active for a minute, and wlc spares that real server.
    fn default() -> Self {
        Polling {
            every: Duration::from_millis(20),
            limit: Duration::from_millis(800),
        }
    }
}

/// A client at work. It stops when it is dropped.
#[derive(Debug)]
pub struct Client {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    done: Mutex<Vec<Attempt>>,
}

impl Host {
    /// Starts a client on this host that asks `target` for `/` again and again.
    pub fn poll_http(&self, target: SocketAddr, how: Polling) -> Result<Client> {
        let shared = Arc::new(Shared::default());
        let work = Arc::clone(&shared);
        let thread = self.inside(move || {
            std::thread::Builder::new()
                .name("client".to_owned())
                .spawn(move || run(target, how, &work))
                .map_err(Error::io("start a client's thread"))
        })?;
        Ok(Client {
            shared,
            thread: Some(thread),
        })
    }

    /// Asks once.
    pub fn get_http(&self, target: SocketAddr, limit: Duration) -> Attempt {
        self.inside(move || {
            let mut flight = Flight::start(target, Instant::now(), limit);
            loop {
                if let Some(attempt) = flight.go_on(Instant::now()) {
                    return attempt;
                }
                wait(std::slice::from_ref(&flight), flight.deadline());
            }
        })
    }
}

impl Client {
    /// What it has seen so far: attempts that have ended.
    pub fn view(&self) -> View {
        View::new(
            self.shared
                .done
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }

    /// Lets the attempts on their way end, and returns all.
    pub fn stop(mut self) -> View {
        self.end();
        self.view()
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed, and shows as attempts that are missing.
            let _ = thread.join();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(target: SocketAddr, how: Polling, shared: &Shared) {
    let mut flights: Vec<Flight> = Vec::new();
    let mut next = Instant::now();
    loop {
        let now = Instant::now();
        let stopping = shared.stop.load(Ordering::Relaxed);
        if !stopping && now >= next {
            flights.push(Flight::start(target, now, how.limit));
            // A stall of the whole machine is not made up for by a burst.
            next = (next + how.every).max(now);
        }
        flights.retain_mut(|flight| match flight.go_on(Instant::now()) {
            None => true,
            Some(attempt) => {
                shared
                    .done
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(attempt);
                false
            }
        });
        if stopping && flights.is_empty() {
            return;
        }
        let deadlines = flights.iter().map(Flight::deadline);
        let wake = deadlines
            .chain((!stopping).then_some(next))
            .min()
            .unwrap_or(next);
        wait(&flights, wake);
    }
}

/// Waits until one of the flights can go on, or `until`.
fn wait(flights: &[Flight], until: Instant) {
    let mut fds: Vec<_> = flights
        .iter()
        .filter_map(Flight::waits_for)
        .map(|(fd, flags)| PollFd::new(fd, flags))
        .collect();
    // Rounded up: a poll that returns a little early would spin.
    let left = until
        .saturating_duration_since(Instant::now())
        .as_micros()
        .div_ceil(1_000);
    let timeout = PollTimeout::try_from(i32::try_from(left).unwrap_or(i32::MAX));
    let _ = poll(&mut fds, timeout.unwrap_or(PollTimeout::MAX));
}

const READ: PollFlags = PollFlags::POLLIN;
const WRITE: PollFlags = PollFlags::POLLOUT;
