//! pulse as an init script runs it: in the background, with pid file and syslog.

use lab::{Error, Result};
use scenarios::{FiveNodes, Settings};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
const PID_FILE: &str = "/var/run/pulse.pid";

#[test]
fn the_daemon_has_a_pid_file_a_syslog_and_a_clean_end() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        let starter = cluster.start_pulse_with("lvs1", &[])?;
        assert_eq!(starter.wait_exit(SOON)?.status.code(), Some(0));
        assert_eq!(starter.log().text(), "", "nothing to say on the terminal");
        cluster.wait_active("lvs1", SOON)?;
        let host = cluster.host("lvs1")?;
        let pid: i32 = host
            .read_file(PID_FILE)?
            .trim()
            .parse()
            .map_err(|_| Error::broken("the pid file holds no number"))?;
        let daemon = find(&cluster, pid)?;
        assert_eq!(daemon.name, "pulse");
        assert_ne!(daemon.pid, starter.pid(), "it has forked");
        for line in [
            "pulse[", // the ident and the process id
            "STARTING PULSE AS MASTER",
            "backup inactive: activating lvs",
            "lvsd[",
            "create_monitor for vs1/rs1 running as pid",
            "nanny[",
            "[ active ] making 192.168.1.3:80 available",
            "gratuitous lvs arps finished",
        ] {
            host.syslog().wait_line(line, SOON)?;
        }
        // Its own terminal is let go: 0, 1 and 2 are /dev/null.
        let fds = host.tool(&["sh", "-c", &format!("readlink /proc/{pid}/fd/[012]")])?;
        assert_eq!(fds, "/dev/null\n/dev/null\n/dev/null\n");

        // A second start is refused on the terminal.
        let second = cluster.start_pulse_with("lvs1", &[])?;
        assert_eq!(second.wait_exit(SOON)?.status.code(), Some(1));
        let refusal = second.log().text();
        assert!(
            refusal.contains("Address already in use") || refusal.contains("already running"),
            "{refusal}"
        );
        assert!(find(&cluster, pid).is_ok(), "the first one goes on");

        daemon.signal(lab::Signal::SIGHUP)?;
        host.syslog()
            .wait_line("reload is not supported in this version", SOON)?;
        daemon.signal(lab::Signal::SIGTERM)?;
        host.syslog()
            .wait_line("Terminating due to signal 15", SOON)?;
        cluster.wait("everything to end", SOON, || {
            Ok(host.processes().is_empty())
        })?;
        assert!(host.read_file(PID_FILE).is_err(), "the pid file is gone");
        assert!(!cluster.has_vip("lvs1")?);
        assert_eq!(cluster.table("lvs1")?.services, []);
        Ok(())
    });
}

#[test]
fn a_pid_file_left_by_a_killed_pulse_stops_nobody() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let settings = Settings {
            more_global: "backup_active = 0".into(),
            ..Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        let start = || -> Result<i32> {
            let starter = cluster.start_pulse_with("lvs1", &[])?;
            assert_eq!(
                starter.wait_exit(SOON)?.status.code(),
                Some(0),
                "{}",
                starter.log().text()
            );
            cluster.wait_active("lvs1", SOON)?;
            let text = cluster.host("lvs1")?.read_file(PID_FILE)?;
            text.trim().parse().map_err(|_| Error::broken("no number"))
        };
        let first = start()?;
        // A lone pulse takes no port that a second one would miss: the pid file tells.
        let second = cluster.start_pulse_with("lvs1", &[])?;
        assert_eq!(second.wait_exit(SOON)?.status.code(), Some(1));
        second.wait_line(&format!("pulse: already running as pid {first}"), SOON)?;

        find(&cluster, first)?.signal(lab::Signal::SIGKILL)?;
        let host = cluster.host("lvs1")?;
        cluster.wait("its children to end", SOON, || {
            Ok(host.processes().is_empty())
        })?;
        assert!(host.read_file(PID_FILE).is_ok());
        let next = start()?;
        assert_ne!(next, first);
        Ok(())
    });
}

#[test]
fn a_signal_right_after_the_start_is_not_lost_and_ends_cleanly() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let host = cluster.host("lvs1")?;
        for round in 0..5 {
            let starter = cluster.start_pulse_with("lvs1", &[])?;
            assert_eq!(starter.wait_exit(SOON)?.status.code(), Some(0));
            // SIGHUP first, which would kill a process that does not listen yet.
            let text = host.read_file(PID_FILE)?;
            let pid: i32 = text
                .trim()
                .parse()
                .map_err(|_| Error::broken("no number"))?;
            let daemon = find(&cluster, pid)?;
            daemon.signal(lab::Signal::SIGHUP)?;
            daemon.signal(lab::Signal::SIGTERM)?;
            cluster.wait("the daemon to end", SOON, || {
                Ok(host.processes().is_empty())
            })?;
            assert!(
                host.read_file(PID_FILE).is_err(),
                "round {round}: the pid file is gone"
            );
        }
        // The order to end is heard first where both wait: SIGHUP may then go unanswered.
        cluster.wait("all five to have said so", SOON, || {
            Ok(host.syslog().count("Terminating due to signal 15") == 5)
        })?;
        Ok(())
    });
}

#[test]
fn a_foreground_pulse_beside_the_daemon_is_refused() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let settings = Settings {
            more_global: "backup_active = 0".into(),
            ..Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        cluster.start_pulse_with("lvs1", &[])?.wait_exit(SOON)?;
        cluster.wait_active("lvs1", SOON)?;
        let second = cluster.start_pulse("lvs1")?;
        assert_eq!(second.wait_exit(SOON)?.status.code(), Some(1));
        second.wait_line("pulse: already running as pid", SOON)?;
        // A trial beside it is fine, and leaves its pid file alone.
        let before = cluster.host("lvs1")?.read_file(PID_FILE)?;
        let trial = cluster.start_pulse_with("lvs1", &["-n", "-t"])?;
        trial.wait_line("test start: not raising 1.2.3.1", SOON)?;
        trial.stop(SOON)?;
        assert_eq!(cluster.host("lvs1")?.read_file(PID_FILE)?, before);
        cluster.wait_active("lvs1", SOON)
    });
}

fn find(cluster: &FiveNodes<'_>, pid: i32) -> Result<lab::ProcessInfo> {
    let processes = cluster.host("lvs1")?.processes();
    let found = processes.iter().find(|process| process.pid == pid).cloned();
    found.ok_or_else(|| Error::broken(format!("no process {pid} in {processes:?}")))
}
