//! The lab can be trusted: what it promises to stories.

use lab::{Error, HostPlan, Impairment, Outcome, OwnerWatch, Program, Signal, Topology};
use scenarios::{FiveNodes, NAT_ROUTER, ROUTERS, SERVERS, VIP, service};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);

#[test]
fn five_nodes_reach_each_other() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let start = Instant::now();
        lab.measured(
            "from boot to the story",
            uptime()?,
            "s after the kernel's start",
        )?;
        let cluster = FiveNodes::wired(lab)?;
        cluster.measured(
            "five nodes and a client up",
            start.elapsed().as_millis(),
            "ms",
        )?;
        let client = cluster.client()?;
        for router in [Ipv4Addr::new(1, 2, 3, 2), Ipv4Addr::new(1, 2, 3, 3)] {
            client.ping(router, SOON)?;
        }
        for name in SERVERS {
            let host = cluster.host(name)?;
            for router in [Ipv4Addr::new(192, 168, 1, 1), Ipv4Addr::new(192, 168, 1, 2)] {
                host.ping(router, SOON)?;
            }
        }
        // The private network is not reachable from outside, and nobody has the VIP.
        assert!(
            client
                .ping(Ipv4Addr::new(192, 168, 1, 3), Duration::from_millis(300))
                .is_err()
        );
        assert!(client.ping(VIP, Duration::from_millis(300)).is_err());
        Ok(())
    });
}

#[test]
fn a_table_made_by_hand_shares_requests_by_weight() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::wired(lab)?;
        balance_by_hand(&cluster, "wrr")?;
        let table = cluster.table("lvs1")?;
        assert_eq!(table.weight("192.168.1.3:80".parse().unwrap()), Some(2));
        assert_eq!(table.tcp(service()).unwrap().scheduler, "wrr");
        assert!(
            cluster
                .host("lvs1")?
                .ipvsadm()?
                .contains("TCP  1.2.3.1:80 wrr")
        );
        assert!(
            cluster
                .host("lvs1")?
                .ipvsadm_rules()?
                .contains("-A -t 1.2.3.1:80 -s wrr")
        );
        assert_eq!(cluster.table("lvs2")?.services, []);

        let client = cluster.poll_vip()?;
        cluster.wait_answers(&client, 200)?;
        let view = client.stop();
        cluster.say(&format!("shares by weight 2:1:1: {:?}", view.shares()))?;
        assert_eq!(view.failures(), [].into());
        let share = |name: &str| *view.shares().get(name).unwrap_or(&0);
        // wrr deals exactly; the last round may be cut off.
        assert!(
            share("rs1").abs_diff(2 * share("rs2")) <= 2,
            "{:?}",
            view.shares()
        );
        assert!(
            share("rs2").abs_diff(share("rs3")) <= 1,
            "{:?}",
            view.shares()
        );
        Ok(())
    });
}

#[test]
fn a_cut_wire_is_a_gap_and_a_restored_one_ends_it() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::wired(lab)?;
        balance_by_hand(&cluster, "rr")?;
        let client = cluster.poll_vip()?;
        cluster.wait("an answer", SOON, || Ok(!client.view().shares().is_empty()))?;
        let cut = cluster.cut("lvs1")?;
        let still = cluster
            .host("lvs1")?
            .tool(&["ip", "link", "show", "eth0"])?;
        assert!(
            still.contains("LOWER_UP"),
            "the host keeps its carrier: {still}"
        );
        cluster.wait("attempts that fail", SOON, || {
            Ok(!client.view().failures().is_empty())
        })?;
        let restored = cluster.restore("lvs1")?;
        cluster.wait("an answer again", SOON, || {
            Ok(client.view().first_good_after(restored).is_some())
        })?;
        let view = client.stop();
        let gap = view
            .outage_after(cut)
            .ok_or_else(|| Error::broken("no answer after the cut"))?;
        let (away, seen) = (restored - cut, gap.length());
        cluster.measured("wires cut for", away.as_millis(), "ms")?;
        cluster.measured("gap in the client's view", seen.as_millis(), "ms")?;
        // An answer may have been on its way, and the next attempt begins within 20 ms.
        let slack = Duration::from_secs(1);
        assert!(gap.from <= cut + slack && gap.to >= restored);
        assert!(seen < away + slack, "{seen:?}, {away:?}");
        // Those on their way when the wires were cut, and after, got nothing. Nobody was refused.
        let failures: Vec<_> = view.failures().into_keys().collect();
        assert_eq!(failures, [Outcome::TimedOut]);

        cluster.unplug("lvs1", "eth0")?;
        let gone = cluster
            .host("lvs1")?
            .tool(&["ip", "link", "show", "eth0"])?;
        assert!(
            gone.contains("NO-CARRIER"),
            "the host loses its carrier: {gone}"
        );
        cluster.plug("lvs1", "eth0")?;
        cluster.client()?.ping(VIP, SOON)?;
        Ok(())
    });
}

#[test]
fn wires_lose_and_delay_as_told() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::wired(lab)?;
        let client = cluster.client()?;
        let router = Ipv4Addr::new(1, 2, 3, 2);
        client.ping(router, SOON)?;
        let slow = Impairment {
            delay: Duration::from_millis(40),
            ..Impairment::default()
        };
        cluster.impair("lvs1", "eth0", slow)?;
        let time = client.ping(router, SOON)?;
        cluster.measured("round trip over 2 x 40 ms", time.as_millis(), "ms")?;
        assert!(time >= Duration::from_millis(80), "{time:?}");
        let lossy = Impairment {
            loss_percent: 100.0,
            ..Impairment::default()
        };
        cluster.impair("lvs1", "eth0", lossy)?;
        assert!(client.ping(router, Duration::from_millis(500)).is_err());
        cluster.repair("lvs1", "eth0")?;
        // One of them may be held up by a busy machine.
        cluster
            .wait("a round trip without delay", SOON, || {
                Ok(client.ping(router, SOON)? < Duration::from_millis(80))
            })
            .map(drop)?;
        Ok(())
    });
}

#[test]
fn servers_refuse_hang_and_say_as_told() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::wired(lab)?;
        let (router, server) = (cluster.host("lvs1")?, cluster.server("rs1")?);
        let address: SocketAddr = "192.168.1.3:80".parse().unwrap();
        let ask_within = |limit| router.get_http(address, limit).outcome;
        let ask = || ask_within(SOON);
        assert_eq!(ask(), Outcome::Answered("rs1".into()));
        server.refuse()?;
        assert_eq!(ask(), Outcome::Refused);
        server.listen()?;
        assert_eq!(ask(), Outcome::Answered("rs1".into()));
        server.hang()?;
        assert_eq!(ask_within(Duration::from_millis(400)), Outcome::TimedOut);
        server.say("220 no web here\r\n")?;
        assert_eq!(ask(), Outcome::Garbled("220 no web here\r\n".into()));
        server.answer()?;
        assert_eq!(ask(), Outcome::Answered("rs1".into()));
        assert_eq!(server.connections(), 5);
        // A host that is not there: its neighbours give up on it, or the client does.
        let nobody = router.get_http("192.168.1.77:80".parse().unwrap(), SOON);
        assert!(nobody.server().is_none());
        Ok(())
    });
}

#[test]
fn owners_and_announcements_of_an_address_are_seen() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::wired(lab)?;
        let routers = [cluster.host(ROUTERS[0])?, cluster.host(ROUTERS[1])?];
        let watch = OwnerWatch::start(VIP.into(), &routers)?;
        let heard = cluster.client()?.capture_arp("eth0")?;
        let sent = cluster.capture_arp_from("lvs1", "eth0")?;
        let ip = |router: usize, act: &str, more: &[&str]| {
            let mut line = vec!["ip", "address", act, "1.2.3.1/24", "dev", "eth0"];
            line.extend(more);
            // What was lasts for longer than the watch may be held up.
            std::thread::sleep(Duration::from_millis(250));
            routers[router].tool(&line)
        };
        ip(0, "add", &["label", "eth0:1"])?;
        assert!(
            routers[0]
                .addresses()?
                .iter()
                .any(|found| found.label == "eth0:1")
        );
        let both = Instant::now();
        ip(1, "add", &["valid_lft", "1", "preferred_lft", "1"])?;
        cluster.wait("the lease of lvs2 ends", SOON, || {
            Ok(!routers[1].has_address(VIP.into())?)
        })?;
        ip(0, "delete", &[])?;
        // Whoever adds the address announces it when it asks for its neighbour.
        ip(1, "add", &[])?;
        cluster.client()?.ping(VIP, SOON)?;
        let owners = watch.finish()?;
        let overlap = owners.longest_overlap();
        cluster.measured("two owners for a lease of 1 s", overlap.as_millis(), "ms")?;
        assert!(
            overlap > Duration::from_millis(500) && overlap < SOON / 2,
            "{overlap:?}"
        );
        assert!(owners.longest_gap() < SOON);
        assert!(owners.gained("lvs2", both).is_some());
        let names: Vec<_> = owners
            .spans()
            .iter()
            .map(|span| span.owners.len())
            .collect();
        assert_eq!(names, [0, 1, 2, 1, 0, 1]);

        // The client asked for the VIP; lvs1 sent nothing about it; lvs2's answer was heard.
        cluster.wait("lvs2's answer", SOON, || {
            let frames = heard.frames();
            Ok(frames
                .iter()
                .any(|frame| frame.operation == 2 && frame.sender_ip == VIP))
        })?;
        assert!(sent.frames().iter().all(|frame| frame.sender_ip != VIP));
        assert_eq!(heard.announcements(VIP).len(), 0);
        Ok(())
    });
}

#[test]
fn programs_are_heard_signalled_and_cleaned_up() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::wired(lab)?;
        let host = cluster.host("lvs1")?;
        let script = "trap 'echo told; exit 7' TERM; echo ready >&2; while :; do sleep 0.05; done";
        let shell = host.start(Program::new("shell", "/bin/sh").args(["-c", script]))?;
        let line = shell.wait_line("ready", SOON)?;
        assert_eq!(line.source, lab::Source::Err);
        assert!(host.processes().iter().any(|info| info.pid == shell.pid()));
        assert!(cluster.host("lvs2")?.processes().is_empty());
        shell.signal(Signal::SIGSTOP)?;
        assert!(shell.wait_exit(Duration::from_millis(200)).is_err());
        shell.signal(Signal::SIGCONT)?;
        assert_eq!(shell.stop(SOON)?.status.code(), Some(7));
        assert_eq!(shell.log().count("told"), 1);
        assert!(shell.signal(Signal::SIGTERM).is_err());

        // Each host has a syslog and a /run of its own.
        let logger =
            host.start(Program::new("logger", "/usr/bin/logger").args(["-t", "x", "hello"]))?;
        assert!(logger.wait_exit(SOON)?.status.success());
        host.syslog().wait_line("hello", SOON)?;
        assert_eq!(cluster.host("lvs2")?.syslog().lines(), []);
        host.tool(&["touch", "/var/run/pulse.pid"])?;
        assert!(host.read_file("/run/pulse.pid").is_ok());
        assert!(cluster.host("lvs2")?.read_file("/run/pulse.pid").is_err());

        // Left behind on purpose: the lab ends it.
        host.tool(&["setsid", "--fork", "sleep", "1000"])?;
        cluster.wait("the daemon runs", SOON, || {
            Ok(host
                .processes()
                .iter()
                .any(|info| info.name == "sleep" && info.parent == 1))
        })?;
        Ok(())
    });
}

/// The emulator refuses, so nothing that the guest's root does to its mounts helps.
#[test]
fn guest_cannot_write_outside_its_run_directory() {
    let attempts = "\
        touch /etc/$0 && exit 1; \
        mount -o remount,rw / && touch /etc/$0 && exit 2; \
        mkdir -p /run/other; \
        mount -t 9p -o trans=virtio,version=9p2000.L root /run/other && exit 3; \
        touch \"$1/written\"";
    lab::scenario_in_guest(lab::here!(), BOUND, |lab| {
        lab.build(&Topology::new().host(HostPlan::new("solo")))?;
        let dir = lab.dir().display().to_string();
        lab.host("solo")?
            .tool(&["sh", "-c", attempts, "lab-isolation", &dir])?;
        Ok(())
    });
    assert!(!Path::new("/etc/lab-isolation").exists());
    let runs = lab::target_dir().unwrap().join("lab");
    let written = runs.join("lab_itself.guest_cannot_write_outside_its_run_directory/written");
    assert!(written.exists(), "the run's directory is writable");
}

#[test]
fn a_kernel_that_has_ipvs_needs_no_guest() {
    lab::scenario(lab::here!(), 2 * BOUND, |lab| {
        // The guest is such a kernel, and this is its root user.
        let exe = std::env::current_exe().unwrap();
        let output = Command::new(exe)
            .args(["lab_itself::a_table_made_by_hand", "--nocapture"])
            .env_remove("LAB_INSIDE")
            .env("LAB_KERNEL", "this")
            .env("LAB_LOG_DIR", lab.dir())
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{out}{err}");
        assert!(
            out.contains("lab: this kernel 6.") && out.contains("2:1:1"),
            "{out}"
        );
        Ok(())
    });
}

/// What lvsd will do, by hand on lvs1: the addresses, the service, weights 2:1:1.
fn balance_by_hand(cluster: &FiveNodes, scheduler: &str) -> lab::Result<()> {
    let router = cluster.host("lvs1")?;
    let (vip, gateway) = (format!("{VIP}/24"), format!("{NAT_ROUTER}/24"));
    router.tool(&[
        "ip", "address", "add", &vip, "dev", "eth0", "label", "eth0:1",
    ])?;
    router.tool(&[
        "ip", "address", "add", &gateway, "dev", "eth1", "label", "eth1:1",
    ])?;
    router.tool(&["ipvsadm", "-A", "-t", "1.2.3.1:80", "-s", scheduler])?;
    for (address, weight) in [
        ("192.168.1.3", "2"),
        ("192.168.1.4", "1"),
        ("192.168.1.5", "1"),
    ] {
        let server = format!("{address}:80");
        router.tool(&[
            "ipvsadm",
            "-a",
            "-t",
            "1.2.3.1:80",
            "-r",
            &server,
            "-m",
            "-w",
            weight,
        ])?;
    }
    Ok(())
}

fn uptime() -> lab::Result<String> {
    let text = std::fs::read_to_string("/proc/uptime").map_err(|source| Error::Io {
        doing: "read /proc/uptime".into(),
        source,
    })?;
    Ok(text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned())
}
