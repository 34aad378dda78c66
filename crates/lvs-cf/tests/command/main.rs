//! The command `lvs-cf`, run as people and scripts run it.

mod check;
mod diff;
mod json;
mod show;

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use nix::pty::openpty;

/// What a run left behind.
struct Run {
    status: i32,
    out: String,
    err: String,
}

/// The command with an environment that says nothing about colours.
fn lvs_cf(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lvs-cf"));
    command
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus"))
        .env_clear()
        .env("TERM", "xterm")
        .stdin(Stdio::null());
    command
}

/// Runs it to its end, with `input` on standard input.
fn run(args: &[&str], input: &str) -> Run {
    let mut child = lvs_cf(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lvs-cf runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // What does not read its input closes the pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("lvs-cf ends");
    Run {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Runs it with both outputs on a terminal: its status, and all it says there.
fn on_a_terminal(args: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let terminal = openpty(None, None).expect("a terminal");
    let mut command = lvs_cf(args);
    command
        .envs(environment.iter().copied())
        .stdout(terminal.slave.try_clone().expect("a descriptor"))
        .stderr(terminal.slave);
    let mut child = command.spawn().expect("lvs-cf runs");
    // It holds the other end too.
    drop(command);
    let mut out = Vec::new();
    // Ends in EIO when the last writer is gone.
    let _ = File::from(terminal.master).read_to_end(&mut out);
    let status = child.wait().expect("lvs-cf ends").code();
    (status, String::from_utf8(out).expect("text"))
}

#[test]
fn a_wrong_command_line_is_trouble() {
    for args in [
        &["fmt"][..],
        &["--bogus"],
        &["check", "--bogus"],
        &["check", "--bogus\u{1b}[31m"],
        &["check", "--format", "xml"],
        &["show", "--format", "xml"],
        &["show", "a", "b"],
        &["diff", "a"],
        &["diff", "a", "b", "c"],
        &["diff", "-", "-"],
        &["check", "-", "unknown.cf", "-"],
    ] {
        let run = run(args, "");
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{args:?}");
        assert!(run.err.contains("--help"), "{args:?}: {}", run.err);
        assert!(!run.err.contains('\u{1b}'), "{args:?}: {}", run.err);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["-?"],
        &["check", "--help"],
        &["show", "-h"],
        &["diff", "-?"],
        &["help"],
        &["help", "check"],
    ] {
        let run = run(args, "");
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{args:?}");
        assert!(run.out.contains("Usage: lvs-cf"), "{args:?}: {}", run.out);
    }
    let version = concat!("lvs-cf ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(run(&["--version"], "").out, version);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for (args, status) in [
        (&["check", "flood.cf"][..], 1),
        (&["show", "howto-9.2.cf"], 0),
        (&["diff", "howto-9.2.cf", "howto-9.3.cf"], 1),
    ] {
        let mut child = lvs_cf(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lvs-cf runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("lvs-cf ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        assert_eq!(output.status.code(), Some(status), "{args:?}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_trouble() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let output = lvs_cf(&["check", "flood.cf"])
        .stdout(full.expect("/dev/full"))
        .output()
        .expect("lvs-cf runs");
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("cannot write output: "), "{err}");
}
