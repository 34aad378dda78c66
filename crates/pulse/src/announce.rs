//! Sends gratuitous ARP for the floating addresses, all side by side.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, sendto, socket};

use crate::arp;
use crate::settings::Floating;

/// A packet socket that only sends.
pub struct Announcer {
    socket: OwnedFd,
}

/// What one round of announcements did.
#[derive(Debug, Default)]
pub struct Round {
    /// How many addresses were announced.
    pub announced: usize,
    /// How many frames were not taken, and why the last one was not.
    pub failed: Option<(usize, io::Error)>,
}

impl Announcer {
    /// Opens the socket. Its protocol is 0: it receives nothing.
    ///
    /// # Errors
    /// What the system says; without CAP_NET_RAW `PermissionDenied`.
    pub fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Packet, SockType::Raw, flags, None)?;
        Ok(Self { socket })
    }

    /// Announces every address on its device once. Devices without ARP (loopback, tunnels) and
    /// devices that are not there are passed over quietly.
    ///
    /// # Errors
    /// If the system does not tell which devices there are.
    pub fn announce(&self, floating: &[Floating]) -> io::Result<Round> {
        let devices = devices()?;
        let mut round = Round::default();
        for one in floating {
            let Some((device, mac)) = devices.get(&one.interface) else {
                continue;
            };
            let mut taken = true;
            for frame in arp::announcement(*mac, one.address) {
                let sent = sendto(self.socket.as_raw_fd(), &frame, device, MsgFlags::empty());
                if let Err(errno) = sent {
                    taken = false;
                    let failed = round.failed.as_ref().map_or(0, |(count, _)| *count);
                    round.failed = Some((failed + 1, errno.into()));
                }
            }
            round.announced += usize::from(taken);
        }
        Ok(round)
    }
}

/// The Ethernet devices that speak ARP, with their packet-socket and MAC addresses.
fn devices() -> io::Result<HashMap<String, (LinkAddr, [u8; 6])>> {
    let mut devices = HashMap::new();
    for entry in getifaddrs()? {
        let arp = entry.flags.contains(InterfaceFlags::IFF_BROADCAST)
            && !entry
                .flags
                .intersects(InterfaceFlags::IFF_NOARP | InterfaceFlags::IFF_LOOPBACK);
        let link = entry
            .address
            .as_ref()
            .and_then(|address| address.as_link_addr())
            .copied();
        if let Some(link) = link.filter(|link| arp && link.hatype() == libc::ARPHRD_ETHER)
            && let Some(mac) = link.addr()
        {
            devices.insert(entry.interface_name, (link, mac));
        }
    }
    Ok(devices)
}
