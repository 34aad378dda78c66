//! The corpus: each `corpus/NAME.cf` has its golden `corpus/NAME.out`, what the command says to it:
//! first `check` with the source, then `show --format=json`, where errors have a line each.
//! `BLESS=1 cargo test -p lvs-cf --test corpus` writes the golden files.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lvs_cf::Kind;

/// What the command says to a file, on standard output and then on standard error, and how it ends.
fn outcome(directory: &Path, name: &str) -> String {
    let mut text = String::new();
    for args in [
        &["check", "--format=full", name][..],
        &["show", "--format=json", name],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_lvs-cf"))
            .args(args)
            .current_dir(directory)
            .stdin(Stdio::null())
            .output()
            .expect("lvs-cf runs");
        let out = String::from_utf8(output.stdout).expect("text");
        let err = String::from_utf8(output.stderr).expect("text");
        let status = output.status.code().expect("lvs-cf ends by itself");
        let args = args.join(" ");
        // Writing to a string does not fail.
        let _ = write!(text, "$ lvs-cf {args}\n{out}{err}status {status}\n");
    }
    text
}

#[test]
fn every_file_of_the_corpus_has_its_golden_outcome() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut inputs: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "cf"))
        .collect();
    inputs.sort();
    assert!(
        inputs.len() >= 60,
        "only {} files in {}",
        inputs.len(),
        directory.display()
    );
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for input in &inputs {
        let name = input.file_name().unwrap().to_str().unwrap();
        let outcome = outcome(&directory, name);
        let golden = input.with_extension("out");
        if bless {
            fs::write(&golden, &outcome).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != outcome {
            wrong.push(format!("--- {name}, got:\n{outcome}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_corpus_shows_every_reason() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let outcomes: String = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "out"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for kind in Kind::ALL {
        let reason = format!(": {}", kind.text());
        assert!(outcomes.contains(&reason), "no file shows {kind:?}");
    }
}
