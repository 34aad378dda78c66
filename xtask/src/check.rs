//! `check`: formatting, lints and documentation, every warning an error; and the fuzz targets, built
//! and run for a moment.

use crate::fuzz;
use crate::run::{cargo, run};
use anyhow::{Result, ensure};
use std::ffi::OsString;

/// Stops at the first that fails.
pub(crate) fn main(args: &[OsString]) -> Result<()> {
    ensure!(args.is_empty(), "check takes no arguments");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    let mut flags = std::env::var_os("RUSTDOCFLAGS").unwrap_or_default();
    flags.push(" -D warnings");
    let doc = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    run(cargo().args(doc).env("RUSTDOCFLAGS", flags))?;
    fuzz::briefly()
}
