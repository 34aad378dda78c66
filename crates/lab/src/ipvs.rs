//! A host's IPVS table, read from `/proc/net/ip_vs`: cheap enough to look at every few
//! milliseconds. The format is that of `ip_vs_info_seq_show` in the kernel's `ip_vs_ctl.c`:
//! addresses and ports in hexadecimal, weights and counts in decimal.

use crate::error::{Error, Result};
use crate::host::Host;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The whole table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The services in the kernel's order.
    pub services: Vec<Service>,
}

/// What a service is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKey {
    /// TCP to this address and port.
    Tcp(SocketAddr),
    /// UDP to this address and port.
    Udp(SocketAddr),
    /// SCTP to this address and port.
    Sctp(SocketAddr),
    /// Packets with this firewall mark.
    Mark(u32),
}

/// A virtual service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its key.
    pub key: ServiceKey,
    /// The name of its scheduler.
    pub scheduler: String,
    /// What follows it in the kernel's text: `persistent 600 FFFFFFFF`, or nothing.
    pub flags: String,
    /// Its real servers, in the kernel's order.
    pub destinations: Vec<Destination>,
}

/// A real server of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Its address and port.
    pub address: SocketAddr,
    /// How packets reach it: `Masq`, `Route`, `Tunnel`, `Local`.
    pub forward: String,
    /// Its weight.
    pub weight: i64,
    /// Connections in the state established.
    pub active: u64,
    /// Connections in other states.
    pub inactive: u64,
}

impl Table {
    /// The service behind an address and TCP port.
    pub fn tcp(&self, address: SocketAddr) -> Option<&Service> {
        self.services
            .iter()
            .find(|service| service.key == ServiceKey::Tcp(address))
    }

    /// The weight of a real server in whichever service has it first.
    pub fn weight(&self, address: SocketAddr) -> Option<i64> {
        let mut all = self
            .services
            .iter()
            .flat_map(|service| &service.destinations);
        all.find(|destination| destination.address == address)
            .map(|found| found.weight)
    }

    /// Whether any service has this real server.
    pub fn has(&self, address: SocketAddr) -> bool {
        self.weight(address).is_some()
    }

    /// All real servers of all services.
    pub fn destinations(&self) -> impl Iterator<Item = &Destination> {
        self.services
            .iter()
            .flat_map(|service| &service.destinations)
    }

    /// Reads the kernel's text.
    pub fn parse(text: &str) -> Result<Self> {
        let mut table = Table::default();
        for line in text.lines() {
            let garbled = || Error::Garbled {
                what: "a line of /proc/net/ip_vs",
                text: line.to_owned(),
            };
            let fields: Vec<_> = line.split_whitespace().collect();
            match fields.as_slice() {
                [] | ["IP", "Virtual", ..] | ["Prot", ..] | ["->", "RemoteAddress:Port", ..] => {}
                ["->", address, forward, weight, active, inactive] => {
                    let destination = Destination {
                        address: hex_address(address).ok_or_else(garbled)?,
                        forward: (*forward).to_owned(),
                        weight: weight.parse().map_err(|_| garbled())?,
                        active: active.parse().map_err(|_| garbled())?,
                        inactive: inactive.parse().map_err(|_| garbled())?,
                    };
                    let service = table.services.last_mut().ok_or_else(garbled)?;
                    service.destinations.push(destination);
                }
                [kind, key, scheduler, flags @ ..] => table.services.push(Service {
                    key: service_key(kind, key).ok_or_else(garbled)?,
                    scheduler: (*scheduler).to_owned(),
                    flags: flags.join(" "),
                    destinations: Vec::new(),
                }),
                _ => return Err(garbled()),
            }
        }
        Ok(table)
    }
}

fn service_key(kind: &str, key: &str) -> Option<ServiceKey> {
    Some(match kind {
        "TCP" => ServiceKey::Tcp(hex_address(key)?),
        "UDP" => ServiceKey::Udp(hex_address(key)?),
        "SCTP" => ServiceKey::Sctp(hex_address(key)?),
        "FWM" => ServiceKey::Mark(u32::from_str_radix(key, 16).ok()?),
        _ => return None,
    })
}

/// `C0A80103:0050` or `[2001:db8::1]:0050`.
fn hex_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let address = match address.strip_prefix('[') {
        Some(rest) => IpAddr::V6(rest.strip_suffix(']')?.parse().ok()?),
        None => IpAddr::V4(Ipv4Addr::from_bits(u32::from_str_radix(address, 16).ok()?)),
    };
    Some(SocketAddr::new(address, port))
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for service in &self.services {
            writeln!(
                out,
                "{:?} {} {}",
                service.key, service.scheduler, service.flags
            )?;
            for destination in &service.destinations {
                let Destination {
                    address,
                    forward,
                    weight,
                    active,
                    inactive,
                } = destination;
                writeln!(out, "  -> {address} {forward} {weight} {active} {inactive}")?;
            }
        }
        Ok(())
    }
}

impl Host {
    /// This host's IPVS table, without a fork.
    pub fn ipvs(&self) -> Result<Table> {
        Table::parse(&self.read_file("/proc/thread-self/net/ip_vs")?)
    }

    /// The table as `ipvsadm -Ln` prints it.
    pub fn ipvsadm(&self) -> Result<String> {
        self.tool(&["ipvsadm", "-Ln"])
    }

    /// The table as rules that `ipvsadm -R` would take: `ipvsadm -Sn`.
    pub fn ipvsadm_rules(&self) -> Result<String> {
        self.tool(&["ipvsadm", "-Sn"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  01020301:0050 wlc  persistent 600 FFFFFF00
  -> C0A80103:0050      Masq    2000   1          22
  -> C0A80104:0050      Masq    0      0          0
FWM  00000050 rr
TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 mh (mh-fallback)
  -> [2001:0db8:0000:0000:0000:0000:0000:0002]:1F90      Route   1      0          0
";

    #[test]
    fn reads_the_kernels_text() {
        let table = Table::parse(TEXT).unwrap();
        assert_eq!(table.services.len(), 3);
        let vip = "1.2.3.1:80".parse().unwrap();
        let service = table.tcp(vip).unwrap();
        assert_eq!(service.flags, "persistent 600 FFFFFF00");
        assert_eq!(service.destinations.len(), 2);
        assert_eq!(service.destinations[0].inactive, 22);
        assert_eq!(table.weight("192.168.1.3:80".parse().unwrap()), Some(2000));
        assert_eq!(table.weight("192.168.1.4:80".parse().unwrap()), Some(0));
        assert!(!table.has("192.168.1.5:80".parse().unwrap()));
        assert_eq!(table.services[1].key, ServiceKey::Mark(0x50));
        assert!(table.has("[2001:db8::2]:8080".parse().unwrap()));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "TCP  zz:0050 wlc",
            "  -> C0A80103:0050 Masq 1 0 0",
            "XYZ 1:1 rr",
            "TCP 1:1",
        ] {
            assert!(Table::parse(text).is_err(), "{text}");
        }
    }
}
