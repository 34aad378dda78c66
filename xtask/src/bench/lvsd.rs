//! `bench lvsd`: plays the cases of `crates/lvsd/benches/start` and makes a table of them.

use super::figures::{self, Figures};
use crate::run::{cargo, run};
use crate::setup;
use anyhow::Result;

/// How many real servers there are, as the benchmark names its worlds.
const SERVERS: &str = "200";

/// A row: the case, and what it is in words.
const ROWS: [(&str, &str); 3] = [
    ("lvsd", "lvsd, until the last real server is in the table"),
    (
        "monitors",
        "the same monitors, started by a program that does nothing else",
    ),
    (
        "programs",
        "as many runs of `nanny --version`, one after the other",
    ),
];
/// The row that the others are held against.
const AGAINST: &str = "monitors";

/// Sets up, builds, plays the cases, and prints the table.
pub(crate) fn main() -> Result<()> {
    setup::lab()?;
    let programs = ["-p", "lvsd", "-p", "nanny", "-p", "lab"];
    run(cargo().args(["build", "--release"]).args(programs))?;
    figures::play("lvsd", "start", table)
}

/// The table, as Markdown.
fn table(figures: &Figures) -> Result<String> {
    let mut text = format!("\n| {SERVERS} real servers | time | ratio |\n| --- | ---: | ---: |\n");
    let floor = figures.median(SERVERS, AGAINST, "took")?;
    for (case, words) in ROWS {
        let took = figures.median(SERVERS, case, "took")?;
        let ratio = took / floor;
        text.push_str(&format!("| {words} | {took:.0} ms | {ratio:.2} |\n"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_figure_and_its_ratio() {
        let mut lines = String::new();
        for (case, took) in [("lvsd", 300), ("monitors", 200), ("programs", 100)] {
            lines.push_str(&format!("lab: {SERVERS}::{case}::0: took = {took} ms\n"));
        }
        let figures = Figures::read(lines.as_bytes(), std::io::sink()).unwrap();
        let text = table(&figures).unwrap();
        for row in [
            "| 300 ms | 1.50 |",
            "| 200 ms | 1.00 |",
            "| 100 ms | 0.50 |",
        ] {
            assert!(text.lines().any(|line| line.ends_with(row)), "{text}");
        }
        assert!(table(&Figures::default()).is_err());
    }
}
