//! Figures in virtual time: each is asserted, 10 % above what was measured at most. `cargo xtask
//! bench cluster` prints them, and docs/benchmarks.md lists them.
//!
//! A change that makes one worse updates [`RECORDED`] in the same commit, with the reason.

mod many_servers;
mod outage;
mod repeatability;

use lab::{Error, Host, Lab, Polling, Process, Result, Signal};
use scenarios::{FiveNodes, ROUTERS, Settings, VIP, service};
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(120);
const SOON: Duration = Duration::from_secs(20);

/// Time between two requests of a takeover's client: what its first answer may differ by.
const POLL: Duration = Duration::from_micros(500);

/// Name, measured value, unit.
const RECORDED: &[(&str, u64, &str)] = &[
    ("dead timer to announcement", 4_330, "us"),
    ("dead timer to first answer", 5_325, "us"),
    ("clean stop: no answer for", 8_450, "us"),
    ("outage with deadtime 3 s", 2_940, "ms"),
    ("outage of keepalived with advert_int 1", 3_460, "ms"),
    ("300 real servers: start to all in the table", 505, "ms"),
    ("300 real servers: stop of lvsd and its nannies", 109, "ms"),
    ("private dirty memory of pulse", 244, "KiB"),
    ("private dirty memory of lvsd", 312, "KiB"),
    ("private dirty memory of nanny", 96, "KiB"),
];

/// Prints a figure, and fails if it is more than 10 % above the recorded one.
fn check(lab: &Lab, name: &str, value: u64) -> Result<()> {
    let found = RECORDED.iter().find(|(recorded, ..)| *recorded == name);
    let (_, recorded, unit) = found.ok_or_else(|| Error::broken(format!("no figure {name}")))?;
    lab.measured(name, value, unit)?;
    let most = recorded + recorded / 10;
    if value > most {
        let text = format!("{name} = {value} {unit}, recorded {recorded}, at most {most}");
        return Err(Error::broken(text));
    }
    Ok(())
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A client that asks so often. It gives up soon: hundreds of attempts on their way would take the
/// processor from the takeover.
fn poll(cluster: &FiveNodes<'_>, every: Duration) -> Result<lab::Client> {
    let limit = Duration::from_millis(20);
    cluster
        .client()?
        .poll_http(service(), Polling { every, limit })
}

/// The HOWTO's cluster, the primary active.
fn pair(lab: &mut Lab) -> Result<(FiveNodes<'_>, [Process; 2])> {
    let settings = Settings {
        // No check of the cut router's nannies times out while its partner takes over: all hosts
        // share one processor.
        timeout: "30".into(),
        ..Settings::quick()
    };
    let cluster = FiveNodes::up_with(lab, &settings)?;
    cluster.align()?;
    let pulses = [
        cluster.start_pulse(ROUTERS[0])?,
        cluster.start_pulse(ROUTERS[1])?,
    ];
    cluster.wait_active(ROUTERS[0], SOON)?;
    pulses[0].wait_line("gratuitous lvs arps finished", SOON)?;
    Ok((cluster, pulses))
}

#[test]
fn takeover() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, [_, lvs2]) = pair(lab)?;
        let arp = cluster.client()?.capture_arp("eth0")?;
        cluster.align()?;
        let cut = cluster.cut("lvs1")?;
        let dead = lvs2.wait_line("partner dead: activating lvs", SOON)?.at;
        // From here on, so that every run asks at the same distance from the dead timer.
        let client = poll(&cluster, POLL)?;
        let answered = || {
            client
                .view()
                .first_good_after(dead)
                .map(|attempt| attempt.ended)
        };
        cluster.wait("an answer through lvs2", SOON, || Ok(answered().is_some()))?;
        let first = answered().ok_or_else(|| Error::broken("no answer"))?;
        let announced = arp
            .announcements(VIP)
            .into_iter()
            .find(|frame| frame.at > dead);
        let announced = announced
            .ok_or_else(|| Error::broken("no announcement"))?
            .at;
        check(
            &cluster,
            "dead timer to announcement",
            micros(announced - dead),
        )?;
        cluster.measured("links cut to first answer", micros(first - cut), "us")?;
        check(&cluster, "dead timer to first answer", micros(first - dead))
    });
}

#[test]
fn clean_stop() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, [lvs1, lvs2]) = pair(lab)?;
        cluster.align()?;
        let client = poll(&cluster, Duration::from_millis(2))?;
        cluster.wait_answers(&client, 50)?;
        let stopped = lvs1.signal(Signal::SIGTERM)?;
        lvs2.wait_line("primary inactive: activating lvs", SOON)?;
        let after = stopped + Duration::from_secs(1);
        cluster.wait("answers again", SOON, || {
            Ok(client.view().first_good_after(after).is_some())
        })?;
        let outage = client.stop().outage_after(stopped);
        let outage = outage.ok_or_else(|| Error::broken("no answers around the stop"))?;
        check(
            &cluster,
            "clean stop: no answer for",
            micros(outage.length()),
        )
    });
}

#[test]
fn memory() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, _pulses) = pair(lab)?;
        // Several checks, a weight doubled: a nanny has done everything once.
        std::thread::sleep(Duration::from_secs(25));
        let host = cluster.host(ROUTERS[0])?;
        let mut nannies = 0;
        for process in host.processes() {
            let name = format!("private dirty memory of {}", process.name);
            check(&cluster, &name, private_dirty(&host, process.pid)?)?;
            nannies += usize::from(process.name == "nanny");
        }
        assert_eq!(nannies, 3);
        Ok(())
    });
}

/// `Anonymous` of `/proc/PID/smaps_rollup`, in KiB: what `Private_Dirty` is where the pages of the
/// program's file are clean, which those of a guest's resident files never are.
fn private_dirty(host: &Host, pid: i32) -> Result<u64> {
    let text = host.read_file(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Anonymous:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| Error::broken(format!("no Anonymous in {text}")))
}

/// Waits until the router runs none of the suite's programs any more, since `start`.
fn until_idle(lab: &Lab, host: &Host, start: Instant) -> Result<Duration> {
    let end = lab.wait("the end of every program", SOON, || {
        Ok(host.processes().is_empty())
    })?;
    Ok(end - start)
}
