//! Checks over UDP.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::faults::{LONG_RULES, TIMEOUT, fails, rules};
use crate::nanny::{Nanny, together};
use crate::server::refusing_datagrams;

/// A server whose replies are computed by a function of the datagram and of the number of datagrams
/// from its sender.
struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn up(answer: impl Fn(&[u8], usize) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
        let pause = Some(Duration::from_millis(10));
        socket.set_read_timeout(pause).expect("a time");
        let address = socket.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut request = [0; 65536];
            let mut seen: HashMap<SocketAddr, usize> = HashMap::new();
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, peer)) = socket.recv_from(&mut request) else {
                    continue;
                };
                let times = seen.entry(peer).or_default();
                *times += 1;
                for datagram in answer(&request[..length], *times) {
                    // The nanny may have closed its socket.
                    let _ = socket.send_to(&datagram, peer);
                }
            }
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A server that echoes.
fn echoing() -> Server {
    Server::up(|request, _| vec![request.to_vec()])
}

#[track_caller]
fn passes(server: &Server, check: &[&str]) {
    let mut nanny = Nanny::checking(server.address, LONG_RULES, check);
    nanny.passes(TIMEOUT);
}

#[track_caller]
fn fails_with(address: SocketAddr, check: &[&str], line: &str, least: Duration) {
    let line = line.replace("RS", &address.to_string());
    let nanny = Nanny::checking(address, rules(least), check);
    fails(nanny, &line, least);
}

#[test]
fn expected_reply_passes() {
    let server = echoing();
    let checks: &[&[&str]] = &[
        &["-u", "-s", r"ping\n", "-x", r"ping\n"],
        &["-u", "-s", "ping", "-x", "p*n"],
        &["-u", "-s", "ping", "-x", "^p.ng$", "--regex"],
        // Any datagram is a reply, also an empty one to an empty request.
        &["-u", "-s", "ping"],
        &["-u"],
        &["-u", "-x", ""],
        &["-u", "-x", "", "--regex"],
    ];
    together(checks, |check| passes(&server, check));
}

#[test]
fn reply_in_two_datagrams_passes() {
    let server = Server::up(|_, _| vec![b"po".to_vec(), b"ng!".to_vec()]);
    passes(&server, &["-u", "-s", "ping", "-x", "pong"]);
    passes(&server, &["-u", "-s", "ping", "-x", "pong", "--regex"]);
}

#[test]
fn long_reply_passes() {
    let server = Server::up(|_, _| vec![[&vec![b'x'; 60_000][..], b"end"].concat()]);
    passes(&server, &["-u", "-s", "ping", "-x", "xend$", "--regex"]);
    passes(&server, &["-u", "-s", "ping", "-x", "xxx"]);
}

#[test]
fn reply_to_resent_request_passes() {
    // The first two datagrams of each check are lost.
    let server = Server::up(|request, times| match times {
        1 | 2 => Vec::new(),
        _ => vec![request.to_vec()],
    });
    let check = ["-u", "-s", "ping", "-x", "ping"];
    let mut nanny = Nanny::checking(server.address, "-t 3 --interval 100ms -a 0", &check);
    // At a later check if the machine stalls.
    nanny.wait_for("[ active ]");
}

#[test]
fn unexpected_reply_fails() {
    let server = echoing();
    let line = "READ to RS failed: unexpected reply";
    let check = ["-u", "-s", "ping", "-x", "pong"];
    fails_with(server.address, &check, line, Duration::ZERO);
    // A partial reply does not pass, regardless of the wait.
    let check = ["-u", "-s", "", "-x", "pong"];
    fails_with(server.address, &check, "READ to RS timed out", TIMEOUT);
}

#[test]
fn refused() {
    let (address, _socket) = refusing_datagrams((Ipv4Addr::LOCALHOST, 0).into());
    let line = "READ to RS failed: Connection refused";
    for check in [&["-u"][..], &["-u", "-s", "x", "-x", "y"]] {
        fails_with(address, check, line, Duration::ZERO);
    }
}

#[test]
fn silent() {
    let server = Server::up(|_, _| Vec::new());
    let line = "READ to RS timed out";
    let checks: &[&[&str]] = &[
        &["-u"],
        &["-u", "-x", ""],
        &["-u", "-x", "", "--regex"],
        &["-u", "-s", "x", "-x", "x"],
        &["-u", "-x", ".", "--regex"],
    ];
    together(checks, |check| {
        fails_with(server.address, check, line, TIMEOUT);
    });
}
