//! The command as an admin meets it: what it says to wrong command lines, wrong files and wrong
//! hosts. Nothing here needs root, and nothing is touched: every run is a trial.

use std::path::Path;
use std::process::{Command, Output};

struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn pulse(args: &[&str]) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_pulse"))
        .args(args)
        .output()
        .expect("pulse runs");
    Ran {
        status: status.code(),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// A trial in the foreground with a file of this content: its status and its first line on stderr,
/// in which the file is called FILE.
fn refused(content: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lvs.cf");
    std::fs::write(&path, content).expect("written");
    refused_path(&path)
}

fn refused_path(path: &Path) -> String {
    let name = path.display().to_string();
    let ran = pulse(&["-n", "-t", "-c", &name]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    let first = ran.stderr.lines().next().unwrap_or_default();
    first.replace(&name, "FILE")
}

#[test]
fn help_usage_and_version() {
    for option in ["-?", "--help"] {
        let ran = pulse(&[option]);
        assert_eq!(ran.status, Some(0));
        for word in [
            "-c, --configfile <FILE>",
            "-n, --nodaemon",
            "-v, --verbose",
            "-t, --test-start",
            "--forceactive",
            "--lvs <PATH>",
            "--usage",
            "--version",
        ] {
            assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
        }
    }
    assert!(pulse(&["--usage"]).stdout.starts_with("Usage: pulse "));
    assert_eq!(
        pulse(&["--version"]).stdout,
        concat!("pulse ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn wrong_command_lines_end_with_status_1_and_name_what_is_wrong() {
    for (args, names) in [
        (&["--bogus"][..], "--bogus"),
        (&["extra"][..], "extra"),
        (&["-c"][..], "--configfile"),
        (
            &["--fos=/usr/sbin/fos"][..],
            "--fos is not supported in this version",
        ),
    ] {
        let ran = pulse(args);
        assert_eq!(ran.status, Some(1));
        assert!(ran.stderr.contains(names), "{names}: {}", ran.stderr);
    }
}

#[test]
fn bad_files_are_refused_with_line_and_reason() {
    assert_eq!(
        refused(b""),
        "pulse: error parsing FILE at line 1: Empty configuration"
    );
    assert_eq!(
        refused(b"primary = 1.2.3.2\nvirtual vs1 {\n address = 1.2.3.1\n"),
        "pulse: error parsing FILE at line 3: unexpected end of file"
    );
    let unknown = refused(b"primary = 1.2.3.2\nkeepalvie = 2\n");
    assert!(
        unknown.starts_with("pulse: error parsing FILE at line 2: unknown command"),
        "{unknown}"
    );
    let unsupported = refused(b"primary = 1.2.3.2\nsyncdaemon = 1\n");
    assert!(unsupported.contains("at line 2") && unsupported.contains("syncdaemon"));
    let binary = refused(&[0x7f, b'E', b'L', b'F', 0, 1, 2, 0xff, 0xfe, b'\n']);
    assert!(
        binary.starts_with("pulse: error parsing FILE at line 1: "),
        "{binary}"
    );
}

#[test]
fn a_directory_and_a_missing_file_are_refused_by_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let directory = refused_path(dir.path());
    assert!(
        directory.starts_with("pulse: cannot read FILE: "),
        "{directory}"
    );
    let missing = refused_path(&dir.path().join("no-such-file"));
    assert!(
        missing.starts_with("pulse: cannot read FILE: "),
        "{missing}"
    );
    assert!(missing.contains("No such file or directory"), "{missing}");
}

const LONE: &str = "
primary = 127.0.0.1
heartbeat_port = 1050
virtual vs1 {
 address = 192.0.2.9 lo:1
 active = 1
 server rs1 {
  address = 192.0.2.10
  active = 1
 }
}
";

#[test]
fn a_host_in_neither_place_and_a_file_without_service_are_refused() {
    assert_eq!(
        refused(LONE.replace("127.0.0.1", "192.0.2.1").as_bytes()),
        "pulse: this host carries neither the primary's address 192.0.2.1 nor the backup's"
    );
    assert_eq!(
        refused(
            LONE.replace("192.0.2.9 lo:1\n active = 1", "192.0.2.9 lo:1")
                .as_bytes()
        ),
        "pulse: no active lvs services defined in FILE"
    );
}

#[test]
fn a_trial_says_what_it_would_do_and_does_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lvs.cf");
    // It takes the port.
    let free = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let port = free.expect("a free port").port().to_string();
    std::fs::write(&path, LONE.replace("1050", &port)).expect("written");
    let log = dir.path().join("log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_pulse"))
        .args(["-n", "-t", "-c"])
        .arg(&path)
        .arg("--lvsd=/nonexistent/lvsd")
        .stdout(std::fs::File::create(&log).expect("a log"))
        .spawn()
        .expect("pulse runs");
    let expected = [
        "pulse: STARTING PULSE AS MASTER",
        "pulse: warning: this router cannot serve: cannot run /nonexistent/lvsd: No such file",
        "pulse: no active backup: activating lvs",
        "pulse: test start: not starting /nonexistent/lvsd",
        "pulse: test start: not raising 192.0.2.9 on lo:1",
    ];
    let mut text = String::new();
    for _ in 0..6000 {
        text = std::fs::read_to_string(&log).expect("the log");
        if expected.iter().all(|line| text.contains(line)) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("reaped");
    for line in expected {
        assert!(text.contains(line), "{line}: {text}");
    }
}
