//! Each way a network can fail between a router and a real server: the nanny says what it was, the
//! server is out in time, and nothing of it is left in the process.

use lab::{Error, Host, Process, Result};
use scenarios::one_router::{OneRouter, at};
use scenarios::real_servers;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(2);
const INTERVAL: Duration = Duration::from_millis(250);
const RULES: &str = "-t 2 --interval 0.25 -a 0.5";
/// How late a loaded guest may be.
const SLACK: Duration = Duration::from_secs(2);
/// How much older than an interval the last pass may be there.
const EARLY: Duration = Duration::from_secs(1);

/// What a firewall on the real server does with what comes to port 80, and what the nanny says.
const FIREWALLS: [(&str, &str); 5] = [
    (
        "DROP",
        "CONNECT to 10.0.0.11:80 timed out: service down, the host answers a ping",
    ),
    (
        "REJECT --reject-with icmp-port-unreachable",
        "CONNECT to 10.0.0.11:80 failed: Connection refused",
    ),
    (
        "REJECT --reject-with icmp-host-unreachable",
        "CONNECT to 10.0.0.11:80 failed: No route to host",
    ),
    (
        "REJECT --reject-with icmp-admin-prohibited",
        "CONNECT to 10.0.0.11:80 failed: No route to host",
    ),
    (
        "REJECT --reject-with tcp-reset",
        "CONNECT to 10.0.0.11:80 failed: Connection refused",
    ),
];

/// The same for datagrams to port 13.
const FOR_DATAGRAMS: [(&str, &str); 2] = [
    (
        "DROP",
        "READ to 10.0.0.11:13 timed out: service down, the host answers a ping",
    ),
    (
        "REJECT --reject-with icmp-port-unreachable",
        "READ to 10.0.0.11:13 failed: Connection refused",
    ),
];

/// What a process holds: descriptors, children, anonymous memory in KiB.
#[derive(Debug, PartialEq, Eq)]
struct Holdings {
    descriptors: usize,
    children: usize,
    memory: u64,
}

fn holdings(lab: &OneRouter<'_>, router: &Host, nanny: &Process) -> Result<Holdings> {
    let status = router.read_file(format!("/proc/{}/status", nanny.pid()))?;
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    let children = router.processes();
    Ok(Holdings {
        descriptors: lab.descriptors(nanny)?,
        children: children
            .iter()
            .filter(|process| process.parent == nanny.pid())
            .count(),
        memory: memory.ok_or_else(|| Error::broken(format!("no RssAnon in {status}")))?,
    })
}

/// The web server of rs1, once it answers.
fn start_nginx(lab: &OneRouter<'_>) -> Result<Process> {
    let (router, nginx) = (lab.router()?, real_servers::start_nginx(&lab.host("rs1")?)?);
    lab.wait("nginx", SOON, || {
        Ok(router.get_http(at(1, 80), SOON).server().is_some())
    })?;
    Ok(nginx)
}

/// A fault came after `since` and is there now: the web server goes out by the rules, and the nanny
/// says why.
fn goes_out(lab: &OneRouter<'_>, nanny: &Process, line: &str, since: Instant) -> Result<()> {
    server_goes_out(lab, at(1, 80), nanny, line, since)
}

/// The same for any server.
fn server_goes_out(
    lab: &OneRouter<'_>,
    server: SocketAddr,
    nanny: &Process,
    line: &str,
    since: Instant,
) -> Result<()> {
    let there = Instant::now();
    let gone = lab.wait_weight(server, None)?;
    nanny.log().wait_line_after(since, line, SOON)?;
    let verdict = format!("[inactive] shutting down {server}");
    nanny.log().wait_line_after(since, &verdict, SOON)?;
    let out = gone - since;
    lab.measured(&format!("{line}: out after"), out.as_millis(), "ms")?;
    assert!(out + INTERVAL + EARLY >= TIMEOUT, "{line}: {out:?}");
    let late = gone.saturating_duration_since(there);
    assert!(late <= TIMEOUT + INTERVAL + SLACK, "{line}: {late:?}");
    Ok(())
}

#[test]
fn a_ping_socket_tells_a_dead_host_from_a_dead_service_as_a_raw_one_does() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let lab = OneRouter::up(lab, 1)?;
        let (router, rs1) = (lab.router()?, lab.host("rs1")?);
        lab.make_service("-t 1.2.3.1:80")?;
        let _nginx = start_nginx(&lab)?;
        // No group may open one at first; then every one may.
        for groups in ["1 0", "0 2147483647"] {
            let setting = format!("net.ipv4.ping_group_range={groups}");
            router.tool(&["sysctl", "-q", "-w", &setting])?;
            let nanny = lab.start_nanny(1, RULES)?;
            lab.wait_weight(at(1, 80), Some(1))?;

            let since = Instant::now();
            lab.iptables(&rs1, "-A INPUT -p tcp --dport 80 -j DROP")?;
            let line = "CONNECT to 10.0.0.11:80 timed out: service down, the host answers a ping";
            goes_out(&lab, &nanny, line, since)?;
            // No ping gets out of the router: it says nothing about the host.
            lab.iptables(&router, "-A OUTPUT -p icmp -j DROP")?;
            let since = Instant::now();
            let line = "CONNECT to 10.0.0.11:80 timed out";
            let line = nanny.log().wait_line_after(since, line, SOON)?;
            assert!(line.text.ends_with("timed out"), "{line:?}");
            // The firewall drops everything now.
            lab.iptables(&rs1, "-A INPUT -p icmp -j DROP")?;
            let since = Instant::now();
            lab.iptables(&router, "-D OUTPUT -p icmp -j DROP")?;
            let line = "timed out: the host does not answer a ping";
            nanny.log().wait_line_after(since, line, SOON)?;
            // Somebody on the way knows that there is no way.
            let since = Instant::now();
            let reject = "-p icmp -j REJECT --reject-with icmp-host-unreachable";
            lab.iptables(&rs1, &format!("-R INPUT 2 {reject}"))?;
            let line = "timed out: host unreachable, No route to host";
            nanny.log().wait_line_after(since, line, SOON)?;
            lab.iptables(&rs1, "-F INPUT")?;
            nanny.stop(SOON)?;
        }
        Ok(())
    });
}

#[test]
fn every_fault_of_the_network_takes_the_server_out_in_time_and_leaves_nothing_behind() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let lab = OneRouter::up(lab, 1)?;
        let (router, rs1) = (lab.router()?, lab.host("rs1")?);
        lab.make_service("-t 1.2.3.1:80")?;
        let _nginx = start_nginx(&lab)?;
        // A nanny says no more than six changes a minute, and a fault in the middle of a check is two.
        for faults in FIREWALLS.chunks(3) {
            let nanny = lab.start_nanny(1, RULES)?;
            lab.wait_weight(at(1, 80), Some(1))?;
            let mut before = None;
            for (target, line) in faults {
                let rule = format!("INPUT -p tcp --dport 80 -j {target}");
                let since = Instant::now();
                lab.iptables(&rs1, &format!("-A {rule}"))?;
                goes_out(&lab, &nanny, line, since)?;
                lab.iptables(&rs1, &format!("-D {rule}"))?;
                lab.wait_weight(at(1, 80), Some(1))?;
                // What a failure takes the first time stays; nothing is added by the next.
                let now = holdings(&lab, &router, &nanny)?;
                assert!(now.descriptors <= 4, "{now:?}");
                assert_eq!(now.children, 0);
                let first = before.get_or_insert(now.memory);
                assert!(now.memory <= *first + 8, "{now:?} after {first} KiB");
            }
            nanny.stop(SOON)?;
        }

        let nanny = lab.start_nanny(1, RULES)?;
        lab.wait_weight(at(1, 80), Some(1))?;
        // The host is gone, and its address is forgotten: nobody answers the question for it.
        let since = lab.unplug("rs1", "eth0")?;
        router.tool(&["ip", "neighbour", "flush", "dev", "eth0"])?;
        let line = "CONNECT to 10.0.0.11:80 timed out: the host does not answer a ping";
        goes_out(&lab, &nanny, line, since)?;
        lab.plug("rs1", "eth0")?;
        lab.wait_weight(at(1, 80), Some(1))?;

        // The router itself has no way there.
        let since = Instant::now();
        router.tool(&["ip", "route", "add", "unreachable", "10.0.0.11/32"])?;
        let line = "CONNECT to 10.0.0.11:80 failed: No route to host";
        goes_out(&lab, &nanny, line, since)?;
        Ok(())
    });
}

#[test]
fn datagrams_that_are_lost_or_refused_take_the_server_out_in_time() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let lab = OneRouter::up(lab, 1)?;
        let (router, rs1) = (lab.router()?, lab.host("rs1")?);
        lab.make_service("-u 1.2.3.1:13")?;
        let _inetd = real_servers::start_inetd(&rs1)?;
        let daytime = at(1, 13);
        let nanny = lab.start_nanny(1, &format!("-u -p 13 {RULES}"))?;
        lab.wait_weight(daytime, Some(1))?;
        for (target, line) in FOR_DATAGRAMS {
            let rule = format!("INPUT -p udp --dport 13 -j {target}");
            let since = Instant::now();
            lab.iptables(&rs1, &format!("-A {rule}"))?;
            server_goes_out(&lab, daytime, &nanny, line, since)?;
            lab.iptables(&rs1, &format!("-D {rule}"))?;
            lab.wait_weight(daytime, Some(1))?;
            let now = holdings(&lab, &router, &nanny)?;
            assert!(now.descriptors <= 4 && now.children == 0, "{now:?}");
        }
        Ok(())
    });
}
