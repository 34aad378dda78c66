//! The cut, and the backup in place of the active router.

use crate::router::{Router, SOON};
use crate::screen::broken;
use crate::story::{DEADTIME, Demo, KEEPALIVE};
use crate::timeline::Timeline;
use lab::{Client, Result};
use scenarios::{NAT_ROUTER, VIP};
use std::time::Duration;

/// What a machine that does other work besides may add to a time.
const SLACK: Duration = Duration::from_millis(200);
/// From the dead timer to the first answer, at most: nobody serves for no longer than deadtime and
/// a second. It takes a tenth of that where the lab has a processor to itself.
const TAKEOVER: Duration = Duration::from_secs(1);

/// Cuts lvs1 off, and shows what its client saw until lvs2 answered.
pub(crate) fn see(demo: &Demo<'_>, lvs2: &Router<'_>, client: &Client) -> Result<()> {
    let cluster = &demo.cluster;
    demo.screen
        .show("Both links of lvs1 are cut at one instant. What follows, by the lab's clock:")?;
    demo.screen.gap()?;
    let addresses = demo.watch_addresses()?;
    let cut = cluster.cut("lvs1")?;
    let dead = lvs2.says(cut, "partner dead: activating lvs")?.at;
    let ready = lvs2.says(cut, "lvsd ready")?.at;
    lvs2.wait_active()?;
    cluster.wait("an answer through lvs2", SOON, || {
        Ok(client.view().first_good_after(dead).is_some())
    })?;
    let mut up = cut;
    for watch in addresses {
        let gained = watch.finish()?.gained(lvs2.name, cut);
        let late = || broken("lvs2 takes both addresses after the cut", "it had one");
        up = up.max(gained.ok_or_else(late)?);
    }
    let none = || broken("answers before and after the cut", "there are none");
    let outage = client.view().outage_after(cut).ok_or_else(none)?;
    let timeline = Timeline::new(cut)
        .event(outage.from, "last good answer")
        .event(cut, "the cut")
        .event(dead, "dead timer of lvs2: \"partner dead: activating lvs\"")
        .event(ready, "lvsd on lvs2 has filled the table")
        .event(up, format!("lvs2 has the addresses {VIP} and {NAT_ROUTER}"))
        .event(outage.to, "first good answer, through lvs2");
    demo.screen.show(&timeline.text())?;
    demo.screen.gap()?;
    // The last heartbeat went out up to a keepalive before the cut.
    let detection = dead.saturating_duration_since(cut);
    let least = DEADTIME - KEEPALIVE - SLACK;
    demo.promise_time(
        "the cut was noticed after",
        detection,
        least,
        DEADTIME + SLACK,
    )?;
    let takeover = outage.to.saturating_duration_since(dead);
    demo.promise_time("then lvs2 served after", takeover, Duration::ZERO, TAKEOVER)?;
    let most = DEADTIME + TAKEOVER;
    demo.promise_time(
        "outage for the client",
        outage.length(),
        Duration::ZERO,
        most,
    )
}
