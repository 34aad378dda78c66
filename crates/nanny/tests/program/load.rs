//! Load data during the checks, from programs of this test.

use std::process::Command;
use std::time::{Duration, Instant};

use ::nix::sys::signal::Signal;
use ::nix::unistd::Pid;
use tempfile::TempDir;

use crate::nanny::{LONG, Nanny, SLACK, is_gone, wait_until};
use crate::server::{Behavior, Server, refusing};

/// Upper bound of the first load query after the server came in.
const FIRST: Duration = Duration::from_secs(7);

/// A program named `name` that runs `script`, in a temporary directory of the same lifetime.
struct Program {
    dir: TempDir,
    path: String,
}

impl Program {
    fn new(name: &str, script: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join(name).to_str().expect("text").to_owned();
        // Written by another process: a file that is open for writing here, and so for a moment in
        // a child of another test, cannot be executed.
        let write = r#"printf '#!/bin/sh\ncd "${0%%/*}"\n%s\n' "$1" > "$0" && chmod 755 "$0""#;
        let status = Command::new("sh")
            .args(["-c", write, &path, script])
            .status();
        assert!(status.expect("sh runs").success());
        Self { dir, path }
    }

    /// The content of a file that the program wrote beside it.
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    fn write(&self, name: &str, text: &str) {
        let (new, name) = (self.dir.path().join("new"), self.dir.path().join(name));
        // Renamed, so that no reader sees a partial file.
        std::fs::write(&new, text).expect("written");
        std::fs::rename(new, name).expect("renamed");
    }
}

/// A server that passes every check.
fn server() -> Server {
    Server::up(Behavior::Hangs)
}

#[test]
fn queries_load_of_server_that_is_in() {
    let server = server();
    let address = server.address;
    let ssh = Program::new(
        "ssh",
        "echo \"$*\" > queried; echo ' 12:00:01 up 1 day, 1 user, load average: 0,42, 0,03, 0,01'",
    );
    let mut nanny = Nanny::connecting(address, &format!("-t 3 -v -U {}", ssh.path));
    nanny.wait_for(&format!("load of {address} is 0.42"));
    assert!(nanny.seen.iter().any(|line| line.contains("[ active ]")));
    let expected = "-o BatchMode=yes -o ConnectTimeout=3 127.0.0.1 uptime\n";
    assert_eq!(ssh.read("queried"), expected);
}

#[test]
fn does_not_query_server_that_is_out() {
    let program = Program::new("load", "echo queried > queried; echo load 1");
    let more = format!("-t 0.5 --interval 50ms -v -U {}", program.path);
    let mut nanny = Nanny::connecting(refusing(), &more);
    nanny.wait_for("[inactive]");
    nanny.never_logs("load of", FIRST);
    assert_eq!(program.read("queried"), "");
}

#[test]
fn missing_tool_is_logged_once() {
    let server = server();
    let more = "-t 1 --interval 50ms -v -U /no/such/rsh";
    let mut nanny = Nanny::connecting(server.address, more);
    nanny.wait_for(&format!(
        "/no/such/rsh is not installed: {} keeps its assigned weight",
        server.address
    ));
    nanny.never_logs("rsh", Duration::from_secs(1));
}

#[test]
fn failed_query_does_not_stop_checks() {
    let server = server();
    let address = server.address;
    let program = Program::new("load", "echo 'no route to host' >&2; exit 3");
    let more = format!("-t 1 --interval 50ms -v -U {}", program.path);
    let mut nanny = Nanny::connecting(address, &more);
    nanny.wait_for(&format!(
        "failed to read remote load of {address}: no load average in the output of {} (exit status: 3): \
         no route to host",
        program.path
    ));
    nanny.wait_for("passed in");
    nanny.never_logs("load", Duration::from_secs(1));
}

#[test]
fn none_and_default_query_no_load() {
    let server = server();
    for more in ["-t 1 --interval 50ms -v", "-t 1 --interval 50ms -v -U none"] {
        let mut nanny = Nanny::connecting(server.address, more);
        nanny.wait_for("[ active ]");
        nanny.never_logs("load", FIRST);
    }
}

#[test]
fn hanging_load_program_does_not_delay_checks() {
    let server = server();
    let program = Program::new("load", "echo $$ > pid; sleep 600 & echo $! >> pid; wait");
    let more = format!("-t 60 --interval 50ms -v -U {}", program.path);
    let mut nanny = Nanny::connecting(server.address, &more);
    nanny.wait_for("[ active ]");
    wait_until("the load is queried", || {
        program.read("pid").lines().count() == 2
    });
    let mut last = nanny.wait_for("passed in");
    for _ in 0..20 {
        let next = nanny.wait_for("passed in");
        assert!(next - last < SLACK, "{:?}", next - last);
        last = next;
    }
    let descriptors = nanny.descriptors();
    assert!(
        descriptors <= crate::nanny::DESCRIPTORS + 1,
        "{descriptors}"
    );
    let before = Instant::now();
    nanny.signal(Signal::SIGTERM);
    assert!(nanny.ended().success());
    assert!(before.elapsed() < SLACK * 2);
    for pid in program.read("pid").lines() {
        let pid = Pid::from_raw(pid.parse().expect("a pid"));
        wait_until("its programs are gone", || is_gone(pid));
    }
}

#[test]
fn weight_follows_load() {
    // A minute: the weight changes every 20 seconds, after the slow start.
    let wait = Duration::from_secs(20) + SLACK;
    let server = server();
    let address = server.address;
    let program = Program::new("load", "cat average");
    program.write("average", "load average: 0.00, 0.00, 0.00");
    let more = format!("-t 5 --interval 1 -w 2 -S 2 -v -U {}", program.path);
    let mut nanny = Nanny::connecting(address, &more);
    let mut before = nanny.wait_for(&format!("weight of {address} would be 1"));
    let mut then = |weight: u32, nanny: &mut Nanny| {
        let line = format!("weight of {address} would be {weight}");
        let logged = nanny.wait_within(&line, wait + LONG);
        assert!(logged - before < wait, "{:?}", logged - before);
        before = logged;
    };
    then(2, &mut nanny);
    then(3, &mut nanny);
    program.write("average", "load average: 2.00, 0.50, 0.10");
    then(2, &mut nanny);
    let busy = format!("nanny: load of {address} is 2.00");
    assert!(nanny.seen.contains(&busy), "{:#?}", nanny.seen);
}
