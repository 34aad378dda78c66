//! The keeper leaves nothing behind: not after a limit, not when its test is gone.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A shell whose child has left its process group, as the helpers of a kernel may.
const FAMILY: &str = "setsid sleep 1357 & sleep 1357; true";

/// A keeper of `script`, and the scratch directory it is to remove.
fn keeper(limit: Duration, scratch: &Path, script: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_lab-keeper"))
        .arg(limit.as_millis().to_string())
        .arg(scratch)
        .args(["sh", "-c", script])
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap()
}

/// Waits for the keeper without closing its standard input.
fn status(keeper: &mut Child) -> i32 {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if let Some(status) = keeper.try_wait().unwrap() {
            return status.code().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the keeper does not end");
}

/// The children of a process, and theirs.
fn family(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let children: Vec<u32> = children
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect();
    let below = children.iter().flat_map(|pid| family(*pid));
    below.chain(children.iter().copied()).collect()
}

/// Waits until the shell and both sleeps run.
fn grown_family(keeper: &Child) -> Vec<u32> {
    let start = Instant::now();
    loop {
        let family = family(keeper.id());
        if family.len() >= 3 {
            return family;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{family:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn assert_gone(family: &[u32], scratch: &Path) {
    for pid in family {
        assert!(
            !Path::new(&format!("/proc/{pid}")).exists(),
            "{pid} is still there"
        );
    }
    assert!(!scratch.exists());
}

#[test]
fn the_limit_ends_the_whole_family() {
    let scratch = tempfile::tempdir().unwrap().keep();
    let mut keeper = keeper(Duration::from_secs(5), &scratch, FAMILY);
    let family = grown_family(&keeper);
    assert_eq!(status(&mut keeper), 3);
    assert_gone(&family, &scratch);
}

#[test]
fn the_end_of_the_test_ends_the_whole_family() {
    let scratch = tempfile::tempdir().unwrap().keep();
    let mut keeper = keeper(Duration::from_secs(60), &scratch, FAMILY);
    let family = grown_family(&keeper);
    drop(keeper.stdin.take());
    assert_eq!(status(&mut keeper), 4);
    assert_gone(&family, &scratch);
}

#[test]
fn a_program_that_ends_takes_what_it_left_with_it() {
    let scratch = tempfile::tempdir().unwrap().keep();
    let script = "setsid sleep 1357 & echo $! > $0/pid; cp $0/pid $0.pid";
    let script = script.replace("$0", &scratch.display().to_string());
    let mut keeper = keeper(Duration::from_secs(60), &scratch, &script);
    assert_eq!(status(&mut keeper), 0);
    let note = scratch.with_extension("pid");
    let pid = std::fs::read_to_string(&note)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    std::fs::remove_file(note).unwrap();
    assert_gone(&[pid], &scratch);
}
