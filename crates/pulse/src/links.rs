//! The heartbeat sockets: one per link, bound to this router's address on it.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use crate::error::Error;
use crate::heartbeat::{self, State};
use crate::settings::Link;

/// More than a heartbeat has: a longer datagram must be seen to be longer.
const BUFFER: usize = 64;

/// Binds one socket per link, before the event loop exists.
///
/// # Errors
/// [`Error::HeartbeatSocket`], with the address that could not be bound.
pub fn bind(links: &[Link], port: u16) -> Result<Vec<UdpSocket>, Error> {
    links
        .iter()
        .map(|link| {
            let address = SocketAddr::new(IpAddr::V4(link.own), port);
            let failed = |source| Error::HeartbeatSocket { address, source };
            let socket = UdpSocket::bind(address).map_err(failed)?;
            socket.set_nonblocking(true).map_err(failed)?;
            Ok(socket)
        })
        .collect()
}

/// The links in the event loop.
pub struct Links {
    port: u16,
    links: Vec<OpenLink>,
}

struct OpenLink {
    ends: Link,
    /// For sending and for emptying: the system is asked directly. The event loop's own handle
    /// answers from what the loop last saw, which right after a start or a stall is nothing.
    socket: UdpSocket,
    /// For waiting.
    waiter: tokio::net::UdpSocket,
}

/// What came over a link.
#[derive(Debug)]
pub enum Received {
    /// The partner's state.
    Heartbeat(State),
    /// The partner's reserved word, which means nothing.
    Nothing,
    /// No heartbeat for us, from the partner.
    Bad(heartbeat::Error, IpAddr),
    /// A datagram from somebody who is not the partner.
    Stranger(IpAddr),
}

impl Links {
    /// Takes the bound sockets into the event loop.
    ///
    /// # Errors
    /// If the event loop does not take them.
    pub fn new(links: &[Link], port: u16, sockets: Vec<UdpSocket>) -> io::Result<Self> {
        let links = links
            .iter()
            .zip(sockets)
            .map(|(ends, socket)| {
                let waiter = tokio::net::UdpSocket::from_std(socket.try_clone()?)?;
                Ok(OpenLink {
                    ends: *ends,
                    socket,
                    waiter,
                })
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { port, links })
    }

    /// Sends a state over every link. One that does not take it does not stop the others; each
    /// failure is given with the partner's address.
    pub fn send(&self, state: State) -> Vec<(std::net::Ipv4Addr, io::Error)> {
        let datagram = heartbeat::encode(state);
        self.links
            .iter()
            .filter_map(|link| {
                let partner = SocketAddr::new(IpAddr::V4(link.ends.partner), self.port);
                let sent = link.socket.send_to(&datagram, partner);
                sent.err().map(|error| (link.ends.partner, error))
            })
            .collect()
    }

    /// Waits for a datagram on any link; for ever where there is none.
    ///
    /// # Errors
    /// What the system says of a socket.
    pub async fn receive(&self) -> io::Result<Received> {
        poll_fn(|context| self.poll_receive(context)).await
    }

    fn poll_receive(&self, context: &mut Context<'_>) -> Poll<io::Result<Received>> {
        for link in &self.links {
            let mut bytes = [0; BUFFER];
            let mut buffer = ReadBuf::new(&mut bytes);
            if let Poll::Ready(sender) = link.waiter.poll_recv_from(context, &mut buffer) {
                let received = sender.map(|sender| read(&link.ends, sender.ip(), buffer.filled()));
                return Poll::Ready(received);
            }
        }
        Poll::Pending
    }

    /// One datagram that waits in a socket already, without waiting for another.
    pub fn take_waiting(&self) -> Option<Received> {
        self.links.iter().find_map(|link| {
            let mut bytes = [0; BUFFER];
            let (length, sender) = link.socket.recv_from(&mut bytes).ok()?;
            Some(read(&link.ends, sender.ip(), &bytes[..length]))
        })
    }

    /// Throws away what waits in the sockets, up to a bound that no queue of a partner reaches.
    pub fn discard(&self) {
        const BOUND: usize = 100_000;
        for link in &self.links {
            let mut bytes = [0; BUFFER];
            for _ in 0..BOUND {
                if link.socket.recv_from(&mut bytes).is_err() {
                    break;
                }
            }
        }
    }
}

/// What a datagram on `link` says.
fn read(link: &Link, sender: IpAddr, datagram: &[u8]) -> Received {
    if sender != IpAddr::V4(link.partner) {
        return Received::Stranger(sender);
    }
    match heartbeat::decode(datagram) {
        Ok(Some(state)) => Received::Heartbeat(state),
        Ok(None) => Received::Nothing,
        Err(error) => Received::Bad(error, sender),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn only_the_partner_is_heard() {
        let link = Link {
            own: Ipv4Addr::new(1, 2, 3, 2),
            partner: Ipv4Addr::new(1, 2, 3, 3),
        };
        let datagram = heartbeat::encode(State::Running);
        let partner = IpAddr::V4(link.partner);
        let stranger = IpAddr::from([1, 2, 3, 4]);
        assert!(matches!(
            read(&link, partner, &datagram),
            Received::Heartbeat(State::Running)
        ));
        assert!(matches!(
            read(&link, stranger, &datagram),
            Received::Stranger(_)
        ));
        assert!(matches!(
            read(&link, partner, &[]),
            Received::Bad(heartbeat::Error::Size(0), _)
        ));
    }

    fn loopback(own: u8, partner: u8) -> Link {
        let address = |last| Ipv4Addr::new(127, 7, 7, last);
        Link {
            own: address(own),
            partner: address(partner),
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    }

    /// The two ends of a link, on a free port.
    fn pair() -> [Links; 2] {
        let ends = [loopback(1, 2), loopback(2, 1)];
        // The port of one may be somebody else's on the other address: then it is another.
        for _ in 0..100 {
            let sockets = bind(&ends[..1], 0).expect("a free port");
            let port = sockets[0].local_addr().expect("an address").port();
            let Ok(other) = bind(&ends[1..], port) else {
                continue;
            };
            return [(ends[0], sockets), (ends[1], other)]
                .map(|(ends, sockets)| Links::new(&[ends], port, sockets).expect("links"));
        }
        panic!("no port is free on both addresses");
    }

    #[test]
    fn the_first_heartbeat_goes_out_before_the_loop_has_turned() {
        runtime().block_on(async {
            let [one, other] = pair();
            assert!(one.send(State::Stopped).is_empty());
            let received = other.receive().await.expect("received");
            assert!(
                matches!(received, Received::Heartbeat(State::Stopped)),
                "{received:?}"
            );
        });
    }

    #[test]
    fn what_waits_is_thrown_away_before_the_loop_has_seen_it() {
        runtime().block_on(async {
            let [one, other] = pair();
            for _ in 0..10 {
                assert!(one.send(State::Stopped).is_empty());
            }
            other.discard();
            assert!(one.send(State::Running).is_empty());
            let received = other.receive().await.expect("received");
            assert!(
                matches!(received, Received::Heartbeat(State::Running)),
                "{received:?}"
            );
        });
    }

    #[test]
    fn a_port_that_is_taken_is_a_clear_refusal() {
        let link = Link {
            own: Ipv4Addr::LOCALHOST,
            partner: Ipv4Addr::LOCALHOST,
        };
        let first = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = first.local_addr().expect("an address").port();
        let error = bind(&[link], port).expect_err("taken");
        let line = daemon::exit::chain(&error);
        assert_eq!(
            line,
            format!(
                "cannot create heartbeat socket. running as root? (UDP 127.0.0.1:{port}): \
                 Address already in use"
            )
        );
    }
}
