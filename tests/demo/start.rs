//! The beginning: the cluster as it is wired, and the primary becoming active.

use crate::picture::{FIGURE_3, OWN};
use crate::router::{Router, SOON};
use crate::screen::broken;
use crate::story::Demo;
use lab::Result;
use scenarios::{NAT_ROUTER, SERVERS, VIP, real_server};

/// Shows the picture, and looks whether it is true.
pub(crate) fn show_cluster(demo: &Demo<'_>) -> Result<()> {
    let Demo {
        screen, cluster, ..
    } = demo;
    screen.show(FIGURE_3.trim_start_matches('\n'))?;
    screen.gap()?;
    screen.show(&format!(
        "Six machines, each a network namespace.\n\
         Kernel: {}.\n\
         lvs.cf: that of the HOWTO's section 9.2, but for keepalive = 1 (there 2) and\n\
         deadtime = 3 (there 10), so that there is less to wait for, and for\n\
         client_monitor, which names the nanny that was just built.\n\
         Times are those of that kernel's clock. In virtual time they do not depend on how\n\
         fast this machine is, and waiting is short.",
        lab::kernel_line()?
    ))?;
    screen.gap()?;
    for (host, address) in OWN {
        if !cluster.host(host)?.has_address(address.into())? {
            return Err(broken(&format!("{host} has {address}"), "it has not"));
        }
    }
    screen.kept("every machine has its own addresses of the picture")?;
    let router = cluster.host("lvs1")?;
    for name in SERVERS {
        let answer = router.get_http(real_server(name)?, SOON);
        if answer.server() != Some(name) {
            let expected = format!("{name} answers with its name");
            return Err(broken(&expected, format!("{:?}", answer.outcome)));
        }
    }
    screen.kept("rs1, rs2 and rs3 answer on port 80, each with its name")
}

/// Both start at once: the primary becomes active, the backup does not.
pub(crate) fn see_primary_active(
    demo: &Demo<'_>,
    lvs1: &Router<'_>,
    lvs2: &Router<'_>,
) -> Result<()> {
    let begin = demo.cluster.epoch();
    lvs1.says(begin, "STARTING PULSE AS MASTER")?;
    lvs2.says(begin, "STARTING PULSE AS BACKUP")?;
    lvs1.says(begin, "backup inactive: activating lvs")?;
    let active = lvs1.wait_active()?;
    let took = active.saturating_duration_since(lvs1.pulse.started());
    demo.screen
        .kept("lvs1 starts as the primary, lvs2 as the backup: their logs say so")?;
    let [held, not_held] = [lvs1.holds()?, lvs2.holds()?];
    demo.screen.promise(
        &format!(
            "lvs1 took {VIP} and {NAT_ROUTER}, {} ms after its start",
            took.as_millis()
        ),
        held == [true, true],
        format!("has {VIP} and {NAT_ROUTER}: {held:?}"),
    )?;
    let labels = lvs1.labels()?;
    demo.screen.promise(
        "they are on eth0 and, as the file asks, on the alias eth1:1",
        labels == ["eth0", "eth1:1"].map(|label| Some(label.to_owned())),
        format!("{labels:?}"),
    )?;
    demo.screen.promise(
        "lvs2 has neither, and an empty table",
        not_held == [false, false] && lvs2.services()? == 0,
        format!(
            "has {VIP} and {NAT_ROUTER}: {not_held:?}\n{}",
            demo.cluster.table("lvs2")?
        ),
    )
}
