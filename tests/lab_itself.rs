//! The lab can be trusted: what it promises to stories, and how it reports the ones that fail.

use lab::{HostPlan, Topology};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);

#[test]
fn boots_and_says_which_kernel_runs() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let plan = Topology::new()
            .switch("lan")
            .host(HostPlan::new("a").wire("eth0", "lan", "10.0.0.1/24"))
            .host(HostPlan::new("b").wire("eth0", "lan", "10.0.0.2/24"));
        let start = std::time::Instant::now();
        lab.build(&plan)?;
        lab.measured("two hosts", start.elapsed().as_millis(), "ms")?;
        println!("{}", lab.host("a")?.tool(&["ip", "-o", "addr"])?);
        lab.cut("a")?;
        println!("{}", lab.host("a")?.tool(&["ip", "-o", "link"])?);
        lab.unplug("a", "eth0")?;
        println!("{}", lab.host("a")?.tool(&["ip", "-o", "link"])?);
        Ok(())
    });
}
