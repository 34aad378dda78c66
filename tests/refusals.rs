//! What stops a router from serving is said clearly: on the terminal with status 1 if pulse can
//! know it at its start, in the log if not.

use lab::{Program, Result};
use scenarios::{FiveNodes, NAT_ROUTER, Settings, VIP, program};
use std::net::UdpSocket;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_device_that_does_not_exist_is_named_and_does_not_stop_the_others() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let settings = Settings {
            address: "1.2.3.1 eth7:1".into(),
            ..Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        lvs1.wait_line("cannot raise 1.2.3.1 on eth7:1: no device eth7", SOON)?;
        let host = cluster.host("lvs1")?;
        cluster.wait("the NAT router's address", SOON, || {
            host.has_address(NAT_ROUTER.into())
        })?;
        assert!(!host.has_address(VIP.into())?);
        // It is said again now and then, not with every renewal.
        std::thread::sleep(Duration::from_secs(8));
        let said = lvs1.log().count("cannot raise 1.2.3.1");
        assert!((1..=7).contains(&said), "{said}");

        // The device appears, and so does the address.
        host.tool(&["ip", "link", "add", "eth7", "type", "dummy"])?;
        host.tool(&["ip", "link", "set", "eth7", "up"])?;
        cluster
            .wait("the VIP", SOON, || host.has_address(VIP.into()))
            .map(drop)
    });
}

#[test]
fn a_heartbeat_port_that_is_taken_is_a_refusal() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let taken = cluster
            .host("lvs1")?
            .inside(|| UdpSocket::bind("1.2.3.2:1050"));
        assert!(taken.is_ok());
        let lvs1 = cluster.start_pulse("lvs1")?;
        assert_eq!(lvs1.wait_exit(SOON)?.status.code(), Some(1));
        lvs1.wait_line(
            "pulse: cannot create heartbeat socket. running as root? (UDP 1.2.3.2:1050): \
             Address already in use",
            SOON,
        )?;
        Ok(())
    });
}

#[test]
fn whoever_is_not_root_is_told_what_is_missing() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        for (name, foreground) in [("pulse", "-n"), ("lvsd", "-n")] {
            let unprivileged = Program::new(name, "/usr/bin/setpriv")
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .arg(program(name)?)
                .arg(foreground)
                .arg("-c")
                .arg(cluster.configuration("lvs1")?);
            let refused = cluster.host("lvs1")?.start(unprivileged)?;
            let exit = refused.wait_exit(SOON)?;
            assert_eq!(exit.status.code(), Some(1), "{}", refused.log().text());
            let text = refused.log().text().to_lowercase();
            assert!(
                text.contains("cap_net_admin") || text.contains("root"),
                "{text}"
            );
        }
        Ok(())
    });
}

#[test]
fn a_kernel_without_ipvs_is_a_refusal() {
    lab::scenario_in_guest(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        unload_ipvs(&cluster)?;
        for name in ["pulse", "lvsd"] {
            let program = Program::new(name, program(name)?)
                .arg("-n")
                .arg("-c")
                .arg(cluster.configuration("lvs1")?);
            let refused = cluster.host("lvs1")?.start(program)?;
            assert_eq!(refused.wait_exit(SOON)?.status.code(), Some(1));
            refused.wait_line("IPVS is not available in this kernel", SOON)?;
        }
        Ok(())
    });
}

/// Takes the modules out of the guest's kernel, and the way to load them again.
fn unload_ipvs(cluster: &FiveNodes<'_>) -> Result<()> {
    let host = cluster.host("lvs1")?;
    host.tool(&["sh", "-c", "echo /bin/false > /proc/sys/kernel/modprobe"])?;
    let modules = host.read_file("/proc/modules")?;
    let named = |prefix: &str| {
        let names = modules
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        names
            .filter(|name| name.starts_with(prefix))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for module in named("ip_vs_").iter().chain(&named("ip_vs")) {
        // ip_vs itself is in both lists, and gone at the second sight.
        let _ = host.tool(&["rmmod", module]);
    }
    let left = host.read_file("/proc/modules")?;
    assert!(!left.contains("ip_vs"), "{left}");
    Ok(())
}
