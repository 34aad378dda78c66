//! Start-up: exit status, invalid command lines, daemonizing.

use std::process::{Command, Output, Stdio};

use ::nix::sys::signal::{Signal, kill};
use ::nix::unistd::Pid;

use crate::nanny::{PROGRAM, arguments, wait_until};
use crate::server::{Behavior, Server};

fn output(args: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

#[test]
fn invalid_command_line_exits_1() {
    for (args, line) in [
        (&[][..], "nanny: option --lvs or --fos is required\n"),
        (
            &[
                "-h",
                "127.0.0.1",
                "-V",
                "127.0.0.9",
                "--lvs",
                "--regex",
                "-x",
                "(",
            ],
            "nanny: --expect_string (: ( without )\n",
        ),
        (
            &["-h", "127.0.0.1", "-V", "127.0.0.9", "--lvs", "-w", "-1"],
            "nanny: --weight -1: expected 0 to 2147483647\n",
        ),
    ] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), line);
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn help_usage_and_version_exit_0() {
    for option in ["-?", "--help", "--usage", "--version"] {
        let output = output(&[option]);
        assert_eq!(output.status.code(), Some(0), "{option}");
        assert!(output.stderr.is_empty());
        assert!(!output.stdout.is_empty());
    }
}

/// The processes with this command line.
fn running(args: &[String]) -> Vec<Pid> {
    let mut wanted = vec![PROGRAM.to_owned()];
    wanted.extend_from_slice(args);
    let wanted = format!("{}\0", wanted.join("\0"));
    let entries = std::fs::read_dir("/proc").expect("/proc is readable");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line == wanted.as_bytes())
        })
        .map(Pid::from_raw)
        .collect()
}

#[test]
fn background_nanny_outlives_starter() {
    let server = Server::up(Behavior::Hangs);
    let args = arguments(server.address, 21, "--interval 100ms");
    // Started by a thread that ends: a background nanny must ignore its death.
    let status = std::thread::scope(|scope| {
        let starter = scope.spawn(|| {
            Command::new(PROGRAM)
                .args(&args)
                .stdin(Stdio::null())
                .status()
        });
        starter.join().expect("no panic").expect("it runs")
    });
    assert_eq!(status.code(), Some(0));
    // The intermediate process may exit late.
    let mut pids = running(&args);
    wait_until("one runs", || {
        pids = running(&args);
        pids.len() == 1
    });
    for descriptor in 0..3 {
        let link = std::fs::read_link(format!("/proc/{}/fd/{descriptor}", pids[0]));
        assert_eq!(link.expect("open").to_str(), Some("/dev/null"));
    }
    let before = server.accepted();
    wait_until("it checks", || server.accepted() > before);
    kill(pids[0], Signal::SIGTERM).expect("it is running");
    wait_until("it ends", || running(&args).is_empty());
}
