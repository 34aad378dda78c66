//! Benchmarks in the lab are played, and what they print is read back:
//! `lab: WORLD::CASE: FIGURE = VALUE UNIT`.

use crate::run::cargo;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// Plays a benchmark of a package, and prints the table that is made of its figures.
pub(crate) fn play(
    package: &str,
    bench: &str,
    table: impl FnOnce(&Figures) -> Result<String>,
) -> Result<()> {
    eprintln!("xtask: cargo bench -p {package} --bench {bench}");
    let mut child = cargo()
        .args(["bench", "--quiet", "-p", package, "--bench", bench])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo bench")?;
    let lines = child.stdout.take().context("cargo bench has no output")?;
    let figures = Figures::read(BufReader::new(lines), std::io::stderr());
    let status = child.wait().context("cannot wait for cargo bench")?;
    ensure!(status.success(), "the benchmark failed ({status})");
    std::io::stdout()
        .write_all(table(&figures?)?.as_bytes())
        .context("cannot print the table")
}

/// Every value of every figure of every case of every world.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    values: BTreeMap<(String, String, String), Vec<f64>>,
}

impl Figures {
    /// Reads lines to the end, and shows them as they come.
    pub(crate) fn read(lines: impl BufRead, mut show: impl Write) -> Result<Self> {
        let mut figures = Self::default();
        for line in lines.lines() {
            let line = line.context("cannot read what the benchmark says")?;
            writeln!(show, "{line}").context("cannot show what the benchmark says")?;
            figures.take(&line);
        }
        Ok(figures)
    }

    /// Takes the figure in a line, if there is one.
    fn take(&mut self, line: &str) -> Option<()> {
        let (name, value) = line.strip_prefix("lab: ")?.split_once(" = ")?;
        let (scenario, figure) = name.rsplit_once(": ")?;
        let mut parts = scenario.split("::");
        let (world, case) = (parts.next()?, parts.next()?);
        let value = value.split(' ').next()?.parse().ok()?;
        let key = (world.to_owned(), case.to_owned(), figure.to_owned());
        self.values.entry(key).or_default().push(value);
        Some(())
    }

    /// The median of a figure over the rounds.
    pub(crate) fn median(&self, world: &str, case: &str, figure: &str) -> Result<f64> {
        let key = (world.to_owned(), case.to_owned(), figure.to_owned());
        let mut values = self.values.get(&key).cloned().unwrap_or_default();
        values.sort_by(f64::total_cmp);
        let middle = values.get(values.len() / 2).copied();
        middle.with_context(|| format!("{world}::{case} has no figure called {figure}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_rounds_counts() {
        let text = "lab: guest kernel 6.1\n\
                    lab: 10::fill::0: wall = 3.5 ms\n\
                    lab: 10::fill::1: wall = 1.5 ms\n\
                    lab: 10::fill::2: wall = 900 ms\n\
                    lab: 10::fill::2: cpu = 7 ms\n";
        let mut shown = Vec::new();
        let figures = Figures::read(text.as_bytes(), &mut shown).unwrap();
        assert_eq!(shown, text.as_bytes());
        assert_eq!(figures.median("10", "fill", "wall").unwrap(), 3.5);
        assert_eq!(figures.median("10", "fill", "cpu").unwrap(), 7.0);
        assert!(figures.median("10", "dump", "wall").is_err());
    }
}
