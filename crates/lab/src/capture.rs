//! ARP frames as they pass an interface, byte for byte.

use crate::error::{Error, Result};
use crate::host::Host;
use crate::lab::Lab;
use crate::rtnl;
use nix::sys::socket::{LinkAddr, SockaddrLike, recvfrom};
use socket2::{Domain, Protocol, Socket, Type};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const ETH_P_ALL: u16 = 0x0003;
const ETH_P_ARP: u16 = 0x0806;
/// How long the thread may take to notice that nobody wants more.
const STOP_LATENCY: Duration = Duration::from_millis(50);

/// A captured ARP frame for IPv4 over Ethernet (RFC 826).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArpFrame {
    /// When the lab read it (monotonic).
    pub at: Instant,
    /// The whole frame, from the Ethernet header on.
    pub bytes: Vec<u8>,
    /// Where the frame goes.
    pub destination: [u8; 6],
    /// Where it comes from.
    pub source: [u8; 6],
    /// 1: who has; 2: is at.
    pub operation: u16,
    /// The sender's hardware address.
    pub sender_mac: [u8; 6],
    /// The sender's address.
    pub sender_ip: Ipv4Addr,
    /// The target's hardware address.
    pub target_mac: [u8; 6],
    /// The target's address.
    pub target_ip: Ipv4Addr,
}

impl ArpFrame {
    /// Whether it announces its sender's own address, as a request or as a reply.
    pub fn is_gratuitous(&self) -> bool {
        self.sender_ip == self.target_ip
    }

    fn parse(at: Instant, bytes: &[u8]) -> Option<Self> {
        let word = |from: usize| Some(u16::from_be_bytes(*bytes.get(from..)?.first_chunk()?));
        let mac = |from: usize| bytes.get(from..)?.first_chunk::<6>().copied();
        let ip = |from: usize| Some(Ipv4Addr::from(*bytes.get(from..)?.first_chunk::<4>()?));
        let is_arp = word(12)? == ETH_P_ARP && word(14)? == 1 && word(16)? == 0x0800;
        is_arp.then_some(())?;
        Some(ArpFrame {
            at,
            bytes: bytes.to_vec(),
            destination: mac(0)?,
            source: mac(6)?,
            operation: word(20)?,
            sender_mac: mac(22)?,
            sender_ip: ip(28)?,
            target_mac: mac(32)?,
            target_ip: ip(38)?,
        })
    }
}

/// A capture that runs until it is dropped.
#[derive(Debug)]
pub struct ArpCapture {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    frames: Mutex<Vec<ArpFrame>>,
}

impl Host {
    /// Captures the ARP frames that reach one interface of this host.
    pub fn capture_arp(&self, interface: &str) -> Result<ArpCapture> {
        let interface = interface.to_owned();
        self.inside(move || ArpCapture::start(&interface, ETH_P_ARP))
    }
}

impl Lab {
    /// Captures the ARP frames that a host sends over one wire, at the switch's end of it.
    pub fn capture_arp_from(&self, host: &str, interface: &str) -> Result<ArpCapture> {
        // The bridge takes frames away before handlers of a single protocol see them.
        self.at_port(host, interface, |port| ArpCapture::start(port, ETH_P_ALL))?
    }
}

impl ArpCapture {
    fn start(interface: &str, protocol: u16) -> Result<Self> {
        let index = rtnl::index(interface)?;
        let open = || -> std::io::Result<Socket> {
            let protocol = Protocol::from(i32::from(protocol.to_be()));
            let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
            socket.set_read_timeout(Some(STOP_LATENCY))?;
            Ok(socket)
        };
        let socket = open().map_err(Error::io("open a packet socket"))?;
        let shared = Arc::new(Shared::default());
        let work = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || capture(&socket, index, &work))
            .map_err(Error::io("start a capture's thread"))?;
        Ok(ArpCapture {
            shared,
            thread: Some(thread),
        })
    }

    /// The frames so far.
    pub fn frames(&self) -> Vec<ArpFrame> {
        self.shared
            .frames
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The frames so far that announce `address`.
    pub fn announcements(&self, address: Ipv4Addr) -> Vec<ArpFrame> {
        let mut frames = self.frames();
        frames.retain(|frame| frame.is_gratuitous() && frame.sender_ip == address);
        frames
    }
}

impl Drop for ArpCapture {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The socket hears every interface of its namespace; binding it to one would need an address that
/// no safe function makes. Frames of the others are dropped here.
fn capture(socket: &Socket, index: u32, shared: &Shared) {
    let mut buffer = vec![0; 65_536];
    while !shared.stop.load(Ordering::Relaxed) {
        let Ok((length, from)) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer) else {
            continue;
        };
        let at = Instant::now();
        let here = from.is_some_and(|from| from.len() > 0 && from.ifindex() == index as usize);
        if here && let Some(frame) = ArpFrame::parse(at, &buffer[..length]) {
            shared
                .frames
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_announcement() {
        let mut bytes = vec![0xff; 6];
        bytes.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
        bytes.extend([2, 0, 0, 0, 0, 1, 1, 2, 3, 1]);
        bytes.extend([2, 0, 0, 0, 0, 1, 1, 2, 3, 1]);
        bytes.resize(60, 0);
        let frame = ArpFrame::parse(Instant::now(), &bytes).unwrap();
        assert!(frame.is_gratuitous());
        assert_eq!((frame.operation, frame.destination), (2, [0xff; 6]));
        assert_eq!(frame.sender_ip, Ipv4Addr::new(1, 2, 3, 1));
        assert_eq!(frame.sender_mac, frame.source);
        assert!(ArpFrame::parse(Instant::now(), &bytes[..41]).is_none());
        bytes[13] = 0;
        assert!(ArpFrame::parse(Instant::now(), &bytes).is_none());
    }
}
