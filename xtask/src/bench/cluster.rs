//! `bench cluster`: plays the scenarios of `tests/figures` and makes a table of what they measure.
//! `cargo xtask test` asserts the same figures.

use crate::run::{cargo, run};
use crate::setup;
use anyhow::{Context, Result, ensure};
use std::process::Stdio;

/// Begins the names of the scenarios.
const SCENARIOS: &str = "figures::";

/// Sets up, builds, plays the scenarios, and prints the table.
pub(crate) fn main() -> Result<()> {
    setup::main(&[])?;
    let programs = ["-p", "pulse", "-p", "lvsd", "-p", "nanny", "-p", "lab"];
    run(cargo().args(["build", "--release"]).args(programs))?;
    let test = [
        "test",
        "--quiet",
        "-p",
        "scenarios",
        "--test",
        "scenarios",
        "--",
    ];
    let output = cargo()
        .args(test)
        .args(["--show-output", SCENARIOS])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo test")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "a scenario failed:\n{text}");
    print!("{}", table(&text)?);
    Ok(())
}

/// The table, as Markdown, from lines `lab: SCENARIO: NAME = VALUE`.
fn table(text: &str) -> Result<String> {
    let mut rows: Vec<_> = text.lines().filter_map(figure).collect();
    ensure!(!rows.is_empty(), "the scenarios print no figure:\n{text}");
    // Three nannies have one figure each.
    rows.sort_unstable();
    rows.dedup();
    let row = |(name, value): &(&str, &str)| format!("| {name} | {value} |\n");
    let rows: String = rows.iter().map(row).collect();
    Ok(format!(
        "\n| what | virtual time or size |\n| --- | ---: |\n{rows}"
    ))
}

fn figure(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("lab: ")?.strip_prefix(SCENARIOS)?;
    let (name, value) = rest.split_once(" = ")?;
    Some((name.split_once(": ")?.1, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_each_figure_once() {
        let text = "test figures::memory ... ok\n\
                    lab: guest kernel 6.1\n\
                    lab: figures::memory: memory of nanny = 96 KiB\n\
                    lab: figures::memory: memory of nanny = 96 KiB\n\
                    lab: figures::outage::pulse: outage = 2940 ms\n";
        let table = table(text).unwrap();
        assert_eq!(
            table.matches("| memory of nanny | 96 KiB |").count(),
            1,
            "{table}"
        );
        assert!(table.contains("| outage | 2940 ms |"), "{table}");
        assert!(super::table("").is_err());
    }
}
