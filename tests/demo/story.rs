//! The story, step by step, and what its steps share.

use crate::router::{Router, SOON};
use crate::screen::{FILE, Screen, broken};
use crate::timeline::bounds;
use crate::{comeback, start, takeover, traffic};
use lab::{Lab, OwnerWatch, Result, Signal};
use scenarios::{FiveNodes, NAT_ROUTER, Settings};
use std::time::{Duration, Instant};

/// Time between heartbeats.
pub(crate) const KEEPALIVE: Duration = Duration::from_secs(1);
/// Silence after which the partner is dead.
pub(crate) const DEADTIME: Duration = Duration::from_secs(3);

/// The cluster, and the screen on which it is shown.
pub(crate) struct Demo<'lab> {
    pub(crate) screen: &'lab Screen,
    pub(crate) cluster: FiveNodes<'lab>,
    pub(crate) settings: Settings,
}

/// Plays the story; an error says in which step it ended.
pub(crate) fn tell(lab: &mut Lab) -> Result<()> {
    let screen = Screen::create(&lab.live_dir().join(FILE))?;
    play(&screen, lab).map_err(|error| screen.place(&error))
}

fn play(screen: &Screen, lab: &mut Lab) -> Result<()> {
    screen.step("The cluster of the HOWTO's figure 3")?;
    let settings = Settings {
        keepalive: KEEPALIVE.as_secs().to_string(),
        deadtime: DEADTIME.as_secs().to_string(),
        ..Settings::howto()
    };
    let demo = Demo {
        screen,
        cluster: FiveNodes::up_with(lab, &settings)?,
        settings,
    };
    start::show_cluster(&demo)?;

    screen.step("pulse starts on both routers")?;
    let lvs1 = Router::start(&demo.cluster, "lvs1")?;
    let lvs2 = Router::start(&demo.cluster, "lvs2")?;
    start::see_primary_active(&demo, &lvs1, &lvs2)?;
    screen.gap()?;
    traffic::show_table(&demo, "lvs1")?;

    screen.step("The client asks 1.2.3.1 for a page every 20 ms")?;
    let client = demo.cluster.poll_vip()?;
    traffic::see_shares(&demo, &client, Instant::now())?;

    screen.step("The active router is cut off")?;
    takeover::see(&demo, &lvs2, &client)?;
    let addresses = demo.watch_addresses()?;
    let killed = lvs1.pulse.signal(Signal::SIGKILL)?;
    lvs1.pulse.wait_exit(SOON)?;

    screen.step("lvs2 is the active router now")?;
    traffic::show_table(&demo, "lvs2")?;
    screen.gap()?;
    traffic::see_shares(&demo, &client, Instant::now())?;

    screen.step("lvs1 comes back")?;
    comeback::see_leases_end(&demo, &lvs1, addresses, killed)?;
    comeback::see(&demo, &lvs2, client)
}

impl Demo<'_> {
    /// Watches who has the VIP, and who the gateway's address.
    pub(crate) fn watch_addresses(&self) -> Result<[OwnerWatch; 2]> {
        let gateway = self.cluster.watch_address(NAT_ROUTER.into())?;
        Ok([self.cluster.watch_vip()?, gateway])
    }

    /// Shows a time and what was promised of it.
    pub(crate) fn promise_time(
        &self,
        what: &str,
        time: Duration,
        least: Duration,
        most: Duration,
    ) -> Result<()> {
        let (millis, bounds) = (time.as_millis(), bounds(least, most));
        if time < least || most < time {
            return Err(broken(&format!("{what} {bounds}"), format!("{millis} ms")));
        }
        let claim = format!("{what:<25} {millis:>5} ms  (promised: {bounds})");
        self.screen.kept(&claim)
    }
}
