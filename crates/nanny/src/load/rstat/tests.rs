//! Queries against a fake server on loopback. The lab tests the real programs.

use super::*;
use crate::load::rpc::tests::accepted;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use proptest::prelude::*;

/// Upper bound of every wait.
const LONG: Duration = Duration::from_secs(60);

/// Maximum delay of a reply on a busy or stalled machine.
const SLACK: Duration = Duration::from_secs(20);

/// The socket of a server on loopback.
fn server() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(LONG)).expect("set");
    socket
}

fn port_of(socket: &UdpSocket) -> u32 {
    socket.local_addr().expect("bound").port().into()
}

fn start(port_mapper: &UdpSocket, time: Duration) -> Query {
    let now = Instant::now();
    let at = port_mapper.local_addr().expect("bound");
    Query::start(at, now, now + time).expect("started")
}

/// Receives the next call: its integers, and the caller.
fn call(socket: &UdpSocket) -> (Vec<u32>, SocketAddr) {
    let mut room = [0; ROOM];
    let (length, from) = socket.recv_from(&mut room).expect("a call");
    let words = room[..length].chunks(4);
    let word = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().expect("four bytes"));
    (words.map(word).collect(), from)
}

/// The results of rstat for a load in 256ths.
fn statistics(fixed: u32) -> Vec<u32> {
    let mut words = vec![7; BEFORE_LOADS];
    words.extend([fixed, 512, 256, 1, 2, 3, 4, 5]);
    words
}

/// Waits as the event loop does.
fn wait(query: &Query) {
    let rest = query.deadline().saturating_duration_since(Instant::now());
    let rest = PollTimeout::try_from(rest + Duration::from_millis(1)).expect("short");
    let mut fds = [PollFd::new(query.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, rest).expect("polled");
}

fn finish(query: &mut Query) -> Result<f64, Failure> {
    let end = Instant::now() + LONG;
    loop {
        assert!(Instant::now() < end, "it does not end");
        wait(query);
        if let Some(answer) = query.advance(Instant::now()) {
            return answer.map(Load::average);
        }
    }
}

/// Advances the query once with the sent datagrams.
fn advance(query: &mut Query) -> Option<Result<f64, Failure>> {
    let mut fds = [PollFd::new(query.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::try_from(LONG).expect("short")).expect("polled");
    let answer = query.advance(Instant::now())?;
    Some(answer.map(Load::average))
}

#[test]
fn queries_port_mapper_then_rstat() {
    let (mapper, rstat) = (server(), server());
    let mut query = start(&mapper, LONG);
    let (words, from) = call(&mapper);
    let xid = words[0];
    assert_eq!(words[1..6], [0, 2, 100_000, 2, 3]);
    assert_eq!(words[6..], [0, 0, 0, 0, 100_001, 3, 17, 0]);
    let port = accepted(xid, &[port_of(&rstat)]);
    mapper.send_to(&port, from).expect("sent");
    assert_eq!(advance(&mut query), None);
    let (words, from) = call(&rstat);
    assert_ne!(words[0], xid);
    assert_eq!(words[1..], [0, 2, 100_001, 3, 1, 0, 0, 0, 0]);
    let answer = accepted(words[0], &statistics(384));
    rstat.send_to(&answer, from).expect("sent");
    assert_eq!(finish(&mut query), Ok(1.5));
}

#[test]
fn ignores_other_datagrams() {
    let (mapper, rstat, other) = (server(), server(), server());
    let mut query = start(&mapper, LONG);
    let (words, from) = call(&mapper);
    let (xid, port) = (words[0], port_of(&rstat));
    other.send_to(&accepted(xid, &[9]), from).expect("sent");
    mapper.send_to(b"", from).expect("sent");
    mapper.send_to(&[0xff; 2000], from).expect("sent");
    mapper
        .send_to(&accepted(xid ^ 1, &[9]), from)
        .expect("sent");
    mapper.send_to(&accepted(xid, &[port]), from).expect("sent");
    assert_eq!(advance(&mut query), None);
    let (words, from) = call(&rstat);
    // The port mapper's reply again, from rstat's address.
    rstat.send_to(&accepted(xid, &[port]), from).expect("sent");
    mapper
        .send_to(&accepted(words[0], &statistics(9)), from)
        .expect("sent");
    rstat
        .send_to(&accepted(words[0], &statistics(256)), from)
        .expect("sent");
    assert_eq!(finish(&mut query), Ok(1.0));
}

#[test]
fn repeats_call_until_reply() {
    let mapper = server();
    let started = Instant::now();
    let mut query = start(&mapper, LONG);
    let (first, _) = call(&mapper);
    let mut again = || {
        let mut fds = [PollFd::new(mapper.as_fd(), PollFlags::POLLIN)];
        while poll(&mut fds, PollTimeout::ZERO).expect("polled") == 0 {
            wait(&query);
            assert!(query.advance(Instant::now()).is_none());
        }
        call(&mapper)
    };
    let ((second, _), (third, from)) = (again(), again());
    assert_eq!((&second, &third), (&first, &first));
    let took = started.elapsed();
    assert!(took >= FIRST_PAUSE * 3, "{took:?}");
    assert!(took < FIRST_PAUSE * 3 + SLACK, "{took:?}");
    mapper
        .send_to(&accepted(first[0], &[0]), from)
        .expect("sent");
    assert_eq!(finish(&mut query), Err(Failure::NotRegistered));
}

#[test]
fn reports_missing_reply() {
    let mapper = server();
    let time = Duration::from_millis(700);
    let started = Instant::now();
    let mut query = start(&mapper, time);
    assert_eq!(
        finish(&mut query),
        Err(Failure::NoAnswer(Program::PortMapper))
    );
    let took = started.elapsed();
    assert!(took >= time, "{took:?}");
    assert!(took < time + SLACK, "{took:?}");
}

#[test]
fn reports_closed_port_at_once() {
    // It receives only from itself, and no other socket gets its port.
    let socket = server();
    let closed = socket.local_addr().expect("bound");
    socket.connect(closed).expect("connected");
    let now = Instant::now();
    let refused = |program| Err(Failure::System(program, Errno::ECONNREFUSED));
    let mut query = Query::start(closed, now, now + LONG).expect("started");
    assert_eq!(finish(&mut query), refused(Program::PortMapper));
    assert!(now.elapsed() < SLACK);

    let mapper = server();
    let mut query = start(&mapper, LONG);
    let (words, from) = call(&mapper);
    let port = accepted(words[0], &[closed.port().into()]);
    mapper.send_to(&port, from).expect("sent");
    assert_eq!(finish(&mut query), refused(Program::Rstat));
}

#[test]
fn refusal_names_program() {
    let refused = |xid: u32, status: u8| {
        let mut reply = accepted(xid, &[]);
        reply[23] = status;
        reply
    };
    let mapper = server();
    let mut query = start(&mapper, LONG);
    let (words, from) = call(&mapper);
    mapper.send_to(&refused(words[0], 1), from).expect("sent");
    let failure = Failure::Refused(Program::PortMapper, Refusal::NoProgram);
    assert_eq!(finish(&mut query), Err(failure));

    for (results, failure) in [
        (
            vec![],
            Failure::Refused(Program::PortMapper, Refusal::Garbled),
        ),
        (
            vec![65_536],
            Failure::Refused(Program::PortMapper, Refusal::Garbled),
        ),
        (vec![0], Failure::NotRegistered),
    ] {
        let mut query = start(&mapper, LONG);
        let (words, from) = call(&mapper);
        mapper
            .send_to(&accepted(words[0], &results), from)
            .expect("sent");
        assert_eq!(finish(&mut query), Err(failure));
    }

    let rstat = server();
    let short = |xid: u32| accepted(xid, &statistics(1)[..BEFORE_LOADS]);
    let negative = |xid: u32| accepted(xid, &statistics(u32::MAX));
    let version = |xid: u32| refused(xid, 2);
    for (reply, refusal) in [
        (&short as &dyn Fn(u32) -> Vec<u8>, Refusal::Garbled),
        (&negative, Refusal::Garbled),
        (&version, Refusal::NoVersion),
    ] {
        let mut query = start(&mapper, LONG);
        let (words, from) = call(&mapper);
        let port = accepted(words[0], &[port_of(&rstat)]);
        mapper.send_to(&port, from).expect("sent");
        assert_eq!(advance(&mut query), None);
        let (words, from) = call(&rstat);
        rstat.send_to(&reply(words[0]), from).expect("sent");
        assert_eq!(
            finish(&mut query),
            Err(Failure::Refused(Program::Rstat, refusal))
        );
    }
}

proptest! {
    #[test]
    fn decodes_any_results(words in prop::collection::vec(any::<u32>(), 0..40), xid: u32) {
        let datagram = accepted(xid, &words);
        let results = reply(&datagram, xid).expect("the reply").expect("accepted");
        prop_assert_eq!(port(results), words.first().copied());
        let average = words.get(BEFORE_LOADS).map(|&fixed| f64::from(fixed.cast_signed()) / 256.0);
        let expected = average.filter(|&average| average >= 0.0);
        prop_assert_eq!(load(results).map(Load::average), expected);
    }
}
