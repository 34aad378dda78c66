//! What there is once per network namespace: version, timeouts, daemons, counters.

use ipvs_netlink::{
    Client, Daemon, DaemonState, Destination, Error, Forwarding, Protocol, Service, Timeouts,
};

use super::cases::address;
use super::tools::{Outcome, equal, ipvsadm, same_text};

/// The kernel's number for what it takes for nonsense.
const EINVAL: i32 = rustix::io::Errno::INVAL.raw_os_error();

/// The version, as the head of ipvsadm's list has it; and zeroing, which must not fail.
pub(super) fn version(client: &mut Client) -> Outcome {
    let info = client.info()?;
    let expected = format!(
        "IP Virtual Server version {} (size={})",
        info.version, info.connection_table_size
    );
    let list = ipvsadm(&["-Ln"], "")?;
    same_text(
        "version",
        list.lines().next().unwrap_or_default(),
        &expected,
    )?;

    let key = address(Protocol::Tcp, "1.2.3.1", 80)?;
    client.add_service(&Service::new(key, "wlc"))?;
    client.zero(Some(&key))?;
    client.zero(None)?;
    equal("counters", &client.service(&key)?.stats.connections, &0)
}

/// Timeouts, both ways, and that a zero leaves one alone.
pub(super) fn timeouts(client: &mut Client) -> Outcome {
    let before = client.timeouts()?;
    client.set_timeouts(&Timeouts {
        tcp: 901,
        tcp_fin: 0,
        udp: 302,
    })?;
    let expected = format!("Timeout (tcp tcpfin udp): 901 {} 302\n", before.tcp_fin);
    same_text("ours", &ipvsadm(&["-L", "--timeout"], "")?, &expected)?;
    ipvsadm(&["--set", "800", "90", "250"], "")?;
    equal(
        "ipvsadm's",
        &client.timeouts()?,
        &Timeouts {
            tcp: 800,
            tcp_fin: 90,
            udp: 250,
        },
    )?;
    client.set_timeouts(&before)?;
    equal("put back", &client.timeouts()?, &before)
}

/// Daemons, both ways.
pub(super) fn daemons(client: &mut Client) -> Outcome {
    equal("daemons at first", &client.daemons()?, &Vec::new())?;
    let master = Daemon {
        max_length: Some(1400),
        group: Some([224, 0, 0, 99].into()),
        port: Some(9000),
        ttl: Some(3),
        ..Daemon::new(DaemonState::Master, "lo", 77)
    };
    client.start_daemon(&master)?;
    let line = "master sync daemon (mcast=lo, syncid=77, maxlen=1400, group=224.0.0.99, \
                port=9000, ttl=3)\n";
    same_text("ours", &ipvsadm(&["-L", "--daemon"], "")?, line)?;
    equal("read back", &client.daemons()?, &vec![master.clone()])?;
    match client.start_daemon(&master) {
        Err(Error::AlreadyExists { .. }) => {}
        other => return Err(format!("started twice: {other:?}").into()),
    }
    client.stop_daemon(DaemonState::Master)?;
    match client.stop_daemon(DaemonState::Master) {
        Err(error @ Error::NoSuchDaemon { .. }) => same_text(
            "stopped twice",
            &error.to_string(),
            "cannot stop the master synchronization daemon: it does not run",
        )?,
        other => return Err(format!("stopped twice: {other:?}").into()),
    }
    let nowhere = Daemon::new(DaemonState::Master, "nowhere", 1);
    match client.start_daemon(&nowhere) {
        Err(error @ Error::NoSuchInterface { .. }) => same_text(
            "started nowhere",
            &error.to_string(),
            "cannot start the master synchronization daemon: there is no interface nowhere",
        )?,
        other => return Err(format!("started nowhere: {other:?}").into()),
    }
    // The kernel has its own mind about some values.
    let short = Daemon {
        max_length: Some(1000),
        port: Some(0),
        ttl: Some(0),
        ..Daemon::new(DaemonState::Backup, "lo", 0)
    };
    client.start_daemon(&short)?;
    let found = client.daemons()?;
    let values = found.first().map(|d| (d.max_length, d.port, d.ttl));
    let expected = Some((Some(1024), Some(8848), Some(1)));
    equal("the kernel's values", &values, &expected)?;
    client.stop_daemon(DaemonState::Backup)?;
    ipvsadm(
        &[
            "--start-daemon",
            "backup",
            "--mcast-interface",
            "lo",
            "--syncid",
            "5",
        ],
        "",
    )?;
    let found = client.daemons()?;
    let name = found
        .first()
        .map(|d| (d.state, d.interface.clone(), d.sync_id, d.port));
    let expected = (DaemonState::Backup, "lo".to_owned(), 5, Some(8848));
    equal("ipvsadm's", &name, &Some(expected))?;
    client.stop_daemon(DaemonState::Backup)?;
    equal("stopped", &client.daemons()?, &Vec::new())?;
    // IPv6 needs a route for the multicasts, which a wire has.
    let six = Daemon {
        group: Some("ff02::51".parse()?),
        port: Some(9001),
        ttl: Some(2),
        max_length: Some(1300),
        ..Daemon::new(DaemonState::Master, "eth0", 255)
    };
    client.start_daemon(&six)?;
    let line = "master sync daemon (mcast=eth0, syncid=255, maxlen=1300, group=ff02::51, \
                port=9001, ttl=2)\n";
    same_text("IPv6", &ipvsadm(&["-L", "--daemon"], "")?, line)?;
    equal("IPv6 read back", &client.daemons()?, &vec![six])?;
    client.stop_daemon(DaemonState::Master)?;
    mixed(client)?;
    // Stopped before it ever ran, the kernel acknowledges nothing.
    client.start_daemon(&Daemon::new(DaemonState::Backup, "lo", 5))?;
    client.stop_daemon(DaemonState::Backup)?;
    equal("daemons at last", &client.daemons()?, &Vec::new())
}

/// A daemon and a destination of another family than its service's keep each other out.
fn mixed(client: &mut Client) -> Outcome {
    let key = address(Protocol::Tcp, "1.2.3.1", 80)?;
    client.add_service(&Service::new(key, "wlc"))?;
    let six = Destination::new("fd00::1".parse()?, 80, Forwarding::Tunnel, 1);
    client.add_destination(&key, &six)?;
    let master = Daemon::new(DaemonState::Master, "lo", 1);
    match client.start_daemon(&master) {
        Err(Error::Kernel { errno: EINVAL, .. }) => {}
        other => return Err(format!("started beside both families: {other:?}").into()),
    }
    client.delete_destination(&key, &six.key)?;
    client.start_daemon(&master)?;
    match client.add_destination(&key, &six) {
        Err(Error::Kernel { errno: EINVAL, .. }) => {}
        other => return Err(format!("another family beside a daemon: {other:?}").into()),
    }
    Ok(client.stop_daemon(DaemonState::Master)?)
}
