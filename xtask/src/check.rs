//! `check`: formatting, lints and documentation, every warning an error; and that the fuzz targets
//! compile.

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
    // Without the fuzzer itself, which takes a C++ compiler and its time.
    run(cargo().args([
        "check",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--no-default-features",
    ]))
}
