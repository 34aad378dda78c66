//! `fuzz`: builds the fuzz targets for libFuzzer, which any toolchain can, and runs them.

use crate::run::{cargo, root, run};
use crate::setup;
use anyhow::{Context, Result, bail, ensure};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

/// Seconds each target runs where none are given.
const SECONDS: u32 = 60;

/// Inputs each target is fed in `check`, always the same ones.
const BRIEF_RUNS: u32 = 5_000;

/// What makes the compiler tell libFuzzer where an input led: the flags of `cargo fuzz build`
/// without the sanitizer, which a stable compiler does not have.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];

/// Runs one target, or each, for a while.
pub(crate) fn main(args: &[OsString]) -> Result<()> {
    let (wanted, seconds) = match args {
        [] => (None, SECONDS),
        [target] => (Some(target), SECONDS),
        [target, seconds] => {
            let number = seconds.to_str().and_then(|text| text.parse().ok());
            let seconds = number.with_context(|| format!("not seconds: {}", seconds.display()))?;
            (Some(target), seconds)
        }
        _ => bail!("usage: cargo xtask fuzz [TARGET [SECONDS]]"),
    };
    let mut targets = targets()?;
    if let Some(wanted) = wanted {
        let known = targets.join(", ");
        targets.retain(|target| OsStr::new(target) == wanted);
        ensure!(
            !targets.is_empty(),
            "there is no target {}; there are {known}",
            wanted.display()
        );
    }
    setup::main(&[])?;
    for target in &targets {
        let seconds = format!("-max_total_time={seconds}");
        // What a run finds is where the next one begins.
        run(fuzz(target)?
            .arg(seconds)
            .args([corpus(target)?, seeds(target)]))?;
    }
    Ok(())
}

/// Builds every target and feeds it a fixed number of inputs.
pub(crate) fn briefly() -> Result<()> {
    setup::main(&[])?;
    for target in &targets()? {
        let runs = format!("-runs={BRIEF_RUNS}");
        // The first folder gets what is found: not the one in the tree, and an empty one every time.
        let found = root().join("target/fuzz/brief").join(target);
        if found.exists() {
            std::fs::remove_dir_all(&found)
                .with_context(|| format!("cannot remove {}", found.display()))?;
        }
        run(fuzz(target)?
            .args([&runs, "-seed=1"])
            .args([made(found)?, seeds(target)]))?;
    }
    Ok(())
}

/// The names of the targets, in order.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = folder
        .read_dir()
        .with_context(|| format!("cannot list {}", folder.display()))?;
    let mut targets = Vec::new();
    for entry in entries {
        let path = entry.context("cannot list the fuzz targets")?.path();
        if path.extension() == Some(OsStr::new("rs")) {
            targets.extend(path.file_stem().and_then(OsStr::to_str).map(str::to_owned));
        }
    }
    targets.sort_unstable();
    ensure!(!targets.is_empty(), "no target in {}", folder.display());
    Ok(targets)
}

/// Builds a target and runs it with what is added.
fn fuzz(target: &str) -> Result<Command> {
    let artifacts = made(root().join("fuzz/artifacts").join(target))?;
    let mut prefix = OsString::from("-artifact_prefix=");
    prefix.push(artifacts.join(""));
    let mut command = cargo();
    command.args(["run", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    // Apart from everything else, which has other flags.
    command.arg("--target-dir").arg(root().join("target/fuzz"));
    command.args(["--bin", target, "--"]).arg(prefix);
    // These take the place of those in .cargo/config.toml, which link statically.
    command.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    Ok(command)
}

/// The inputs that are in the tree.
fn seeds(target: &str) -> PathBuf {
    root().join("fuzz/seeds").join(target)
}

/// The inputs that earlier runs found.
fn corpus(target: &str) -> Result<PathBuf> {
    made(root().join("fuzz/corpus").join(target))
}

/// A folder, made if it is not there.
fn made(folder: PathBuf) -> Result<PathBuf> {
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_and_is_in_the_manifest() {
        let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        let readme = std::fs::read_to_string(root().join("fuzz/README.md")).unwrap();
        for target in targets().unwrap() {
            assert!(
                manifest.contains(&format!("name = \"{target}\"")),
                "{target}"
            );
            assert!(readme.contains(&format!("| `{target}` |")), "{target}");
            let seeds = seeds(&target).read_dir().map(Iterator::count);
            assert!(seeds.is_ok_and(|count| count > 0), "no seeds for {target}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_refused_before_anything_is_built() {
        for args in [
            &["dust"][..],
            &["dust", "5"],
            &["dust", "long"],
            &["a", "1", "b"],
        ] {
            let args: Vec<_> = args.iter().map(OsString::from).collect();
            assert!(main(&args).is_err(), "{args:?}");
        }
    }
}
