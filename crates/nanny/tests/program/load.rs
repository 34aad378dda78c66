//! The load of the server: asked for beside the checks, by programs of the test's own.

use std::process::Command;
use std::time::{Duration, Instant};

use ::nix::sys::signal::Signal;
use ::nix::unistd::Pid;
use tempfile::TempDir;

use crate::nanny::{LONG, Nanny, SLACK, is_gone, wait_until};
use crate::server::{Manner, Server, refusing};

/// A server that came in has been asked for its load by then.
const FIRST: Duration = Duration::from_secs(7);

/// A program named `name` that runs `script`, in a directory that lives as long as this.
struct Program {
    dir: TempDir,
    path: String,
}

impl Program {
    fn new(name: &str, script: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join(name).to_str().expect("text").to_owned();
        // By another process: a program that is open for writing here, and so for a moment in
        // whatever another test starts, cannot be run.
        let write = r#"printf '#!/bin/sh\ncd "${0%%/*}"\n%s\n' "$1" > "$0" && chmod 755 "$0""#;
        let status = Command::new("sh")
            .args(["-c", write, &path, script])
            .status();
        assert!(status.expect("sh runs").success());
        Self { dir, path }
    }

    /// What the program has written to this file beside it.
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    fn write(&self, name: &str, text: &str) {
        let (new, name) = (self.dir.path().join("new"), self.dir.path().join(name));
        // Nobody reads half of it.
        std::fs::write(&new, text).expect("written");
        std::fs::rename(new, name).expect("renamed");
    }
}

/// A server that passes every check.
fn server() -> Server {
    Server::up(Manner::Hangs)
}

#[test]
fn a_server_that_comes_in_is_asked_for_its_load() {
    let server = server();
    let address = server.address;
    let ssh = Program::new(
        "ssh",
        "echo \"$*\" > asked; echo ' 12:00:01 up 1 day, 1 user, load average: 0,42, 0,03, 0,01'",
    );
    let mut nanny = Nanny::connecting(address, &format!("-t 3 -v -U {}", ssh.path));
    nanny.wait_for(&format!("load of {address} is 0.42"));
    assert!(nanny.seen.iter().any(|line| line.contains("[ active ]")));
    let asked = "-o BatchMode=yes -o ConnectTimeout=3 127.0.0.1 uptime\n";
    assert_eq!(ssh.read("asked"), asked);
}

#[test]
fn a_server_that_is_out_is_not_asked_for_its_load() {
    let program = Program::new("load", "echo asked > asked; echo load 1");
    let more = format!("-t 0.5 --interval 50ms -v -U {}", program.path);
    let mut nanny = Nanny::connecting(refusing(), &more);
    nanny.wait_for("[inactive]");
    nanny.never_says("load of", FIRST);
    assert_eq!(program.read("asked"), "");
}

#[test]
fn a_tool_that_is_not_installed_is_told_once() {
    let server = server();
    let more = "-t 1 --interval 50ms -v -U /no/such/rsh";
    let mut nanny = Nanny::connecting(server.address, more);
    nanny.wait_for(&format!(
        "/no/such/rsh is not installed: the weight of {} goes to what was assigned",
        server.address
    ));
    nanny.never_says("rsh", Duration::from_secs(1));
}

#[test]
fn a_failure_is_told_and_the_checks_go_on() {
    let server = server();
    let address = server.address;
    let program = Program::new("load", "echo 'no route to host' >&2; exit 3");
    let more = format!("-t 1 --interval 50ms -v -U {}", program.path);
    let mut nanny = Nanny::connecting(address, &more);
    nanny.wait_for(&format!(
        "failed to read remote load of {address}: no load in the output of {} (exit status: 3): \
         no route to host",
        program.path
    ));
    nanny.wait_for("passed in");
    nanny.never_says("load", Duration::from_secs(1));
}

#[test]
fn none_and_nothing_ask_for_no_load() {
    let server = server();
    for more in ["-t 1 --interval 50ms -v", "-t 1 --interval 50ms -v -U none"] {
        let mut nanny = Nanny::connecting(server.address, more);
        nanny.wait_for("[ active ]");
        nanny.never_says("load", FIRST);
    }
}

#[test]
fn a_program_that_hangs_delays_no_check_and_ends_with_the_nanny() {
    let server = server();
    let program = Program::new("load", "echo $$ > pid; sleep 600 & echo $! >> pid; wait");
    let more = format!("-t 60 --interval 50ms -v -U {}", program.path);
    let mut nanny = Nanny::connecting(server.address, &more);
    nanny.wait_for("[ active ]");
    wait_until("it was asked", || program.read("pid").lines().count() == 2);
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
fn the_weight_grows_while_the_server_idles_and_shrinks_while_it_is_busy() {
    // A minute: the weight changes every 20 seconds, and climbs first.
    let wait = Duration::from_secs(20) + SLACK;
    let server = server();
    let address = server.address;
    let program = Program::new("load", "cat says");
    program.write("says", "load average: 0.00, 0.00, 0.00");
    let more = format!("-t 5 --interval 1 -w 2 -S 2 -v -U {}", program.path);
    let mut nanny = Nanny::connecting(address, &more);
    let mut before = nanny.wait_for(&format!("weight of {address} would be 1"));
    let mut then = |weight: u32, nanny: &mut Nanny| {
        let line = format!("weight of {address} would be {weight}");
        let said = nanny.wait_within(&line, wait + LONG);
        assert!(said - before < wait, "{:?}", said - before);
        before = said;
    };
    then(2, &mut nanny);
    then(3, &mut nanny);
    program.write("says", "load average: 2.00, 0.50, 0.10");
    then(2, &mut nanny);
    let busy = format!("nanny: load of {address} is 2.00");
    assert!(nanny.seen.contains(&busy), "{:#?}", nanny.seen);
}
