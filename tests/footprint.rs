//! What the suite costs a router that it runs on.

use lab::{Error, Host, Result};
use scenarios::FiveNodes;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
/// Private dirty memory of one nanny of 0.8.6.
const NANNY_LIMIT_KIB: u64 = 184;

#[test]
fn a_nanny_in_the_steady_state_is_no_larger_than_that_of_0_8_6() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let _lvs1 = cluster.start_pulse("lvs1")?;
        let _lvs2 = cluster.start_pulse("lvs2")?;
        cluster.wait_active("lvs1", SOON)?;
        // Several checks, a weight doubled: everything that a nanny does has been done once.
        std::thread::sleep(Duration::from_secs(25));
        let host = cluster.host("lvs1")?;
        // The pages of a program just written count as dirty until they are on disk.
        host.tool(&["sync"])?;
        let mut nannies = Vec::new();
        for process in host.processes() {
            let dirty = private_dirty(&host, process.pid)?;
            cluster.measured(
                &format!("private dirty memory of {}", process.name),
                dirty,
                "KiB",
            )?;
            if process.name == "nanny" {
                nannies.push(dirty);
            }
        }
        assert_eq!(nannies.len(), 3);
        assert!(
            nannies.iter().all(|dirty| *dirty <= NANNY_LIMIT_KIB),
            "{nannies:?}"
        );
        Ok(())
    });
}

/// `Private_Dirty` of `/proc/PID/smaps_rollup`, in KiB.
fn private_dirty(host: &Host, pid: i32) -> Result<u64> {
    let text = host.read_file(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Private_Dirty:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| Error::broken(format!("no Private_Dirty in {text}")))
}
