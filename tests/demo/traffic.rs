//! The table, and how requests are shared by it.

use crate::router::SOON;
use crate::story::Demo;
use crate::timeline::bars;
use lab::{Client, Result};
use scenarios::{SERVERS, VIP, real_server};
use std::time::Instant;

/// Answers to count, to see how they are shared.
const SAMPLE: usize = 200;
/// By how much a share may be off: one part in this many of all answers.
const TOLERANCE: usize = 50;
/// The part of its weight that a server gets at first.
const FIRST_PART: u32 = 32;

/// Shows the table of a router on which lvsd has just started, as `ipvsadm` does.
pub(crate) fn show_table(demo: &Demo<'_>, router: &str) -> Result<()> {
    let text = demo.cluster.host(router)?.ipvsadm()?;
    let text = text.trim_end();
    demo.screen
        .show(&format!("[root@{router}]# ipvsadm -Ln\n{text}"))?;
    demo.screen.gap()?;
    let has = |words: &[&str]| {
        text.lines().any(|line| {
            let line: Vec<_> = line.split_whitespace().collect();
            line.starts_with(words)
        })
    };
    let mut all = has(&["TCP", &format!("{VIP}:80"), &demo.settings.scheduler]);
    for (name, weight) in SERVERS.into_iter().zip(demo.settings.weights) {
        let (server, weight) = (real_server(name)?.to_string(), weight / FIRST_PART);
        all &= has(&["->", &server, "Masq", &weight.to_string()]);
    }
    demo.screen.promise(
        "vs1 is in the table with all three servers, at a 32nd of their weights:\n\
         a server that has just come in gets its weight little by little",
        all,
        text,
    )
}

/// Counts answers to requests from `since` on, and looks who gave them.
pub(crate) fn see_shares(demo: &Demo<'_>, client: &Client, since: Instant) -> Result<()> {
    let look = || {
        let view = client.view().since(since);
        let count: usize = view.shares().values().sum();
        (view, count)
    };
    demo.cluster.wait(
        &format!("{SAMPLE} answers"),
        SOON,
        || Ok(look().1 >= SAMPLE),
    )?;
    let (view, count) = look();
    let shares = view.shares();
    demo.screen.show(&bars(&shares))?;
    demo.screen.gap()?;
    let total: u32 = demo.settings.weights.iter().sum();
    let fair = SERVERS
        .into_iter()
        .zip(demo.settings.weights)
        .all(|(name, weight)| {
            let share = shares.get(name).copied().unwrap_or(0);
            let due = count * weight as usize / total as usize;
            share.abs_diff(due) <= count / TOLERANCE
        });
    demo.screen.promise(
        "shared 2 : 1 : 1, as the weights are, to within 2 in 100",
        fair,
        format!("{shares:?}"),
    )?;
    let failures = view.failures();
    demo.screen.promise(
        "every request was answered",
        failures.is_empty(),
        format!("{failures:?}"),
    )
}
