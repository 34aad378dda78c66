//! `bench ipvs`: plays the cases of `crates/ipvs-netlink/benches/table` and makes a table of them.

use super::figures::{self, Figures};
use crate::run::{cargo, run};
use crate::setup;
use anyhow::Result;

/// The sizes, as the benchmark names them and as the table does.
const WORLDS: [(&str, &str); 2] = [
    ("10000", "1,000 services, 10,000 destinations"),
    ("36544", "571 services, 36,544 destinations"),
];

/// A row: the case, in words, and the case it is held against.
struct Row(&'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    Row(
        "fill-ipvsadm-each",
        "(a) fill: ipvsadm for each rule, from a sample of 200",
        "fill-floor",
    ),
    Row(
        "fill-ipvsadm-restore",
        "(b) fill: `ipvsadm -R`",
        "fill-floor",
    ),
    Row(
        "fill-one-by-one",
        "(c) fill: one message and acknowledgement at a time",
        "fill-floor",
    ),
    Row("fill-batch", "(d) fill: `Client::batch`", "fill-floor"),
    Row(
        "fill-floor",
        "(e) fill: the same bytes, prepared beforehand",
        "fill-floor",
    ),
    Row(
        "fill-acknowledged",
        "(f) fill: prepared beforehand, each acknowledged",
        "fill-floor",
    ),
    Row("dump", "dump: `Table::read`, printed", "dump-ipvsadm"),
    Row("dump-ipvsadm", "dump: `ipvsadm -Sn`", "dump-ipvsadm"),
    Row(
        "diff-unchanged",
        "nothing to change: read, compare, no write",
        "fill-batch",
    ),
    Row(
        "adopt",
        "adopt, one weight of 100 differs: read, compare, change",
        "adopt-flush",
    ),
    Row("adopt-flush", "the same by flush and fill", "adopt-flush"),
    Row(
        "delete-batch",
        "empty: delete one by one, `Client::batch`",
        "flush",
    ),
    Row("flush", "empty: flush", "flush"),
];

/// Sets up, builds, plays the cases, and prints the table.
pub(crate) fn main() -> Result<()> {
    setup::lab()?;
    run(cargo().args(["build", "--release", "-p", "lab"]))?;
    figures::play("ipvs-netlink", "table", table)
}

/// One table per size, as Markdown.
fn table(figures: &Figures) -> Result<String> {
    let mut text = String::new();
    for (world, title) in WORLDS {
        text.push_str(&format!("\n{title}:\n\n| | time | processor | ratio |\n"));
        text.push_str("| --- | ---: | ---: | ---: |\n");
        for Row(case, words, against) in ROWS {
            let wall = figures.median(world, case, "wall")?;
            let cpu = figures.median(world, case, "cpu")?;
            let ratio = wall / figures.median(world, against, "wall")?;
            // ipvsadm's own processor time is not ours to measure.
            let cpu = if case.contains("ipvsadm") {
                String::new()
            } else {
                format!("{cpu:.0} ms")
            };
            text.push_str(&format!(
                "| {words} | {wall:.0} ms | {cpu} | {ratio:.2} |\n"
            ));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_figures_and_its_ratio() {
        let mut lines = String::new();
        for (world, _) in WORLDS {
            for Row(case, ..) in ROWS {
                let wall = if *case == "fill-batch" { 50 } else { 100 };
                lines.push_str(&format!("lab: {world}::{case}::0: wall = {wall}.00 ms\n"));
                lines.push_str(&format!("lab: {world}::{case}::0: cpu = 40.00 ms\n"));
            }
        }
        let figures = Figures::read(lines.as_bytes(), std::io::sink()).unwrap();
        let text = table(&figures).unwrap();
        let rows: Vec<_> = text.lines().filter(|line| line.contains(" ms |")).collect();
        assert_eq!(rows.len(), 2 * ROWS.len(), "{text}");
        for line in rows {
            let ratio = match line {
                _ if line.starts_with("| (d)") => "| 50 ms | 40 ms | 0.50 |",
                _ if line.starts_with("| nothing to change") => "| 100 ms | 40 ms | 2.00 |",
                _ => "| 1.00 |",
            };
            assert!(line.ends_with(ratio), "{line}");
        }
    }
}
