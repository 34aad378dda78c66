//! What a takeover leaves on the wire and on the devices: announcements, labels, leases, and
//! everybody else's addresses untouched.

use scenarios::{FiveNodes, NAT_ROUTER, VIP};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);

#[test]
fn every_floating_address_is_announced_five_times_as_reply_and_as_request() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let public = cluster.client()?.capture_arp("eth0")?;
        let private = cluster.host("rs1")?.capture_arp("eth0")?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        lvs1.wait_line("gratuitous lvs arps finished", SOON)?;
        for (capture, address) in [(public, VIP), (private, NAT_ROUTER)] {
            let frames = capture.announcements(address);
            assert_eq!(frames.len(), 10, "{address}: {frames:?}");
            let times: Vec<_> = frames.iter().step_by(2).map(|frame| frame.at).collect();
            for pair in times.windows(2) {
                let apart = pair[1] - pair[0];
                assert!(apart.abs_diff(Duration::from_secs(1)) < Duration::from_millis(500));
            }
            assert_eq!(
                frames.iter().filter(|frame| frame.operation == 2).count(),
                5
            );
            assert!(frames.iter().all(lab::ArpFrame::is_gratuitous));
        }
        Ok(())
    });
}

#[test]
fn floating_addresses_carry_their_label_prefix_and_lease() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        let host = cluster.host("lvs1")?;
        for (device, address) in [
            ("eth0", "1.2.3.1/24 brd 1.2.3.255"),
            ("eth1", "192.168.1.254/24 brd 192.168.1.255"),
        ] {
            let shown = host.tool(&["ip", "-4", "addr", "show", "dev", device])?;
            assert!(shown.contains(address), "{shown}");
            assert!(shown.contains(&format!("{device}:1\n")), "{shown}");
            let leased = shown.contains("valid_lft 4sec") || shown.contains("valid_lft 3sec");
            assert!(leased, "{shown}");
        }
        // It is still there long after one lease would have run out.
        std::thread::sleep(Duration::from_secs(6));
        assert!(cluster.has_vip("lvs1")?);
        lvs1.stop(SOON)?;
        let shown = host.tool(&["ip", "-4", "addr"])?;
        assert!(
            shown.contains("1.2.3.2/24") && shown.contains("192.168.1.1/24"),
            "{shown}"
        );
        assert!(
            !shown.contains("1.2.3.1/") && !shown.contains("192.168.1.254/"),
            "{shown}"
        );
        Ok(())
    });
}

#[test]
fn a_lone_router_serves_at_once_with_permanent_addresses() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let settings = scenarios::Settings {
            more_global: "backup_active = 0".into(),
            ..scenarios::Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        let start = std::time::Instant::now();
        let lvs1 = cluster.start_pulse("lvs1")?;
        cluster.wait_active("lvs1", SOON)?;
        cluster.measured(
            "a lone router serves after",
            start.elapsed().as_millis(),
            "ms",
        )?;
        assert!(start.elapsed() < Duration::from_secs(3));
        let shown = cluster
            .host("lvs1")?
            .tool(&["ip", "-4", "addr", "show", "dev", "eth0"])?;
        assert_eq!(shown.matches("valid_lft forever").count(), 2, "{shown}");
        lvs1.stop(SOON)?;
        let lvs2 = cluster.start_pulse("lvs2")?;
        assert_eq!(lvs2.wait_exit(SOON)?.status.code(), Some(1));
        lvs2.wait_line(
            "this host is the backup (1.2.3.3), and backup_active is 0",
            SOON,
        )?;
        Ok(())
    });
}

#[test]
fn dropping_a_floating_address_costs_the_device_no_other() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let settings = scenarios::Settings {
            address: "10.9.8.1 eth0:1".into(),
            more_virtual: " vip_nmask = 255.255.255.0".into(),
            ..scenarios::Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        let host = cluster.host("lvs1")?;
        let vip = "10.9.8.1"
            .parse()
            .map_err(|_| lab::Error::broken("an address"))?;
        cluster.wait("the VIP up", SOON, || host.has_address(vip))?;
        // The admin adds an address of the same subnet: the kernel makes it a secondary one.
        host.tool(&["ip", "addr", "add", "10.9.8.7/24", "dev", "eth0"])?;
        let promote = host.read_file("/proc/sys/net/ipv4/conf/eth0/promote_secondaries")?;
        assert_eq!(promote.trim(), "0");
        lvs1.stop(SOON)?;
        let shown = host.tool(&["ip", "-4", "addr", "show", "dev", "eth0"])?;
        assert!(
            shown.contains("10.9.8.7/24") && !shown.contains("10.9.8.1/"),
            "{shown}"
        );
        Ok(())
    });
}
