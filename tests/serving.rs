//! The pair comes up, the primary serves, requests are shared by weight, and a real server that
//! dies is taken out and let in again.

use lab::Error;
use scenarios::{FiveNodes, SERVERS, Settings, program, real_server, service};
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(10);
/// How late a guest on a busy machine may be.
const SLACK: Duration = Duration::from_secs(3);

#[test]
fn the_primary_serves_and_shares_requests_by_weight() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let lvs2 = cluster.start_pulse("lvs2")?;
        lvs1.wait_line("STARTING PULSE AS MASTER", SOON)?;
        lvs2.wait_line("STARTING PULSE AS BACKUP", SOON)?;
        cluster.wait_active("lvs1", SOON)?;
        lvs1.wait_line("backup inactive: activating lvs", SOON)?;
        assert!(!cluster.has_vip("lvs2")?);
        assert_eq!(cluster.table("lvs2")?.services, []);
        assert!(!cluster.host("lvs1")?.ipvsadm()?.contains("lvs2"));

        // 2000:1000:1000 in the file; let in at a 32nd, and doubled from there.
        let weights = SERVERS.map(|name| {
            real_server(name)
                .ok()
                .and_then(|server| cluster.table("lvs1").ok()?.weight(server))
        });
        assert_eq!(weights, [Some(62), Some(31), Some(31)]);

        let client = cluster.poll_vip()?;
        cluster.wait_answers(&client, 400)?;
        let view = client.stop();
        cluster.say(&format!("requests answered: {:?}", view.shares()))?;
        assert_eq!(view.failures(), [].into());
        let share = |name: &str| *view.shares().get(name).unwrap_or(&0);
        let total: usize = view.shares().values().sum();
        assert!(
            share("rs1").abs_diff(total / 2) <= total / 50,
            "{:?}",
            view.shares()
        );
        assert!(
            share("rs2").abs_diff(total / 4) <= total / 50,
            "{:?}",
            view.shares()
        );
        assert!(
            share("rs3").abs_diff(total / 4) <= total / 50,
            "{:?}",
            view.shares()
        );
        Ok(())
    });
}

#[test]
fn a_dead_real_server_is_taken_out_and_let_in_after_reentry() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        let rs2 = real_server("rs2")?;

        let refused = Instant::now();
        cluster.server("rs2")?.refuse()?;
        cluster.wait("rs2 out of the table", SOON, || {
            Ok(!cluster.table("lvs1")?.has(rs2))
        })?;
        let out_after = refused.elapsed();
        lvs1.wait_line(
            "[inactive] shutting down 192.168.1.4:80 due to connection failure",
            SOON,
        )?;
        cluster.measured(
            "a dead real server was out after",
            out_after.as_millis(),
            "ms",
        )?;
        // timeout is 3 s, the last pass was up to 1 s before the death, a check takes a while.
        assert!(out_after > Duration::from_secs(1), "{out_after:?}");
        assert!(
            out_after < Duration::from_secs(3 + 1) + SLACK,
            "{out_after:?}"
        );

        let client = cluster.poll_vip()?;
        cluster.wait_answers(&client, 100)?;
        let view = client.stop();
        assert_eq!(
            view.failures(),
            [].into(),
            "nobody is sent to a dead server"
        );
        assert_eq!(view.shares().get("rs2"), None);

        let back = Instant::now();
        cluster.server("rs2")?.listen()?;
        cluster.wait("rs2 in the table", SOON, || {
            Ok(cluster.table("lvs1")?.has(rs2))
        })?;
        let in_after = back.elapsed();
        lvs1.wait_line("[ active ] making 192.168.1.4:80 available", SOON)?;
        cluster.measured("it was in again after", in_after.as_millis(), "ms")?;
        // reentry is 3 s of passes, the first of which comes within an interval of 1 s.
        assert!(in_after >= Duration::from_secs(3), "{in_after:?}");
        assert!(
            in_after < Duration::from_secs(3 + 2) + SLACK,
            "{in_after:?}"
        );
        let weight = cluster.table("lvs1")?.weight(rs2);
        assert_eq!(
            weight,
            Some(31),
            "a cold server starts at a 32nd of its weight"
        );
        Ok(())
    });
}

#[test]
fn one_failed_check_takes_nobody_out() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        let rs3 = cluster.server("rs3")?;
        // timeout is 3 s, so there is one check a second: it is back for the next one.
        rs3.refuse()?;
        lvs1.wait_line("CONNECT to 192.168.1.5:80 failed", SOON)?;
        rs3.listen()?;
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!(lvs1.log().count("shutting down 192.168.1.5:80"), 0);
        assert!(cluster.table("lvs1")?.has(real_server("rs3")?));
        Ok(())
    });
}

#[test]
fn a_real_server_that_accepts_and_never_answers_is_taken_out() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        cluster.server("rs1")?.hang()?;
        lvs1.wait_line("READ to 192.168.1.3:80 timed out", SOON)?;
        cluster.wait("rs1 out of the table", SOON, || {
            Ok(!cluster.table("lvs1")?.has(real_server("rs1")?))
        })?;
        let client = cluster.poll_vip()?;
        cluster.wait_answers(&client, 50)?;
        assert_eq!(client.stop().failures(), [].into());
        Ok(())
    });
}

#[test]
fn the_checks_of_the_file_are_made_and_a_server_that_fails_them_is_quiesced() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::wired(lab)?;
        let settings = Settings {
            more_global: "tcp_timeout = 120\nudp_timeout = 30\n".into(),
            more_virtual: concat!(
                " send = \"GET /health HTTP/1.0\\r\\n\\r\\n\"\n",
                " expect = \"HTTP/1.* 200 OK\"\n",
                " quiesce_server = 1\n"
            )
            .into(),
            ..Settings::quick()
        };
        let monitor = program("nanny")?;
        let monitor = monitor.to_string_lossy();
        // A second service, by firewall mark; what checks it is a program, and its status.
        let marked = format!(
            "\
virtual marked {{
 active = 1
 address = 1.2.3.1 eth0:1
 port = 8080
 fwmark = 7
 load_monitor = none
 send_program = \"/usr/bin/test %h:%p = 192.168.1.3:8080\"
 client_monitor = {monitor}
 server rs1 {{
  address = 192.168.1.3
  active = 1
 }}
 server rs2 {{
  address = 192.168.1.4
  active = 1
 }}
}}
"
        );
        cluster.configure_text("lvs1", &(settings.file(&monitor) + &marked))?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        cluster.wait_active("lvs1", SOON)?;
        let router = cluster.host("lvs1")?;
        let timeouts = router.tool(&["ipvsadm", "-L", "--timeout"])?;
        assert!(timeouts.ends_with("120 120 30\n"), "{timeouts}");

        cluster.wait("the marked service's server", SOON, || {
            Ok(router
                .ipvsadm_rules()?
                .contains("-a -f 7 -r 192.168.1.3:8080 -m -w 1\n"))
        })?;
        lvs1.wait_line("[inactive] 192.168.1.4:8080 is not available yet", SOON)?;
        assert!(!router.ipvsadm_rules()?.contains("-a -f 7 -r 192.168.1.4"));

        let rs2 = real_server("rs2")?;
        cluster
            .server("rs2")?
            .say("HTTP/1.0 503 Service Unavailable\r\n\r\n")?;
        lvs1.wait_line(
            "[inactive] shutting down 192.168.1.4:80 due to connection failure",
            SOON,
        )?;
        assert_eq!(cluster.table("lvs1")?.weight(rs2), Some(0));
        let client = cluster.poll_vip()?;
        cluster.wait_answers(&client, 100)?;
        let view = client.stop();
        assert_eq!(view.failures(), [].into());
        assert_eq!(view.shares().get("rs2"), None);

        cluster.server("rs2")?.answer()?;
        cluster.wait("rs2 with a weight again", SOON, || {
            Ok(cluster.table("lvs1")?.weight(rs2) == Some(31))
        })?;
        Ok(())
    });
}

#[test]
fn weights_grow_to_those_of_the_file() {
    lab::scenario(lab::here!(), Duration::from_secs(120), |lab| {
        let settings = Settings {
            weights: [100, 50, 1],
            ..Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        let _lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        let start = Instant::now();
        let weights = || -> lab::Result<Vec<i64>> {
            let table = cluster.table("lvs1")?;
            let servers = SERVERS.map(real_server);
            servers
                .into_iter()
                .map(|server| {
                    let server = server?;
                    table
                        .weight(server)
                        .ok_or_else(|| Error::broken(format!("no {server}")))
                })
                .collect()
        };
        assert_eq!(weights()?, [3, 1, 1]);
        for expected in [[6, 2, 1], [12, 4, 1], [24, 8, 1]] {
            cluster.wait("the next weights", Duration::from_secs(25), || {
                Ok(weights()? == expected)
            })?;
        }
        let took = start.elapsed();
        cluster.measured("three doublings took", took.as_secs_f32(), "s")?;
        assert!(
            took.abs_diff(Duration::from_secs(3 * 20)) < SLACK * 2,
            "{took:?}"
        );
        let answer = cluster.client()?.get_http(service(), SOON);
        assert!(answer.server().is_some(), "{answer:?}");
        Ok(())
    });
}

#[test]
fn a_table_that_somebody_cleared_is_filled_again() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        cluster.wait_active("lvs1", SOON)?;
        let has_all = || -> lab::Result<bool> {
            let table = cluster.table("lvs1")?;
            let mut there = SERVERS
                .iter()
                .map(|name| Ok(table.weight(real_server(name)?)));
            there.try_fold(true, |all, weight: lab::Result<_>| {
                Ok(all && weight?.is_some())
            })
        };
        cluster.wait("all real servers", SOON, has_all)?;
        cluster.host("lvs1")?.tool(&["ipvsadm", "-C"])?;
        assert!(!has_all()?);
        lvs1.wait_line(
            "virtual service vs1 was not in the table any more: put back",
            SOON,
        )?;
        // The monitors look every 20 seconds.
        cluster.wait("all real servers again", SOON * 4, has_all)?;
        let client = cluster.poll_vip()?;
        cluster.wait_answers(&client, 50)?;
        Ok(())
    });
}
