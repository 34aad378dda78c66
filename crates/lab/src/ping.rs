//! ICMP echo from a host, without a fork.

use crate::error::{Error, Result};
use crate::host::Host;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Time between two requests.
const EVERY: Duration = Duration::from_millis(200);

impl Host {
    /// Sends echo requests until one is answered, and returns the time that its answer took.
    pub fn ping(&self, target: Ipv4Addr, limit: Duration) -> Result<Duration> {
        let name = self.name().to_owned();
        self.inside(move || {
            let answer =
                ping(target, limit).map_err(Error::io(format!("{name}: ping {target}")))?;
            answer.ok_or_else(|| Error::TimedOut {
                what: format!("an answer from {target} to {name}"),
                limit,
            })
        })
    }
}

fn ping(target: Ipv4Addr, limit: Duration) -> std::io::Result<Option<Duration>> {
    let deadline = Instant::now() + limit;
    let mut socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    let mut buffer = [0; 2_048];
    for sequence in 0_u16.. {
        let sent = Instant::now();
        // A host without a route, or with a dead neighbour, is not an error of the lab.
        let _ = socket.send_to(&request(sequence), &SocketAddr::from((target, 0)).into());
        let next = (sent + EVERY).min(deadline);
        loop {
            let left = next.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            if let Ok(length) = socket.read(&mut buffer)
                && is_answer(&buffer[..length], target, sequence)
            {
                return Ok(Some(sent.elapsed()));
            }
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    Ok(None)
}

/// Echo request (RFC 792); the identifier is fixed, for every host has its own namespace.
fn request(sequence: u16) -> [u8; 8] {
    let [high, low] = sequence.to_be_bytes();
    let mut packet = [8, 0, 0, 0, IDENTIFIER[0], IDENTIFIER[1], high, low];
    let sum: u32 = packet
        .chunks_exact(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(u16::MAX);
    packet[2..4].copy_from_slice(&checksum.to_be_bytes());
    packet
}

const IDENTIFIER: [u8; 2] = *b"lb";

/// A raw socket hears every ICMP packet with its IPv4 header.
fn is_answer(packet: &[u8], target: Ipv4Addr, sequence: u16) -> bool {
    let Some(first) = packet.first() else {
        return false;
    };
    let header = usize::from(first & 0x0f) * 4;
    let from = packet.get(12..16);
    let body = packet.get(header..header + 8);
    from == Some(&target.octets())
        && body.is_some_and(|body| {
            body[0] == 0 && body[4..6] == IDENTIFIER && body[6..8] == sequence.to_be_bytes()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_right_checksum() {
        for sequence in [0, 1, 0x1234, u16::MAX] {
            let words = request(sequence);
            let sum: u32 = words
                .chunks_exact(2)
                .map(|two| u32::from(u16::from_be_bytes([two[0], two[1]])))
                .sum();
            assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "{sequence}");
        }
    }

    #[test]
    fn only_the_answer_is_an_answer() {
        let target = Ipv4Addr::new(10, 0, 0, 2);
        let mut packet = vec![0; 20];
        packet[0] = 0x45;
        packet[12..16].copy_from_slice(&target.octets());
        packet.extend([0, 0, 0, 0, b'l', b'b', 0, 7]);
        assert!(is_answer(&packet, target, 7));
        assert!(!is_answer(&packet, target, 8));
        assert!(!is_answer(&packet, Ipv4Addr::LOCALHOST, 7));
        assert!(!is_answer(&packet[..27], target, 7));
        assert!(!is_answer(&[], target, 7));
    }
}
