//! `test`: everything, from a bare machine to the last scenario.

use crate::run::{cargo, run};
use crate::setup;
use anyhow::Result;
use std::ffi::OsString;

/// The programs under test and the lab's own, as release builds: scenarios measure.
const PROGRAMS: &[&str] = &["pulse", "lvsd", "nanny", "lab"];

/// Sets up, builds, runs the tests of every crate, and the scenarios last, so that the closing line
/// is their test runner's.
pub(crate) fn main(args: &[OsString]) -> Result<()> {
    setup::main(&[])?;
    let packages = PROGRAMS.iter().flat_map(|program| ["-p", *program]);
    run(cargo().args(["build", "--release"]).args(packages))?;
    run(cargo().args(["test", "--workspace", "--exclude", "scenarios"]))?;
    // What scenarios measure is on their standard output.
    run(cargo()
        .args(["test", "-p", "scenarios", "--", "--show-output"])
        .args(args))
}
