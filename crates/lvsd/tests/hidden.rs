//! Starts whose stderr nobody reads: what syslog has of them. In a mount namespace with a `/dev` and
//! a `/run` of its own, where nothing can be harmed and IPVS is out of reach.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

struct Ran {
    status: Option<i32>,
    stderr: String,
    /// What came to `/dev/log`, as `SEVERITY MESSAGE`.
    logged: Vec<String>,
}

/// Runs lvsd in `dir`, with its `lvs.cf`.
fn lvsd(dir: &Path, options: &[&str]) -> Ran {
    let syslog = UnixDatagram::bind(dir.join("log")).expect("bound");
    let script = "mount -t tmpfs none /dev && ln -s \"$1\" /dev/log && \
                  mount -t tmpfs none /run && shift && exec \"$@\"";
    let Output { status, stderr, .. } = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(dir.join("log"))
        .args([env!("CARGO_BIN_EXE_lvsd"), "-c", "lvs.cf"])
        .args(options)
        .current_dir(dir)
        .output()
        .expect("unshare(1) runs");
    // Until the last process that had stderr is gone: nothing comes any more.
    syslog
        .set_read_timeout(Some(Duration::from_millis(100)))
        .expect("set");
    let mut logged = Vec::new();
    let mut packet = [0; 8192];
    while let Ok(length) = syslog.recv(&mut packet) {
        let text = String::from_utf8_lossy(&packet[..length]).into_owned();
        let (priority, rest) = text
            .strip_prefix('<')
            .and_then(|text| text.split_once(">lvsd["))
            .expect(&text);
        let (_, message) = rest.split_once("]: ").expect(&text);
        let severity = priority.parse::<u8>().expect(&text) & 7;
        logged.push(format!("{severity} {message}"));
    }
    std::fs::remove_file(dir.join("log")).expect("removed");
    Ran {
        status: status.code(),
        stderr: String::from_utf8(stderr).expect("text"),
        logged,
    }
}

fn directory(file: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("lvs.cf"), file).expect("written");
    dir
}

fn service(monitor: &str) -> String {
    format!(
        "primary = 192.0.2.1\nvirtual http {{\n  active = 1\n  address = 192.0.2.9 eth0:1\n  \
         client_monitor = {monitor}\n  server rs1 {{\n    address = 10.0.0.1\n    active = 1\n  }}\n}}\n"
    )
}

/// How syslog has these lines of stderr.
fn as_logged(stderr: &str, severity: u8) -> Vec<String> {
    stderr
        .lines()
        .map(|line| format!("{severity} {}", line.strip_prefix("lvsd: ").unwrap_or(line)))
        .collect()
}

#[test]
fn a_wrong_file_is_in_syslog_line_by_line() {
    for options in [&["--nofork"][..], &[]] {
        let dir = directory("primary = 192.0.2.1\nprimery = 192.0.2.1\n");
        let ran = lvsd(dir.path(), options);
        assert_eq!(ran.status, Some(1));
        let first = ran.logged.first().expect(&ran.stderr);
        assert!(first.starts_with("3 error parsing "), "{first}");
        assert!(
            first.contains("lvs.cf at line 2: unknown command"),
            "{first}"
        );
        assert!(ran.logged.len() > 3, "{:?}", ran.logged);
        assert_eq!(ran.logged, as_logged(&ran.stderr, 3));
    }
}

#[test]
fn what_ends_a_start_is_in_syslog_and_a_warning_is_one() {
    let doubtful = format!("deadtime = 1\n{}", service("/bin/true"));
    for options in [&["--nofork"][..], &[]] {
        let dir = directory(&doubtful);
        let ran = lvsd(dir.path(), options);
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        let (end, warnings) = ran.logged.split_last().expect(&ran.stderr);
        assert!(
            end.starts_with("3 IPVS is not available in this kernel: ")
                || end.ends_with("permission denied (CAP_NET_ADMIN is needed)"),
            "{end}"
        );
        assert!(
            warnings
                .first()
                .is_some_and(|line| line.starts_with("4 warning: ")),
            "{warnings:?}"
        );
        let (report, last) = ran.stderr.trim_end().rsplit_once('\n').expect("lines");
        assert_eq!(warnings, as_logged(report, 4));
        assert_eq!(as_logged(last, 3), [end.as_str()]);
    }
}

#[test]
fn where_somebody_reads_stderr_syslog_has_nothing() {
    let dir = directory("primery = 192.0.2.1\n");
    for option in ["--nodaemon", "--test-start"] {
        let ran = lvsd(dir.path(), &[option]);
        assert_eq!(ran.status, Some(1));
        assert_eq!(ran.logged, [""; 0]);
    }
}

#[test]
fn a_monitor_is_found_from_the_directory_of_the_start() {
    for (monitor, is_found) in [("./monitor", true), ("./no-monitor", false)] {
        let dir = directory(&service(monitor));
        std::os::unix::fs::symlink("/bin/true", dir.path().join("monitor")).expect("linked");
        for options in [&["--nofork"][..], &[]] {
            let ran = lvsd(dir.path(), options);
            assert_eq!(ran.status, Some(1));
            assert_eq!(
                !ran.stderr.contains("cannot run client_monitor"),
                is_found,
                "{options:?}: {}",
                ran.stderr
            );
        }
    }
}
