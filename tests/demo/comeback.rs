//! The router that was cut off comes back, and is the hot backup.

use crate::router::{Router, SOON};
use crate::screen::broken;
use crate::story::{DEADTIME, Demo, KEEPALIVE};
use lab::{Client, OwnerWatch, Owners, Result, View};
use scenarios::{NAT_ROUTER, VIP};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What the kernel keeps an address without renewal: deadtime rounded up to seconds, and one more.
const LEASE: Duration = Duration::from_secs(4);
/// It looks for expired ones on a timer that may be a second late, and a busy machine a little more.
const LEASE_LATE: Duration = Duration::from_millis(1_200);
/// How long a router that comes back is watched. One that did not hear its partner would become
/// active within deadtime.
const WATCHED: Duration = DEADTIME.saturating_add(Duration::from_secs(2));

/// A router without pulse loses its addresses, even with nobody left to remove them.
pub(crate) fn see_leases_end(
    demo: &Demo<'_>,
    lvs1: &Router<'_>,
    addresses: [OwnerWatch; 2],
    killed: Instant,
) -> Result<()> {
    let host = demo.cluster.host(lvs1.name)?;
    demo.screen
        .show("While it was cut off its pulse was ended with SIGKILL, as by a power cut.")?;
    demo.screen.gap()?;
    demo.cluster.wait("lvs1 without addresses", SOON, || {
        Ok(lvs1.holds()? == [false, false])
    })?;
    let mut lost = Duration::ZERO;
    for watch in addresses {
        let owners = watch.finish()?;
        let spans = owners.spans();
        let last = spans.iter().rfind(|span| span.owners.contains(lvs1.name));
        let never = || broken("lvs1 keeps its addresses when it is cut off", "it did not");
        let end = last.ok_or_else(never)?.to;
        lost = lost.max(end.saturating_duration_since(killed));
    }
    let processes = host.processes();
    demo.screen.promise(
        "lvsd and the nannies ended with it",
        processes.is_empty(),
        format!("{processes:?}"),
    )?;
    demo.promise_time(
        "its addresses went after",
        lost,
        Duration::ZERO,
        LEASE + LEASE_LATE,
    )
}

/// Plugs lvs1 in, starts its pulse, and looks whether anybody notices.
pub(crate) fn see(demo: &Demo<'_>, lvs2: &Router<'_>, client: Client) -> Result<()> {
    let screen = demo.screen;
    screen.gap()?;
    screen.show("Now its links are restored, and pulse starts again.")?;
    screen.gap()?;
    let addresses = demo.watch_addresses()?;
    let restored = demo.cluster.restore("lvs1")?;
    let lvs1 = Router::start(&demo.cluster, "lvs1")?;
    lvs1.says(restored, "STARTING PULSE AS MASTER")?;
    std::thread::sleep(WATCHED);
    screen.promise(
        &format!(
            "lvs1 starts, hears lvs2, and is not active {} s later (deadtime: {} s)",
            WATCHED.as_secs(),
            DEADTIME.as_secs()
        ),
        lvs1.pulse.log().count("activating") == 0 && lvs1.pulse.is_running(),
        lvs1.pulse.log().text(),
    )?;
    for (watch, address) in addresses.into_iter().zip([VIP, NAT_ROUTER]) {
        let owners = watch.finish()?;
        screen.promise(
            &format!("{address} was on lvs2 all the time, and nowhere else"),
            always(&owners, lvs2.name),
            format!("{:?}", owners.spans()),
        )?;
    }
    see_no_gap(demo, &client.stop().since(restored))?;
    screen.gap()?;
    screen.show(&format!(
        "{:<8} pulse    {VIP:<9} {NAT_ROUTER:<15} virtual servers\n{}{}",
        "",
        lvs1.state()?,
        lvs2.state()?
    ))?;
    screen.gap()?;
    let states = [
        (lvs1.holds()?, lvs1.services()?),
        (lvs2.holds()?, lvs2.services()?),
    ];
    screen.promise(
        "lvs2 stays active, and lvs1 is its hot backup",
        states == [([false, false], 0), ([true, true], 1)] && lvs2.pulse.is_running(),
        format!("{states:?}"),
    )
}

fn see_no_gap(demo: &Demo<'_>, view: &View) -> Result<()> {
    let failures = view.failures();
    demo.screen.promise(
        &format!(
            "the client noticed nothing: {} requests, all answered",
            view.attempts().len()
        ),
        !view.attempts().is_empty() && failures.is_empty(),
        format!("{failures:?}"),
    )?;
    let longest = view.longest_gap().map_or(Duration::MAX, |gap| gap.length());
    demo.promise_time("longest between two", longest, Duration::ZERO, KEEPALIVE)
}

/// Whether `host` was the only owner from beginning to end.
fn always(owners: &Owners, host: &str) -> bool {
    let only = BTreeSet::from([host.to_owned()]);
    owners.spans().iter().all(|span| span.owners == only)
}
