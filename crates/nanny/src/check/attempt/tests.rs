//! Attempts against sockets of this process, for what no command line is long enough.

use std::io::{Read, Write, pipe};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd;

use socket2::SockRef;

use super::*;
use crate::check::reply::Expect;
use crate::wait::{NO_SOURCES, wait};

const TIMEOUT: Duration = Duration::from_secs(1);

/// Longer than what passes takes on a busy machine.
const LONG: Duration = Duration::from_secs(24);

/// Makes one attempt, to its end.
fn attempt(question: &Question, address: SocketAddr, timeout: Duration) -> Ended {
    let target = Target::new(address, question, timeout);
    let (never, _writer) = pipe().expect("a pipe");
    let mut attempt = match Attempt::start(&target, Instant::now()) {
        Ok(attempt) => attempt,
        Err(failure) => {
            return Ended {
                outcome: Err(failure),
                took: Duration::ZERO,
            };
        }
    };
    loop {
        let deadline = attempt.deadline(&target);
        let ready = wait(deadline, never.as_fd(), attempt.sources(), NO_SOURCES);
        if let Some(ended) = attempt.go_on(&target, ready.attempt, Instant::now()) {
            return ended;
        }
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn tcp(send: &[u8], expect: Option<Expect>) -> Question {
    let send = send.to_vec();
    Question::Tcp(Dialogue { send, expect })
}

fn pattern(text: &str) -> Option<Expect> {
    Some(Expect::new(text.into(), true).expect("valid"))
}

#[test]
fn a_request_that_nobody_reads_takes_the_timeout_and_no_longer() {
    let (listener, address) = listener();
    SockRef::from(&listener)
        .set_recv_buffer_size(4096)
        .expect("a small buffer");
    let question = tcp(&vec![b'x'; 64 << 20], None);
    let ended = attempt(&question, address, TIMEOUT);
    let failure = ended.outcome.expect_err("it cannot pass");
    assert!(
        matches!(failure, Failure::TimedOut(Act::Send, _)),
        "{failure:?}"
    );
    assert_eq!(ended.took, TIMEOUT);
}

#[test]
fn a_request_that_is_read_piece_by_piece_is_sent_whole() {
    let (listener, address) = listener();
    let request = vec![b'x'; 1 << 20];
    let length = request.len();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        let mut whole = vec![0; length];
        connection.read_exact(&mut whole).expect("all of it");
        connection.write_all(b"OK").expect("it listens");
    });
    let question = tcp(&request, Some(Expect::Bytes(b"OK".to_vec())));
    let ended = attempt(&question, address, LONG);
    assert_eq!(ended.outcome, Ok(()));
    server.join().expect("no panic");
}

#[test]
fn a_match_behind_a_long_reply_is_found_before_the_time_is_up() {
    let (listener, address) = listener();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        connection.set_nodelay(true).expect("at once");
        // Enough pieces to spend what may be searched at each; then the end, and no close.
        for _ in 0..2000 {
            connection.write_all(&[b'.'; 8]).expect("it reads");
            std::thread::yield_now();
        }
        connection.write_all(b"needle").expect("it reads");
        let _ = connection.read(&mut [0; 1]);
    });
    let ended = attempt(&tcp(b"", pattern("needle$")), address, LONG);
    assert_eq!(ended.outcome, Ok(()));
    assert!(ended.took < LONG, "{:?}", ended.took);
    server.join().expect("no panic");
}

#[test]
fn a_datagram_of_its_own_is_no_answer() {
    // The kernel gives a connecting socket any free port, and may give it the server's.
    let question = Question::Udp(Dialogue::default());
    let own = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = own.local_addr().expect("an address");
    let socket = socket2::Socket::from(own);
    let target = Target::new(address, &question, TIMEOUT);
    assert!(!target.is_other_end_of(&socket2::Socket::from(
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound")
    )));
    assert!(target.is_other_end_of(&socket));
}

#[test]
fn a_flood_of_empty_datagrams_does_not_hold_the_loop() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = server.local_addr().expect("an address");
    let question = Question::Udp(Dialogue {
        send: b"x".to_vec(),
        expect: Some(Expect::Bytes(b"y".to_vec())),
    });
    let target = Target::new(address, &question, LONG);
    let start = Instant::now();
    let mut attempt = Attempt::start(&target, start).expect("a socket");
    let (never, _writer) = pipe().expect("a pipe");
    let mut go_on = || {
        let end = start + LONG;
        let ready = wait(end, never.as_fd(), attempt.sources(), NO_SOURCES).attempt;
        assert!(ready.contains(&true), "there is something to do");
        let ended = attempt.go_on(&target, ready, start);
        ended.map(|ended| ended.outcome)
    };
    assert_eq!(go_on(), None, "the request");
    let (_, peer) = server.recv_from(&mut [0; 8]).expect("a request");
    for _ in 0..150 {
        server.send_to(&[], peer).expect("there is room");
    }
    server.send_to(b"y", peer).expect("there is room");
    // Some at a time, and the answer in the end; more turns where they have not come all at once.
    assert_eq!(go_on(), None);
    assert_eq!(go_on(), None);
    assert_eq!(std::iter::repeat_with(go_on).flatten().next(), Some(Ok(())));
}

#[test]
fn parts_that_were_slept_through_are_not_made_up_for() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = server.local_addr().expect("an address");
    let question = Question::Udp(Dialogue::default());
    let target = Target::new(address, &question, TIMEOUT);
    let start = Instant::now();
    let mut attempt = Attempt::start(&target, start).expect("a socket");
    // The first may take a moment.
    let sent = || {
        server.set_nonblocking(false).expect("waiting");
        server.set_read_timeout(Some(LONG)).expect("for a time");
        let first = server.recv(&mut [0; 8]).iter().count();
        server.set_nonblocking(true).expect("not waiting");
        first + std::iter::from_fn(|| server.recv(&mut [0; 8]).ok()).count()
    };
    let first = [true, false, false];
    assert_eq!(attempt.deadline(&target), start + TIMEOUT / 4);
    assert!(attempt.go_on(&target, first, start).is_none());
    assert_eq!(sent(), 1);
    // Nearly three quarters later: one request, not two.
    let late = start + TIMEOUT * 7 / 10;
    assert!(attempt.go_on(&target, [false; 3], late).is_none());
    assert!(attempt.go_on(&target, first, late).is_none());
    assert_eq!(sent(), 1);
    assert_eq!(attempt.deadline(&target), start + TIMEOUT * 3 / 4);
    let end = attempt.go_on(&target, [false; 3], start + TIMEOUT * 2);
    let end = end.expect("the time is up");
    assert!(matches!(end.outcome, Err(Failure::TimedOut(Act::Read, _))));
    assert_eq!(end.took, TIMEOUT);
}
