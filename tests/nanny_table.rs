//! What a nanny does to the kernel's table, beside a real web server: in, quiesced, in again by slow
//! start, and out for good; services known by a firewall mark; a service that comes late.

use lab::{ServiceKey, Signal};
use scenarios::one_router::{OneRouter, VIRTUAL, at};
use scenarios::real_servers;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
/// How late a loaded guest may be.
const SLACK: Duration = Duration::from_secs(3);

#[test]
fn a_web_server_that_is_quiesced_stays_and_comes_back_as_a_cold_one() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let lab = OneRouter::up(lab, 1)?;
        lab.make_service("-t 1.2.3.1:80")?;
        let rs1 = lab.host("rs1")?;
        let nginx = real_servers::start_nginx(&rs1)?;
        let server = at(1, 80);
        let nanny = lab.start_nanny(1, "-q -w 320 -t 2 --interval 0.5 -a 2")?;
        nanny.wait_line("[ active ] making 10.0.0.11:80 available", SOON)?;
        assert_eq!(lab.weight(server)?, Some(10), "a thirty-second");

        let stopped = Instant::now();
        nginx.stop(SOON)?;
        let out = lab.wait_weight(server, Some(0))? - stopped;
        lab.measured("a stopped nginx was quiesced after", out.as_millis(), "ms")?;
        // The last pass was an interval before the stop, and a bit.
        assert!(out >= Duration::from_millis(2000 - 500 - 500), "{out:?}");
        assert!(out <= Duration::from_millis(2000 + 500) + SLACK, "{out:?}");
        nanny.wait_line(
            "[inactive] shutting down 10.0.0.11:80 due to connection failure",
            SOON,
        )?;

        let started = Instant::now();
        let _nginx = real_servers::start_nginx(&rs1)?;
        let back = lab.wait_weight(server, Some(10))? - started;
        lab.measured("it was in again after", back.as_millis(), "ms")?;
        assert!(back >= Duration::from_secs(2), "{back:?}");

        // Whoever watches it no more leaves nobody behind, quiesced or not.
        nanny.signal(Signal::SIGUSR1)?;
        lab.wait_weight(server, Some(0))?;
        nanny.stop(SOON)?;
        assert_eq!(lab.weight(server)?, None);
        Ok(())
    });
}

#[test]
fn a_service_with_a_firewall_mark_comes_late_and_serves() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let lab = OneRouter::up(lab, 2)?;
        let (router, rs1, client) = (lab.router()?, lab.host("rs1")?, lab.host("rs2")?);
        let _nginx = real_servers::start_nginx(&rs1)?;
        let nanny = lab.start_nanny(1, "-f 80 -M g -t 2 --interval 0.2")?;
        nanny.wait_line("there is no such service: retrying at each check", SOON)?;
        lab.make_service("-f 80")?;
        nanny.wait_line("[ active ] making 10.0.0.11:80 available", SOON)?;
        assert_eq!(nanny.log().count("there is no such service"), 1);
        let table = router.ipvs()?;
        let [service] = table.services.as_slice() else {
            panic!("one service in\n{table}");
        };
        assert_eq!(service.key, ServiceKey::Mark(80));
        assert_eq!(service.destinations.len(), 1);
        assert_eq!(service.destinations[0].address, at(1, 80));
        assert_eq!(service.destinations[0].forward, "Route");

        // A request by way of the mark: the router marks it, and rs1 has the address too.
        for host in [&router, &rs1] {
            host.tool(&["ip", "address", "add", "1.2.3.1/32", "dev", "lo"])?;
        }
        client.tool(&["ip", "route", "add", "1.2.3.1", "via", "10.0.0.1"])?;
        let mark = "-t mangle -A PREROUTING -d 1.2.3.1 -p tcp --dport 80 -j MARK --set-mark 80";
        lab.iptables(&router, mark)?;
        let answer = client.get_http(SocketAddr::from((VIRTUAL, 80)), SOON);
        assert_eq!(answer.server(), Some("rs1"), "{answer:?}");

        nanny.stop(SOON)?;
        assert_eq!(router.ipvs()?.destinations().count(), 0);
        Ok(())
    });
}

#[test]
fn a_weight_set_by_hand_stays_and_a_service_made_anew_gets_its_server_back() {
    lab::scenario(lab::here!(), Duration::from_secs(120), |lab| {
        // What makes sure of the server does so every 20 s.
        let period = Duration::from_secs(20) + SLACK;
        let lab = OneRouter::up(lab, 1)?;
        let (service, server) = ("-t 1.2.3.1:80", at(1, 80));
        lab.make_service(service)?;
        let _nginx = real_servers::start_nginx(&lab.host("rs1")?)?;
        let nanny = lab.start_nanny(1, "-t 3")?;
        let active = "[ active ] making 10.0.0.11:80 available";
        nanny.wait_line(active, SOON)?;
        assert_eq!(lab.weight(server)?, Some(1));
        lab.ipvsadm(&format!("-e {service} -r {server} -m -w 0"))?;
        let end = Instant::now() + period;
        while Instant::now() < end {
            assert_eq!(lab.weight(server)?, Some(0));
            std::thread::sleep(Duration::from_secs(1));
        }
        lab.ipvsadm(&format!("-D {service}"))?;
        nanny.wait_line("there is no such service: retrying at each check", period)?;
        lab.make_service(service)?;
        lab.wait_weight(server, Some(1))?;
        lab.wait("the line that it is in again", SOON, || {
            Ok(nanny.log().count(active) == 2)
        })?;
        nanny.stop(SOON)?;
        assert_eq!(lab.weight(server)?, None);
        Ok(())
    });
}
