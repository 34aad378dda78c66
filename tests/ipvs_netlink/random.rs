//! Random tables, turned into one another in the kernel.

use std::net::{IpAddr, Ipv6Addr};

use ipvs_netlink::{
    Client, Destination, Family, Forwarding, Netmask, Protocol, Service, ServiceFlags, ServiceKey,
    Table, Tunnel, TunnelChecksum,
};

use super::tools::{Outcome, Random, equal, ipvsadm, same_text, shell};

/// How many pairs are tried.
pub(super) const PAIRS: u64 = 200;

/// Every so many pairs, the text of the plan makes the change: a process for every line is slow.
const BY_SHELL: u64 = 50;

/// Makes the first table, then the second out of it by the difference; the kernel must have it
/// exactly, and a second difference must be empty. Returns how many changes that took.
pub(super) fn pairs(client: &mut Client) -> Outcome<usize> {
    let mut changes = 0;
    for seed in 1..=PAIRS {
        let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (first, second) = (table(&mut random), table(&mut random));
        for wanted in [&first, &second] {
            let present = Table::read(client)?;
            let plan = present.diff(wanted);
            changes += plan.changes.len();
            if seed % BY_SHELL == 0 {
                shell(&plan.to_string()).map_err(|error| format!("seed {seed}: {error}"))?;
            } else {
                for (change, result) in plan.changes.iter().zip(plan.apply(client)) {
                    result.map_err(|error| format!("seed {seed}: {change}: {error}"))?;
                }
            }
            let found = Table::read(client)?;
            equal(&format!("seed {seed}"), &found, wanted)?;
            if !found.diff(wanted).is_empty() {
                return Err(format!("seed {seed}: the second difference is not empty").into());
            }
        }
        if seed % 20 == 0 {
            // ipvsadm has another order where destinations of both families are mixed.
            let sorted = |text: &str| {
                let mut lines: Vec<&str> = text.lines().collect();
                lines.sort_unstable();
                lines.join("\n")
            };
            let found = ipvsadm(&["-Sn"], "")?;
            same_text("ipvsadm", &sorted(&found), &sorted(&second.to_string()))?;
        }
    }
    Ok(changes)
}

/// A table from a small world, so that two of them have much in common.
fn table(random: &mut Random) -> Table {
    let mut table = Table::new();
    for _ in 0..random.below(8) {
        let service = service(random);
        let key = service.key;
        table.insert_service(service);
        for _ in 0..random.below(8) {
            table.insert_destination(&key, destination(random, key.family()));
        }
    }
    table
}

fn service(random: &mut Random) -> Service {
    let address: IpAddr = if random.below(3) == 0 {
        Ipv6Addr::from(0xfd << 120 | u128::from(random.below(3))).into()
    } else {
        [1, 2, 3, random.below(3) as u8].into()
    };
    let protocol = random.one_of(&[Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
    let port = random.one_of(&[80, 443]);
    let family = random.one_of(&[Family::V4, Family::V6]);
    let mark = 1 + random.below(3);
    let key = random.one_of(&[
        ServiceKey::Address {
            protocol,
            address,
            port,
        },
        ServiceKey::Address {
            protocol,
            address,
            port,
        },
        ServiceKey::Fwmark { family, mark },
    ]);
    let mut service = Service::new(key, random.one_of(&["rr", "wlc", "wrr", "sh", "mh"]));
    service.persistence = random.one_of(&[0, 0, 60, 360]);
    if random.below(2) == 0 {
        service.netmask = match key.family() {
            Family::V4 => Netmask::V4([255, 255, 0, 0].into()),
            Family::V6 => Netmask::V6(48),
        };
    }
    for flag in [
        ServiceFlags::HASH_FALLBACK,
        ServiceFlags::HASH_PORT,
        ServiceFlags::SCHEDULER_3,
        ServiceFlags::ONE_PACKET,
    ] {
        // ipvsadm takes the last one for UDP alone, and for marks.
        let is_taken = flag != ServiceFlags::ONE_PACKET
            || matches!(
                key,
                ServiceKey::Fwmark { .. }
                    | ServiceKey::Address {
                        protocol: Protocol::Udp,
                        ..
                    }
            );
        if random.below(3) == 0 && is_taken {
            service.flags |= flag;
        }
    }
    if random.below(6) == 0 {
        service.pe_name = Some("sip".to_owned());
    }
    service
}

fn destination(random: &mut Random, family: Family) -> Destination {
    let forwarding = random.one_of(&[
        Forwarding::Masquerade,
        Forwarding::Direct,
        Forwarding::Tunnel,
    ]);
    // Behind a tunnel a destination may be of the other family.
    let other = forwarding == Forwarding::Tunnel && random.below(4) == 0;
    let last = random.below(4);
    let address: IpAddr = if (family == Family::V4) == other {
        Ipv6Addr::from(0xfd << 120 | u128::from(last)).into()
    } else {
        [10, 0, 0, last as u8].into()
    };
    let port = random.one_of(&[80, 8080]);
    let mut destination = Destination::new(address, port, forwarding, random.below(4));
    if random.below(3) == 0 {
        destination.upper_threshold = 100 + random.below(2);
        destination.lower_threshold = random.below(100);
    }
    if random.below(2) == 0 {
        let checksum = random.one_of(&[TunnelChecksum::None, TunnelChecksum::Checksum]);
        destination.tunnel = random.one_of(&[
            Tunnel::Gue {
                port: 6080,
                checksum,
            },
            Tunnel::Gre { checksum },
        ]);
    }
    destination
}
