//! pulse and its lvsd, lvsd and its nannies: children that fail, hang or never speak; and a clock
//! that jumps.

use lab::{Error, Program, Result, Signal};
use scenarios::{FiveNodes, Settings, program, real_server};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
/// How late a guest on a busy machine may be.
const SLACK: Duration = Duration::from_secs(3);

/// A router without partner: it serves at once.
fn lone() -> Settings {
    Settings {
        more_global: "backup_active = 0".into(),
        ..Settings::quick()
    }
}

/// A program in place of lvsd.
fn script(cluster: &FiveNodes<'_>, text: &str) -> Result<PathBuf> {
    let path = cluster.host("lvs1")?.dir().join("lvsd.sh");
    let written = std::fs::write(&path, format!("#!/bin/sh\n{text}\n"))
        .and_then(|()| std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)));
    written.map_err(|error| Error::broken(format!("cannot write a script: {error}")))?;
    Ok(path)
}

/// pulse on lvs1 with this lvsd.
fn start_with(cluster: &FiveNodes<'_>, lvsd: &std::path::Path) -> Result<lab::Process> {
    let pulse = Program::new("pulse", program("pulse")?)
        .args(["-n", "-c"])
        .arg(cluster.configuration("lvs1")?)
        .arg(format!("--lvsd={}", lvsd.display()));
    cluster.host("lvs1")?.start(pulse)
}

#[test]
fn an_lvsd_that_never_speaks_delays_the_addresses_by_a_second_and_is_killed_after_ten() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up_with(lab, &lone())?;
        let mute = script(&cluster, "trap '' TERM; while :; do sleep 1; done")?;
        let lvs1 = start_with(&cluster, &mute)?;
        let started = lvs1.wait_line("lvsd running as pid", SOON)?;
        let raised = lvs1.wait_line("lvsd not ready after 1000 ms: raising addresses", SOON)?;
        let waited = raised.at - started.at;
        let second = Duration::from_secs(1);
        assert!(waited > second / 2 && waited < second + SLACK, "{waited:?}");
        cluster.wait("the VIP", SOON, || cluster.has_vip("lvs1"))?;

        let asked = lvs1.signal(Signal::SIGTERM)?;
        lvs1.wait_line("dropping 1.2.3.1", SOON)?;
        let exit = lvs1.wait_exit(SOON * 2)?;
        let took = exit.at - asked;
        assert_eq!(exit.status.code(), Some(0));
        lvs1.wait_line("lvsd did not stop within 10 s: killing it", SOON)?;
        let bound = Duration::from_secs(10);
        assert!(took >= bound && took < bound + SLACK, "{took:?}");
        Ok(())
    });
}

#[test]
fn an_lvsd_that_dies_is_tried_again_with_growing_patience() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up_with(lab, &lone())?;
        let ledger = cluster.host("lvs1")?.dir().join("tries");
        let dying = script(
            &cluster,
            &format!(
                "echo try >> {ledger}; [ $(wc -l < {ledger}) -gt 3 ] && exec {lvsd} \"$@\"; exit 3",
                ledger = ledger.display(),
                lvsd = program("lvsd")?.display()
            ),
        )?;
        let lvs1 = start_with(&cluster, &dying)?;
        cluster.wait_active("lvs1", Duration::from_secs(30))?;
        // Three failures: after 1, 2 and 4 seconds it is tried again, and the fourth try serves.
        lvs1.wait_line("lvsd ready", SOON)?;
        assert_eq!(lvs1.log().count("lvsd died: exit status: 3"), 3);
        let times = |text: &str| -> Vec<Instant> {
            let lines = lvs1.log().lines();
            let said = lines.iter().filter(|line| line.text.contains(text));
            said.map(|line| line.at).collect()
        };
        let failed = times("lvsd failed: deactivating LVS");
        let again = times("trying again after lvsd failed: activating lvs");
        assert_eq!((failed.len(), again.len()), (3, 3));
        for ((failed, again), seconds) in failed.iter().zip(&again).zip([1, 2, 4]) {
            let (waited, patience) = (*again - *failed, Duration::from_secs(seconds));
            // The lines are read by and by.
            let early = Duration::from_millis(500);
            assert!(
                waited + early > patience && waited < patience * 2,
                "{waited:?} for {seconds} s"
            );
        }
        Ok(())
    });
}

#[test]
fn an_lvsd_that_cannot_be_run_is_named() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up_with(lab, &lone())?;
        let lvs1 = start_with(&cluster, "/nonexistent/lvsd".as_ref())?;
        lvs1.wait_line(
            "cannot start /nonexistent/lvsd: No such file or directory",
            SOON,
        )?;
        lvs1.wait_line("trying again after lvsd failed", SOON)?;
        assert!(
            !cluster.has_vip("lvs1")?,
            "no address without servers behind it"
        );
        assert_eq!(lvs1.stop(SOON)?.status.code(), Some(0));
        Ok(())
    });
}

#[test]
fn a_dead_pulses_lvsd_leaves_the_table_to_the_next_one() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up_with(lab, &lone())?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        cluster.wait_active("lvs1", SOON)?;
        // A nanny that hangs would hold up its lvsd for seconds, and what lvsd tidied away then
        // would be its successor's.
        let host = cluster.host("lvs1")?;
        let processes = host.processes();
        let hung = processes.iter().find(|process| process.name == "nanny");
        let hung = hung.ok_or_else(|| Error::broken(format!("none in {processes:?}")))?;
        hung.signal(Signal::SIGSTOP)?;
        lvs1.signal(Signal::SIGKILL)?;
        // A successor is refused as long as it is there, also as a zombie.
        lvs1.wait_exit(SOON)?;
        let client = cluster.poll_vip()?;
        let next = cluster.start_pulse("lvs1")?;
        next.wait_line("lvsd ready", SOON)?;
        std::thread::sleep(Duration::from_secs(8));
        cluster.wait_active("lvs1", SOON)?;
        // The addresses of a lone router stay, the table stays: nobody noticed any of it.
        assert_eq!(client.stop().failures(), [].into());
        Ok(())
    });
}

#[test]
fn with_hard_shutdown_0_a_dead_nanny_costs_its_real_server_only() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let settings = Settings {
            more_global: "hard_shutdown = 0".into(),
            ..Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        let host = cluster.host("lvs1")?;
        let rs2 = real_server("rs2")?;
        let watches_rs2 = |process: &&lab::ProcessInfo| {
            process.name == "nanny" && process.command.contains("-h 192.168.1.4 ")
        };
        let processes = host.processes();
        let nanny = processes.iter().find(watches_rs2);
        let nanny = nanny.ok_or_else(|| Error::broken(format!("none in {processes:?}")))?;
        nanny.signal(Signal::SIGKILL)?;
        lvs1.wait_line("nanny for child vs1/rs2 died!", SOON)?;
        cluster.wait("rs2 out of the table", SOON, || {
            Ok(!cluster.table("lvs1")?.has(rs2))
        })?;
        let client = cluster.poll_vip()?;
        cluster.wait("rs2 in the table", SOON, || {
            Ok(cluster.table("lvs1")?.has(rs2))
        })?;
        cluster.wait_answers(&client, 40)?;
        assert_eq!(client.stop().failures(), [].into());
        let next = host
            .processes()
            .iter()
            .find(watches_rs2)
            .map(|process| process.pid);
        assert!(next.is_some() && next != Some(nanny.pid), "{next:?}");
        assert!(cluster.has_vip("lvs1")?);
        assert_eq!(
            lvs2.log().count("activating"),
            0,
            "the partner has nothing to do"
        );
        Ok(())
    });
}

#[test]
fn a_wall_clock_that_jumps_moves_nothing() {
    // The guest's clock is its own; this machine's is not touched.
    lab::scenario_in_guest(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        let watch = cluster.watch_vip()?;
        let client = cluster.poll_vip()?;
        for jump in ["2 hours", "3 hours ago"] {
            cluster.host("client")?.tool(&["date", "-s", jump])?;
            std::thread::sleep(Duration::from_secs(4));
        }
        let owners = watch.finish()?;
        assert_eq!(owners.longest_gap(), Duration::ZERO);
        assert_eq!(owners.longest_overlap(), Duration::ZERO);
        assert_eq!(client.stop().failures(), [].into());
        assert_eq!(lvs1.log().count("deactivating"), 0);
        assert_eq!(lvs1.log().count("[inactive]"), 0);
        assert_eq!(lvs2.log().count("activating"), 0);
        Ok(())
    });
}
