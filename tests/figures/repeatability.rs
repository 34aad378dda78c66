//! The same scenario gives the same figures, whatever else this machine does.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

use lab::{Error, Result};
use std::process::{Child, Command, Stdio};

/// Difference that is accepted, in percent of the smallest.
const TOLERANCE: u64 = 5;

/// Busy loops on this machine, ended when dropped.
struct BusyLoops(Vec<Child>);

impl BusyLoops {
    fn start(count: usize) -> Result<Self> {
        let mut loops = BusyLoops(Vec::new());
        for _ in 0..count {
            let child = Command::new("sh")
                // Bounded by itself, should this test be killed.
                .args(["-c", "ulimit -t 120; while :; do :; done"])
                .stdin(Stdio::null())
                .spawn()
                .map_err(|source| Error::Io {
                    doing: "start a busy loop".into(),
                    source,
                })?;
            loops.0.push(child);
        }
        Ok(loops)
    }
}

impl Drop for BusyLoops {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Figures of one run in microseconds: from the cut and from the dead timer to the first answer.
type Takeover = [u64; 2];

/// Runs the takeover scenario by itself.
fn takeover(run: usize) -> Takeover {
    let logs = lab::target_dir()
        .unwrap()
        .join("lab")
        .join(format!("repeatability.{run}"));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "figures::takeover", "--nocapture"])
        .env("LAB_LOG_DIR", &logs)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    ["links cut", "dead timer"].map(|name| {
        let prefix = format!("{name} to first answer = ");
        let figure = text.lines().find_map(|line| line.split_once(&prefix));
        figure
            .unwrap()
            .1
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    })
}

/// Fails unless the figures agree, but for `step`.
fn assert_agree(figures: &[u64], step: u64) {
    let (least, most) = (
        *figures.iter().min().unwrap(),
        *figures.iter().max().unwrap(),
    );
    let difference = (most - least).saturating_sub(step);
    assert!(difference * 100 <= least * TOLERANCE, "{figures:?}");
}

#[test]
fn takeover_repeats_beside_busy_loops() {
    if std::env::var_os("LAB_KERNEL").is_some_and(|kernel| kernel != "guest") {
        eprintln!("not in virtual time: no figure repeats");
        return;
    }
    let mut runs: Vec<Takeover> = (0..2).map(takeover).collect();
    let busy = BusyLoops::start(2).unwrap();
    runs.push(takeover(2));
    drop(busy);
    println!("lab: figures::repeatability: first answer after [cut, dead timer] = {runs:?} us");
    let figures = |index: usize| runs.iter().map(|run| run[index]).collect::<Vec<_>>();
    assert_agree(&figures(0), 0);
    // Within half the time between two requests, besides.
    assert_agree(&figures(1), super::micros(super::POLL) / 2);
}
