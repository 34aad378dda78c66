//! Both routers start at once: the primary wins, always.

use lab::{Process, Result};
use scenarios::{FiveNodes, ROUTERS, Settings};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);
/// Nobody waits for it where the partner is heard, and no busy machine needs as long for a start.
const DEADTIME: Duration = Duration::from_secs(10);

#[test]
fn the_primary_wins_twenty_times_out_of_twenty() {
    lab::scenario(lab::here!(), Duration::from_secs(300), |lab| {
        let settings = Settings {
            deadtime: DEADTIME.as_secs().to_string(),
            ..Settings::quick()
        };
        let cluster = FiveNodes::up_with(lab, &settings)?;
        for round in 0..20 {
            // By turns the one first and the other, the second up to 300 ms later.
            let mut order = ROUTERS;
            if round % 2 == 1 {
                order.reverse();
            }
            let watch = cluster.watch_vip()?;
            let start = Instant::now();
            let mut pulses: Vec<Process> = vec![cluster.start_pulse(order[0])?];
            std::thread::sleep(Duration::from_millis(round / 2 * 33));
            pulses.push(cluster.start_pulse(order[1])?);
            cluster.wait_active("lvs1", DEADTIME)?;
            let took = start.elapsed();
            // Past the time at which an impatient backup would have taken the role.
            std::thread::sleep(Duration::from_millis(1500));
            let owners = watch.finish()?;
            assert_eq!(owners.longest_overlap(), Duration::ZERO, "round {round}");
            assert_eq!(owners.gained("lvs2", start), None, "round {round}");
            assert!(took < DEADTIME, "round {round}: {took:?}");
            stop(&cluster, &pulses)?;
        }
        cluster.measured("cold starts that the primary won", 20, "of 20")
    });
}

/// Stops the backup first, as the HOWTO says, and then the primary.
fn stop(cluster: &FiveNodes<'_>, pulses: &[Process]) -> Result<()> {
    for router in ["lvs2", "lvs1"] {
        let host = cluster.host(router)?;
        let running = host.processes();
        for pulse in pulses
            .iter()
            .filter(|pulse| running.iter().any(|p| p.pid == pulse.pid()))
        {
            pulse.stop(SOON)?;
        }
        cluster.wait("nothing to run any more", SOON, || {
            Ok(host.processes().is_empty())
        })?;
    }
    Ok(())
}
