//! The command as an admin meets it: what it says to wrong command lines and wrong files.

use std::path::PathBuf;
use std::process::{Command, Output};

struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn lvsd(args: &[&str]) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_lvsd"))
        .args(args)
        .output()
        .expect("lvsd runs");
    Ran {
        status: status.code(),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// A directory with a file of this content.
fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lvs.cf");
    std::fs::write(&path, content).expect("written");
    (dir, path)
}

/// A file with one service, whose monitor is the given program.
fn service(monitor: &str) -> String {
    format!(
        "primary = 192.0.2.1\nvirtual http {{\n  active = 1\n  address = 192.0.2.9 eth0:1\n  \
         client_monitor = {monitor}\n  server rs1 {{\n    address = 10.0.0.1\n    active = 1\n  }}\n}}\n"
    )
}

#[test]
fn help_usage_and_version() {
    for option in ["-?", "--help"] {
        let ran = lvsd(&[option]);
        assert_eq!(ran.status, Some(0));
        for word in [
            "-c, --configfile FILE",
            "-n, --nodaemon",
            "--nofork",
            "-v, --verbose",
            "-t, --test-start",
            "--usage",
            "--version",
        ] {
            assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
        }
    }
    let ran = lvsd(&["--usage"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.starts_with("Usage: lvsd "), "{}", ran.stdout);
    let ran = lvsd(&["--version"]);
    assert_eq!(ran.status, Some(0));
    assert_eq!(ran.stdout, format!("lvsd {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_line_is_named_and_ends_with_1() {
    for (args, named) in [
        (&["--bogus"][..], "--bogus"),
        (&["-c"][..], "-c"),
        (&["lvs.cf"][..], "lvs.cf"),
        (&["-x"][..], "-x"),
    ] {
        let ran = lvsd(args);
        assert_eq!(ran.status, Some(1), "{args:?}");
        assert!(ran.stderr.contains(named), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

/// In each way to start: none of them may get as far as the background or the table.
#[test]
fn a_file_that_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let directory = dir.path().to_str().expect("text");
    for mode in ["--nofork", "--nodaemon", "--test-start", "-v"] {
        for (path, reason) in [
            ("/nonexistent/lvs.cf", "No such file or directory"),
            (directory, "directory"),
        ] {
            let ran = lvsd(&[mode, "-c", path]);
            assert_eq!(ran.status, Some(1), "{mode} {path}");
            assert!(ran.stderr.starts_with("lvsd: "), "{}", ran.stderr);
            assert!(ran.stderr.contains(path), "{}", ran.stderr);
            assert!(ran.stderr.contains(reason), "{}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
}

#[test]
fn a_wrong_file_is_named_with_line_and_reason() {
    for (content, line, reason) in [
        (&b""[..], 1, "Empty configuration"),
        (b"# nothing\n", 1, "Empty configuration"),
        (b"\x7fELF\x02\x01\x01\0\0\xff\xfe", 1, ""),
        (
            b"primary = 192.0.2.1\nvirtual http {\n  address = 192.0.2.9\n",
            3,
            "unexpected end of file",
        ),
        (
            b"primary = 192.0.2.1\nprimery = 192.0.2.1\n",
            2,
            "unknown command",
        ),
        (
            b"primary 192.0.2.1\n",
            1,
            "equal (=) expected after command",
        ),
    ] {
        let (_dir, path) = file(content);
        let path = path.to_str().expect("text");
        let ran = lvsd(&["--nofork", "-c", path]);
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        let first = ran.stderr.lines().next().expect("a line");
        let start = format!("lvsd: error parsing {path} at line ");
        let rest = first.strip_prefix(&start).expect(first);
        let (number, why) = rest.split_once(": ").expect(first);
        if reason.is_empty() {
            assert!(!why.is_empty(), "{first}");
        } else {
            assert_eq!(number, line.to_string(), "{first}");
            assert!(why.starts_with(reason), "{first}");
        }
    }
}

#[test]
fn a_monitor_that_cannot_run_is_named_before_anything_is_touched() {
    for (monitor, reason) in [
        ("/nonexistent/nanny", "No such file or directory"),
        ("/etc/passwd", "Permission denied"),
        ("/etc", "is a directory"),
    ] {
        let (_dir, path) = file(service(monitor).as_bytes());
        for mode in ["--nofork", "--test-start"] {
            let ran = lvsd(&[mode, "-c", path.to_str().expect("text")]);
            assert_eq!(ran.status, Some(1));
            assert!(
                ran.stderr.ends_with(&format!(
                    "lvsd: cannot run client_monitor {monitor}: {reason}\n"
                )),
                "{}",
                ran.stderr
            );
        }
    }
}

/// Reads the table of whatever kernel this is, and changes nothing.
#[test]
fn a_test_start_says_what_it_would_do_or_why_it_cannot() {
    let (_dir, path) = file(service("/bin/true").as_bytes());
    let ran = lvsd(&["-t", "-c", path.to_str().expect("text")]);
    if ran.status == Some(0) {
        let (commands, monitors): (Vec<_>, Vec<_>) = ran
            .stdout
            .lines()
            .partition(|line| line.starts_with("ipvsadm -"));
        assert!(
            commands.iter().any(|line| line.contains("192.0.2.9:80")),
            "{}",
            ran.stdout
        );
        assert_eq!(
            monitors,
            [
                "/bin/true -c -h 10.0.0.1 -p 80 -r 80 -a 180 -I /sbin/ipvsadm -t 10 -w 1 \
              -V 192.0.2.9 -M m -U rsh --nodaemon --lvs"
            ]
        );
    } else {
        assert_eq!(ran.status, Some(1));
        assert_eq!(ran.stdout, "");
        let last = ran.stderr.lines().last().expect("a line");
        assert!(
            last.starts_with("lvsd: IPVS is not available in this kernel: ")
                || last.ends_with("permission denied (CAP_NET_ADMIN is needed)"),
            "{}",
            ran.stderr
        );
    }
}
