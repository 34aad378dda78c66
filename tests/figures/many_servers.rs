//! lvsd with 300 real servers behind one virtual server.

use super::{BOUND, SOON, check, until_idle};
use lab::{Error, HostPlan, Program, Result, Signal, Topology};
use scenarios::program;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

const SERVERS: usize = 300;
/// Where the real servers are: one host answers for all.
const NET: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 0);

#[test]
fn three_hundred_servers() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let topology = Topology::new()
            .switch("lan")
            .host(HostPlan::new("lvs").wire("eth0", "lan", "10.0.0.1/24"))
            .host(HostPlan::new("rs").wire("eth0", "lan", "10.0.0.2/24"));
        lab.build(&topology)?;
        let (router, servers) = (lab.host("lvs")?, lab.host("rs")?);
        let net = format!("{NET}/16");
        servers.tool(&["ip", "route", "add", "local", &net, "dev", "lo"])?;
        router.tool(&["ip", "route", "add", &net, "via", "10.0.0.2"])?;
        let _server = servers.serve(80)?;
        let file = router.dir().join("lvs.cf");
        std::fs::write(&file, configuration()?).map_err(|source| Error::Io {
            doing: "write lvs.cf".into(),
            source,
        })?;

        let start = Instant::now();
        let lvsd = Program::new("lvsd", program("lvsd")?)
            .args(["--nofork", "-c"])
            .arg(&file);
        let lvsd = router.start(lvsd)?;
        let all = lab.wait("all real servers in the table", SOON, || {
            let table = router.read_file("/proc/thread-self/net/ip_vs")?;
            // The first line with an arrow is the heading.
            Ok(table.matches("->").count() > SERVERS)
        })?;
        let took = millis(all - start);
        check(lab, "300 real servers: start to all in the table", took)?;

        let stop = lvsd.signal(Signal::SIGTERM)?;
        let took = millis(until_idle(lab, &router, stop)?);
        check(lab, "300 real servers: stop of lvsd and its nannies", took)?;
        assert_eq!(router.ipvs()?.services, [], "the table after the stop");
        Ok(())
    });
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn configuration() -> Result<String> {
    let mut text = format!(
        "\
primary = 10.0.0.1
service = lvs
network = nat
nat_router = 10.0.0.254 eth0:1
virtual vs1 {{
 active = 1
 address = 1.2.3.1 eth0:2
 port = 80
 scheduler = wlc
 load_monitor = none
 client_monitor = {}
",
        program("nanny")?.display()
    );
    for (number, address) in (1..=SERVERS).zip(u32::from(NET) + 1..) {
        let address = Ipv4Addr::from(address);
        let _ = writeln!(
            text,
            " server rs{number} {{\n  address = {address}\n  active = 1\n }}"
        );
    }
    text.push_str("}\n");
    Ok(text)
}
