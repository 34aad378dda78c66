//! What a takeover leaves on the wire and on the devices: announcements, labels, leases, and
//! everybody else's addresses untouched.

use scenarios::{FiveNodes, NAT_ROUTER, VIP};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
/// How late a guest on a busy machine may be.
const SLACK: Duration = Duration::from_secs(3);

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
            cluster.wait("the last of the frames", SOON, || {
                Ok(capture.announcements(address).len() >= 10)
            })?;
            let frames = capture.announcements(address);
            assert_eq!(frames.len(), 10, "{address}: {frames:?}");
            let times: Vec<_> = frames.iter().step_by(2).map(|frame| frame.at).collect();
            let apart: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            // A second each; what was captured late is closer to the next.
            let (all, second) = (apart.iter().sum::<Duration>(), Duration::from_secs(1));
            assert!(all > second * 3 && all < second * 4 + SLACK, "{apart:?}");
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
            // Deadtime and a second at most; renewed each second, unless the machine is busy.
            let lease = shown
                .split_once(&format!("{device}:1\n"))
                .and_then(|(_, after)| after.split_whitespace().nth(1));
            let leased = ["4sec", "3sec", "2sec", "1sec"].map(Some).contains(&lease);
            assert!(leased, "{lease:?} in {shown}");
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
        // It waits for nobody, or it would for deadtime.
        let settings = scenarios::Settings {
            more_global: "backup_active = 0".into(),
            deadtime: SOON.as_secs().to_string(),
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
        assert!(start.elapsed() < SOON);
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

#[test]
fn a_floating_address_that_somebody_removed_is_raised_and_announced_again() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        lvs1.wait_line("gratuitous lvs arps finished", SOON)?;
        let capture = cluster.client()?.capture_arp("eth0")?;
        let host = cluster.host("lvs1")?;
        host.tool(&["ip", "addr", "del", "1.2.3.1/24", "dev", "eth0"])?;
        lvs1.wait_line("raising 1.2.3.1 on eth0:1 again: it was missing", SOON)?;
        assert!(cluster.has_vip("lvs1")?);
        cluster.wait("its announcement", SOON, || {
            Ok(capture.announcements(VIP).len() >= 2)
        })?;
        Ok(())
    });
}
