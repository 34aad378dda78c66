//! Connections and counters, against what ipvsadm says of them.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ipvs_netlink::{Client, Destination, Forwarding, Protocol, Service, ServiceKey, Stats};
use lab::{Host, Server};

use super::cases::address;
use super::tools::{Outcome, equal, ipvsadm};

/// The virtual service of [`service`].
pub(super) const VIRTUAL: ([u8; 4], u16) = ([10, 0, 0, 1], 81);

/// A service on the host's own address, whose one destination is the web server on the same host.
pub(super) fn service(host: &Host) -> lab::Result<Server> {
    let server = host.serve(80)?;
    let add = || -> Outcome {
        let mut client = Client::open()?;
        let (key, destination) = parts()?;
        client.add_service(&Service::new(key, "rr"))?;
        Ok(client.add_destination(&key, &destination)?)
    };
    host.inside(move || add().map_err(|error| error.to_string()))
        .map_err(lab::Error::broken)?;
    Ok(server)
}

fn parts() -> Outcome<(ServiceKey, Destination)> {
    Ok((
        address(Protocol::Tcp, "10.0.0.1", 81)?,
        Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1),
    ))
}

/// Opens some connections from `host` and keeps them open.
pub(super) fn connect(host: &Host, count: usize) -> lab::Result<Vec<TcpStream>> {
    let open = move || -> std::io::Result<Vec<TcpStream>> {
        let target = SocketAddr::from(VIRTUAL);
        (0..count).map(|_| TcpStream::connect(target)).collect()
    };
    host.inside(open).map_err(|source| lab::Error::Io {
        doing: "connect".to_owned(),
        source,
    })
}

/// With `active` connections open: connections, totals and rates are ipvsadm's; zeroed they are 0.
pub(super) fn agrees(client: &mut Client, active: u32) -> Outcome {
    let (key, destination) = parts()?;
    // The kernel sums up every two seconds: counters come late, and rates go again.
    let start = Instant::now();
    loop {
        let entry = client
            .destination(&key, &destination.key)?
            .ok_or("the destination is gone")?;
        equal("active", &entry.active_connections, &active)?;
        let list = row(&["-Ln"])?;
        equal(
            "listed",
            &list[1..],
            &[
                u64::from(entry.active_connections),
                u64::from(entry.inactive_connections),
            ],
        )?;
        let connections = ipvsadm(&["-Lcn"], "")?;
        let named = connections.matches("10.0.0.1:81").count();
        equal(
            "connections",
            &u32::try_from(named)?,
            &(entry.active_connections + entry.inactive_connections),
        )?;
        let (totals, rates) = (
            row(&["-Ln", "--stats", "--exact"])?,
            row(&["-Ln", "--rate", "--exact"])?,
        );
        let again = client
            .destination(&key, &destination.key)?
            .ok_or("the destination is gone")?;
        // A packet or a new estimate may have come between.
        let is_still = again.stats == entry.stats && entry.stats.connection_rate > 0;
        let is_used = entry.stats.connections >= u64::from(active);
        if is_used && is_still && totals == total(&entry.stats) && rates == rate(&entry.stats) {
            break;
        }
        if start.elapsed() > Duration::from_secs(10) {
            return Err(format!("ours {:?}, ipvsadm {totals:?} and {rates:?}", entry.stats).into());
        }
    }
    client.zero(Some(&key))?;
    let zeroed = client.service(&key)?.stats;
    equal("zeroed", &total(&zeroed)[..1], &[0])?;
    equal(
        "zeroed for ipvsadm",
        &row(&["-Ln", "--stats", "--exact"])?[..1],
        &[0],
    )
}

fn total(stats: &Stats) -> Vec<u64> {
    let Stats {
        connections,
        in_packets,
        out_packets,
        in_bytes,
        out_bytes,
        ..
    } = *stats;
    vec![connections, in_packets, out_packets, in_bytes, out_bytes]
}

fn rate(stats: &Stats) -> Vec<u64> {
    let Stats {
        connection_rate,
        in_packet_rate,
        out_packet_rate,
        in_byte_rate,
        out_byte_rate,
        ..
    } = *stats;
    vec![
        connection_rate,
        in_packet_rate,
        out_packet_rate,
        in_byte_rate,
        out_byte_rate,
    ]
}

/// The numbers in ipvsadm's row of the destination.
fn row(arguments: &[&str]) -> Outcome<Vec<u64>> {
    let list = ipvsadm(arguments, "")?;
    let line = list.lines().find(|line| line.contains("-> 10.0.0.1:80"));
    let words = line.ok_or("no row of the destination")?.split_whitespace();
    Ok(words.filter_map(|word| word.parse().ok()).collect())
}
