//! Checks against sockets of this process, for cases that no command line can express.

use std::io::{Read, Write, pipe};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd;

use socket2::SockRef;

use super::*;
use crate::check::reply::Expect;
use crate::wait::{NO_SOURCES, wait};

const TIMEOUT: Duration = Duration::from_secs(1);

/// Upper bound of a passing check on a busy machine.
const LONG: Duration = Duration::from_secs(24);

/// Runs one check to its end.
fn check(probe: &Probe, address: SocketAddr, timeout: Duration) -> Ended {
    let target = Target::new(address, probe, timeout);
    let (never, _writer) = pipe().expect("a pipe");
    let mut check = match Check::start(&target, Instant::now()) {
        Ok(check) => check,
        Err(failure) => {
            return Ended {
                outcome: Err(failure),
                took: Duration::ZERO,
            };
        }
    };
    loop {
        let deadline = check.deadline(&target);
        let ready = wait(deadline, never.as_fd(), check.sources(), NO_SOURCES);
        if let Some(ended) = check.advance(&target, ready.check, Instant::now()) {
            return ended;
        }
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn tcp(send: &[u8], expect: Option<Expect>) -> Probe {
    let send = send.to_vec();
    Probe::Tcp(Dialogue { send, expect })
}

fn pattern(text: &str) -> Option<Expect> {
    Some(Expect::new(text.into(), true).expect("valid"))
}

#[test]
fn unread_request_ends_at_timeout() {
    let (listener, address) = listener();
    SockRef::from(&listener)
        .set_recv_buffer_size(4096)
        .expect("a small buffer");
    let probe = tcp(&vec![b'x'; 64 << 20], None);
    let ended = check(&probe, address, TIMEOUT);
    let failure = ended.outcome.expect_err("the check fails");
    assert!(
        matches!(failure, Failure::TimedOut(Phase::Send, _)),
        "{failure:?}"
    );
    assert_eq!(ended.took, TIMEOUT);
}

#[test]
fn slowly_read_request_is_sent_completely() {
    let (listener, address) = listener();
    let request = vec![b'x'; 1 << 20];
    let length = request.len();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        let mut whole = vec![0; length];
        connection.read_exact(&mut whole).expect("all of it");
        connection.write_all(b"OK").expect("it listens");
    });
    let probe = tcp(&request, Some(Expect::Bytes(b"OK".to_vec())));
    let ended = check(&probe, address, LONG);
    assert_eq!(ended.outcome, Ok(()));
    server.join().expect("no panic");
}

#[test]
fn finds_match_after_long_reply_before_timeout() {
    let (listener, address) = listener();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        connection.set_nodelay(true).expect("at once");
        // Enough pieces to exhaust the eager search budget; then the match, without a close.
        for _ in 0..2000 {
            connection.write_all(&[b'.'; 8]).expect("the client reads");
            std::thread::yield_now();
        }
        connection.write_all(b"needle").expect("the client reads");
        let _ = connection.read(&mut [0; 1]);
    });
    let ended = check(&tcp(b"", pattern("needle$")), address, LONG);
    assert_eq!(ended.outcome, Ok(()));
    assert!(ended.took < LONG, "{:?}", ended.took);
    server.join().expect("no panic");
}

#[test]
fn own_datagram_is_no_reply() {
    // The kernel assigns any free port to a connecting socket, possibly the server's.
    let probe = Probe::Udp(Dialogue::default());
    let own = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = own.local_addr().expect("an address");
    let socket = socket2::Socket::from(own);
    let target = Target::new(address, &probe, TIMEOUT);
    assert!(!target.is_self_connection(&socket2::Socket::from(
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound")
    )));
    assert!(target.is_self_connection(&socket));
}

#[test]
fn datagram_flood_does_not_block_loop() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = server.local_addr().expect("an address");
    let probe = Probe::Udp(Dialogue {
        send: b"x".to_vec(),
        expect: Some(Expect::Bytes(b"y".to_vec())),
    });
    let target = Target::new(address, &probe, LONG);
    let start = Instant::now();
    let mut check = Check::start(&target, start).expect("a socket");
    let (never, _writer) = pipe().expect("a pipe");
    let mut advance = || {
        let end = start + LONG;
        let ready = wait(end, never.as_fd(), check.sources(), NO_SOURCES).check;
        assert!(ready.contains(&true), "a descriptor is ready");
        let ended = check.advance(&target, ready, start);
        ended.map(|ended| ended.outcome)
    };
    assert_eq!(advance(), None, "the request");
    let (_, peer) = server.recv_from(&mut [0; 8]).expect("a request");
    for _ in 0..150 {
        server.send_to(&[], peer).expect("the pipe has room");
    }
    server.send_to(b"y", peer).expect("the pipe has room");
    // A few datagrams at a time, then the reply; more rounds if they have not arrived together.
    assert_eq!(advance(), None);
    assert_eq!(advance(), None);
    assert_eq!(
        std::iter::repeat_with(advance).flatten().next(),
        Some(Ok(()))
    );
}

#[test]
fn stall_skips_elapsed_parts() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = server.local_addr().expect("an address");
    let probe = Probe::Udp(Dialogue::default());
    let target = Target::new(address, &probe, TIMEOUT);
    let start = Instant::now();
    let mut check = Check::start(&target, start).expect("a socket");
    // The first part may end late.
    let sent = || {
        server.set_nonblocking(false).expect("waiting");
        server.set_read_timeout(Some(LONG)).expect("for a time");
        let first = server.recv(&mut [0; 8]).iter().count();
        server.set_nonblocking(true).expect("not waiting");
        first + std::iter::from_fn(|| server.recv(&mut [0; 8]).ok()).count()
    };
    let first = [true, false, false];
    assert_eq!(check.deadline(&target), start + TIMEOUT / 4);
    assert!(check.advance(&target, first, start).is_none());
    assert_eq!(sent(), 1);
    // After a stall of nearly three quarters: one request, not two.
    let late = start + TIMEOUT * 7 / 10;
    assert!(check.advance(&target, [false; 3], late).is_none());
    assert!(check.advance(&target, first, late).is_none());
    assert_eq!(sent(), 1);
    assert_eq!(check.deadline(&target), start + TIMEOUT * 3 / 4);
    let end = check.advance(&target, [false; 3], start + TIMEOUT * 2);
    let end = end.expect("the time is up");
    assert!(matches!(
        end.outcome,
        Err(Failure::TimedOut(Phase::Read, _))
    ));
    assert_eq!(end.took, TIMEOUT);
}
