//! The active router is lost in every way there is, and the other one serves.

use lab::{Error, Lab, Owners, Process, Result, Signal};
use scenarios::{FiveNodes, VIP};
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(10);
const KEEPALIVE: Duration = Duration::from_secs(1);
const DEADTIME: Duration = Duration::from_secs(3);
/// What a guest on a busy machine may add to any time. The figures themselves are printed.
const SLACK: Duration = Duration::from_secs(1);
/// Deadtime rounded up to seconds, and one more: what the kernel keeps an address without renewal.
/// It looks for expired ones on a timer that may be a second late.
const LEASE: Duration = Duration::from_secs(5);

/// The pair, both routers up, the primary active.
fn pair(lab: &mut Lab) -> Result<(FiveNodes<'_>, Process, Process)> {
    let cluster = FiveNodes::up(lab)?;
    let lvs1 = cluster.start_pulse("lvs1")?;
    let lvs2 = cluster.start_pulse("lvs2")?;
    cluster.wait_active("lvs1", SOON)?;
    lvs1.wait_line("gratuitous lvs arps finished", SOON)?;
    Ok((cluster, lvs1, lvs2))
}

/// Never two owners for longer than the lease, never none for longer than deadtime and a second.
fn assert_owned(owners: &Owners) {
    let (overlap, gap) = (owners.longest_overlap(), owners.longest_gap());
    assert!(
        overlap <= LEASE,
        "two owners for {overlap:?}: {:?}",
        owners.spans()
    );
    assert!(
        gap <= DEADTIME + Duration::from_secs(1),
        "no owner for {gap:?}: {:?}",
        owners.spans()
    );
}

#[test]
fn the_active_routers_links_are_cut_and_the_backup_serves() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        let client = cluster.poll_vip()?;
        let watch = cluster.watch_vip()?;
        cluster.wait_answers(&client, 50)?;
        let cut = cluster.cut("lvs1")?;
        let dead = lvs2.wait_line("partner dead: activating lvs", SOON)?;
        cluster.wait("an answer from behind the backup", SOON, || {
            Ok(client.view().first_good_after(dead.at).is_some())
        })?;
        cluster.wait_active("lvs2", SOON)?;
        let view = client.view();
        let first_good = view
            .first_good_after(dead.at)
            .ok_or_else(|| Error::broken("no answer after the takeover"))?
            .ended;
        let outage = view
            .outage_after(cut)
            .ok_or_else(|| Error::broken("no outage"))?
            .length();
        cluster.measured("outage for the client", outage.as_millis(), "ms")?;
        let takeover = (first_good - dead.at).as_millis();
        cluster.measured("dead timer to first answer", takeover, "ms")?;
        let detected = dead.at - cut;
        cluster.measured("cut to dead timer", detected.as_millis(), "ms")?;
        assert!(detected <= DEADTIME + SLACK, "{detected:?}");
        assert!(detected >= DEADTIME - KEEPALIVE - SLACK, "{detected:?}");
        assert!(outage < DEADTIME + SLACK * 2, "{outage:?}");

        // The old primary never knew. With its links back both are active, and the backup yields.
        let restored = cluster.restore("lvs1")?;
        lvs2.wait_line("partner active: deactivating LVS", SOON)?;
        lvs1.wait_line("partner active: resending arps", SOON)?;
        cluster.wait("answers from behind the primary", SOON, || {
            let since = restored + Duration::from_secs(3);
            Ok(client.view().first_good_after(since).is_some())
        })?;
        let owners = watch.finish()?;
        cluster.say(&format!("owners: {:?}", summary(&owners, cut)))?;
        let healed = owners.since(restored + KEEPALIVE + SLACK);
        assert_eq!(
            healed.longest_overlap(),
            Duration::ZERO,
            "{:?}",
            owners.spans()
        );
        assert_eq!(owners.longest_gap(), Duration::ZERO, "{:?}", owners.spans());
        assert!(cluster.has_vip("lvs1")? && !cluster.has_vip("lvs2")?);
        Ok(())
    });
}

/// Who had the VIP when, in milliseconds from `zero`.
fn summary(owners: &Owners, zero: Instant) -> Vec<(i64, Vec<String>)> {
    let ms = |at: Instant| match at.checked_duration_since(zero) {
        Some(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        None => -i64::try_from((zero - at).as_millis()).unwrap_or(i64::MAX),
    };
    owners
        .spans()
        .into_iter()
        .map(|span| (ms(span.from), span.owners.into_iter().collect()))
        .collect()
}

#[test]
fn a_returning_primary_is_the_hot_backup() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        lvs1.signal(Signal::SIGKILL)?;
        lvs1.wait_exit(SOON)?;
        cluster.wait_active("lvs2", SOON)?;
        let watch = cluster.watch_vip()?;
        let client = cluster.poll_vip()?;
        let back = Instant::now();
        let lvs1 = cluster.start_pulse("lvs1")?;
        lvs1.wait_line("STARTING PULSE AS MASTER", SOON)?;
        std::thread::sleep(DEADTIME + KEEPALIVE * 2);
        let owners = watch.finish()?;
        let view = client.stop();
        assert_eq!(owners.since(back + KEEPALIVE).longest_gap(), Duration::ZERO);
        assert!(cluster.has_vip("lvs2")? && !cluster.has_vip("lvs1")?);
        assert_eq!(view.failures(), [].into(), "nobody noticed");
        assert_eq!(cluster.table("lvs1")?.services, [], "its old table is gone");

        // And it serves again when the backup goes.
        lvs2.signal(Signal::SIGTERM)?;
        lvs1.wait_line("backup inactive: activating lvs", SOON)?;
        cluster.wait_active("lvs1", SOON)
    });
}

#[test]
fn a_clean_stop_hands_over_at_once() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        let client = cluster.poll_vip()?;
        let watch = cluster.watch_vip()?;
        cluster.wait_answers(&client, 50)?;
        let stopped = lvs1.signal(Signal::SIGTERM)?;
        lvs2.wait_line("primary inactive: activating lvs", SOON)?;
        cluster.wait_active("lvs2", SOON)?;
        let exit = lvs1.wait_exit(SOON)?;
        assert_eq!(exit.status.code(), Some(0));
        assert_eq!(lvs1.log().count("pulse: Terminating due to signal 15"), 1);
        cluster.wait("an answer", SOON, || {
            Ok(client
                .view()
                .first_good_after(stopped + KEEPALIVE)
                .is_some())
        })?;
        let view = client.stop();
        let owners = watch.finish()?;
        let outage = view
            .outage_after(stopped)
            .ok_or_else(|| Error::broken("no answers"))?
            .length();
        cluster.measured(
            "clean stop: outage for the client",
            outage.as_millis(),
            "ms",
        )?;
        cluster.measured(
            "clean stop: none had the VIP for",
            owners.longest_gap().as_millis(),
            "ms",
        )?;
        assert_eq!(
            owners.longest_overlap(),
            Duration::ZERO,
            "{:?}",
            owners.spans()
        );
        assert!(outage <= KEEPALIVE + SLACK, "{outage:?}");

        // Nothing is left behind: no address, no service, no process.
        assert!(!cluster.has_vip("lvs1")?);
        assert_eq!(cluster.table("lvs1")?.services, []);
        assert_eq!(cluster.host("lvs1")?.processes(), []);
        Ok(())
    });
}

#[test]
fn a_killed_pulse_loses_its_addresses_to_the_backup() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        let client = cluster.poll_vip()?;
        let watch = cluster.watch_vip()?;
        let killed = lvs1.signal(Signal::SIGKILL)?;
        lvs2.wait_line("partner dead: activating lvs", SOON)?;
        cluster.wait_active("lvs2", SOON)?;
        cluster.wait("the lease to end", SOON, || Ok(!cluster.has_vip("lvs1")?))?;
        let gone_after = killed.elapsed();
        cluster.measured(
            "killed pulse: its VIP was gone after",
            gone_after.as_millis(),
            "ms",
        )?;
        cluster.wait("lvsd and the nannies to end", SOON, || {
            Ok(cluster.host("lvs1")?.processes().is_empty())
        })?;
        cluster.wait("an answer", SOON, || {
            Ok(client.view().first_good_after(killed + LEASE).is_some())
        })?;
        let owners = watch.finish()?;
        cluster.say(&format!("killed, owners: {:?}", summary(&owners, killed)))?;
        assert_owned(&owners);
        assert_eq!(
            client.stop().last_good_before(Instant::now()).map(|_| ()),
            Some(())
        );
        Ok(())
    });
}

#[test]
fn a_stopped_pulse_loses_its_addresses_and_wakes_as_hot_backup() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        let watch = cluster.watch_vip()?;
        let stopped = lvs1.signal(Signal::SIGSTOP)?;
        lvs2.wait_line("partner dead: activating lvs", SOON)?;
        cluster.wait_active("lvs2", SOON)?;
        cluster.wait("the lease to end", SOON, || Ok(!cluster.has_vip("lvs1")?))?;
        let client = cluster.poll_vip()?;
        cluster.wait_answers(&client, 50)?;
        let woken = lvs1.signal(Signal::SIGCONT)?;
        lvs1.wait_line("pulse stalled for longer than deadtime", SOON)?;
        std::thread::sleep(DEADTIME + KEEPALIVE * 2);
        let owners = watch.finish()?;
        cluster.say(&format!("stopped, owners: {:?}", summary(&owners, stopped)))?;
        assert_owned(&owners);
        let after = owners.since(woken);
        assert_eq!(
            after.longest_overlap(),
            Duration::ZERO,
            "it woke as an owner"
        );
        assert_eq!(after.longest_gap(), Duration::ZERO);
        assert!(cluster.has_vip("lvs2")?);
        assert_eq!(client.stop().since(woken).failures(), [].into());
        assert_eq!(cluster.table("lvs1")?.services, []);
        Ok(())
    });
}

#[test]
fn a_pause_shorter_than_deadtime_takes_nothing_over() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, _lvs1, lvs2) = pair(lab)?;
        // The partner's heartbeats of 2.6 s wait in the socket when the backup goes on; with the
        // silence before the pause they would make a deadtime.
        for _ in 0..4 {
            lvs2.signal(Signal::SIGSTOP)?;
            std::thread::sleep(Duration::from_millis(2600));
            lvs2.signal(Signal::SIGCONT)?;
            std::thread::sleep(Duration::from_millis(700));
        }
        assert_eq!(lvs2.log().count("activating"), 0, "{}", lvs2.log().text());
        assert!(cluster.has_vip("lvs1")?);
        Ok(())
    });
}

#[test]
fn a_failed_lvsd_hands_over() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        let processes = cluster.host("lvs1")?.processes();
        let lvsd = processes
            .iter()
            .find(|process| process.name == "lvsd")
            .ok_or_else(|| Error::broken(format!("no lvsd in {processes:?}")))?;
        let watch = cluster.watch_vip()?;
        lvsd.signal(Signal::SIGKILL)?;
        lvs1.wait_line("lvsd died", SOON)?;
        lvs2.wait_line("primary inactive: activating lvs", SOON)?;
        cluster.wait_active("lvs2", SOON)?;
        let owners = watch.finish()?;
        assert_eq!(owners.longest_overlap(), Duration::ZERO);
        assert!(
            owners.longest_gap() < SLACK * 2,
            "{:?}",
            owners.longest_gap()
        );
        // After the partner has heard of it.
        cluster.wait("what lvsd left to be cleared", SOON, || {
            Ok(cluster.table("lvs1")?.services.is_empty())
        })?;
        cluster.wait("the orphaned nannies to end", SOON, || {
            Ok(cluster
                .host("lvs1")?
                .processes()
                .iter()
                .all(|process| process.name == "pulse"))
        })?;
        assert!(lvs1.is_running());
        Ok(())
    });
}

#[test]
fn a_dead_nanny_stops_lvs_and_the_partner_takes_over() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        let processes = cluster.host("lvs1")?.processes();
        let nannies: Vec<_> = processes
            .iter()
            .filter(|process| process.name == "nanny")
            .collect();
        assert_eq!(nannies.len(), 3, "{processes:?}");
        nannies[0].signal(Signal::SIGKILL)?;
        lvs1.wait_line("died! shutting down lvs", SOON)?;
        lvs2.wait_line("primary inactive: activating lvs", SOON)?;
        cluster.wait_active("lvs2", SOON)?;
        assert!(!cluster.has_vip("lvs1")?);
        assert_eq!(
            cluster
                .client()?
                .ping(VIP, SOON)
                .map(drop)
                .map_err(|e| e.to_string()),
            Ok(())
        );
        Ok(())
    });
}

#[test]
fn one_link_is_enough_to_be_alive() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let settings = scenarios::Settings {
            more_global: "primary_private = 192.168.1.1\nbackup_private = 192.168.1.2".into(),
            ..scenarios::Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        cluster.cut_wire("lvs2", "eth0")?;
        std::thread::sleep(DEADTIME * 2);
        assert_eq!(
            lvs2.log().count("activating"),
            0,
            "the private link still carries heartbeats"
        );
        cluster.cut_wire("lvs2", "eth1")?;
        lvs2.wait_line("partner dead: activating lvs", SOON)?;
        assert!(lvs1.is_running());
        Ok(())
    });
}

#[test]
fn a_file_that_was_broken_or_removed_since_the_start_costs_no_takeover() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, lvs1, lvs2) = pair(lab)?;
        cluster.configure_text("lvs2", "an admin was here {\n")?;
        lvs1.signal(Signal::SIGTERM)?;
        lvs2.wait_line("primary inactive: activating lvs", SOON)?;
        lvs2.wait_line("has changed since pulse was started", SOON)?;
        cluster.wait_active("lvs2", SOON)?;

        // A successor is refused as long as it is there.
        lvs1.wait_exit(SOON)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        lvs1.wait_line("STARTING PULSE AS MASTER", SOON)?;
        let file = cluster.configuration("lvs1")?;
        std::fs::remove_file(file).map_err(|source| Error::Io {
            doing: "remove the file".into(),
            source,
        })?;
        lvs2.signal(Signal::SIGTERM)?;
        cluster.wait_active("lvs1", SOON)?;
        lvs1.wait_line("has changed since pulse was started", SOON)?;
        assert!(!lvs1.log().text().contains("lvsd died"));
        assert!(!lvs2.log().text().contains("lvsd died"));
        Ok(())
    });
}
