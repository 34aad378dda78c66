//! Checks by programs, including misbehaving ones: none leaks anything.

use std::fs::Permissions;
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ::nix::sys::signal::Signal;
use ::nix::unistd::Pid;

use crate::faults::{LONG_RULES, RULES, TIMEOUT, fails, rules};
use crate::nanny::{DESCRIPTORS, Nanny, PROGRAM, SLACK, arguments, is_gone, together, wait_until};

/// A server that is checked by a program only.
fn server() -> SocketAddr {
    "127.0.0.1:9".parse().expect("an address")
}

/// A temporary file.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(text: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("script-{}-{number}", std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, text).expect("written");
        Self(path)
    }

    /// The command that runs it as a script, with a second file as its last argument.
    pub(crate) fn command(&self, other: &Self) -> String {
        format!("/bin/sh {} %h %p {}", self.0.display(), other.0.display())
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.0).expect("read")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whether the process with the number that a script has written is gone.
fn has_gone(pid: &str) -> bool {
    is_gone(Pid::from_raw(pid.parse().expect("a pid")))
}

#[track_caller]
fn passes(check: &[&str]) {
    let mut nanny = Nanny::checking(server(), LONG_RULES, check);
    nanny.passes(TIMEOUT);
}

#[track_caller]
fn fails_with(check: &[&str], line: &str, least: Duration) {
    let program = check.iter().skip_while(|option| **option != "-e").nth(1);
    let name = program.and_then(|program| program.split(' ').next());
    let name = name.expect("a program");
    let line = format!("PROGRAM {name} for {} {line}", server());
    fails(Nanny::checking(server(), rules(least), check), &line, least);
}

#[test]
fn expected_output_decides() {
    let (wrong_status, wrong_place) = (File::new("echo OK; exit 1"), File::new("echo OK >&2"));
    let other = File::new("");
    let well: &[&[&str]] = &[
        &["-e", "/bin/echo up %h:%p", "-x", "up 127.0.0.1:9"],
        &["-e", "echo up %h:%p", "-x", "^up .*:9$", "--regex"],
        &["-e", "printf a\\tb", "-x", "a\\tb"],
        &["-e", "/bin/echo up and running", "-x", "*"],
        &["-e", &wrong_status.command(&other), "-x", "OK"],
    ];
    together(well, |check| passes(check));
    let ill: &[&[&str]] = &[
        &["-e", "/bin/echo up", "-x", "upper"],
        &["-e", "/bin/echo upper", "-x", "up"],
        &["-e", "/bin/true", "-x", "up"],
        &["-e", "/bin/true", "-x", "*"],
        &["-e", &wrong_place.command(&other), "-x", "OK"],
    ];
    let line = "failed: unexpected output";
    together(ill, |check| fails_with(check, line, Duration::ZERO));
}

#[test]
fn unexpected_output_is_logged() {
    let check = ["-e", "echo DOWN: disk full", "-x", "OK"];
    let line = r#"failed: unexpected output: "DOWN: disk full\n""#;
    fails_with(&check, line, Duration::ZERO);
}

#[test]
fn death_by_signal_fails() {
    let (script, other) = (File::new("echo OK; kill -11 $$"), File::new(""));
    let check = ["-e", &script.command(&other), "-x", "OK"];
    fails_with(&check, "failed: killed by signal 11", Duration::ZERO);
}

#[test]
fn exit_status_decides_without_expected_output() {
    together(&["/bin/true", "/bin/echo anything"], |program| {
        passes(&["-e", program]);
    });
    let (script, other) = (File::new("kill -11 $$"), File::new(""));
    let ill = [
        ("/bin/false", "failed: exit status 1"),
        (&script.command(&other), "failed: killed by signal 11"),
    ];
    together(&ill, |(program, line)| {
        fails_with(&["-e", program], line, Duration::ZERO);
    });
}

#[test]
fn failed_exec_fails_check() {
    let file = File::new("#!/bin/sh\necho OK\n");
    let path = file.0.display().to_string();
    let (missing, refused) = (
        "failed: cannot execute: No such file or directory (program or interpreter)",
        "failed: cannot execute: Permission denied",
    );
    let ill = [
        ("/no/such/program", missing),
        ("no-such-program -x", missing),
        (&path, refused),
        ("/tmp", refused),
    ];
    together(&ill, |(program, line)| {
        fails_with(&["-e", program, "-x", "OK"], line, Duration::ZERO);
    });
}

#[test]
fn hanging_program_is_killed() {
    for check in [
        &["-e", "/bin/sleep 600"][..],
        &["-e", "/bin/sleep 600", "-x", "OK"],
    ] {
        fails_with(check, "timed out", TIMEOUT);
    }
    let mut nanny = Nanny::checking(server(), "-t 0.3 --interval 0.3", &["-e", "/bin/sleep 600"]);
    let mut first = Vec::new();
    wait_until("it runs", || {
        first = nanny.children();
        first.len() == 1
    });
    nanny.wait_for("timed out");
    wait_until("the next one runs, and the first one is gone", || {
        let now = nanny.children();
        now.len() == 1 && now != first
    });
}

#[test]
fn process_group_is_killed_with_program() {
    // The script hangs; or it exits, and its child keeps its output open.
    for (script, check) in [
        ("sleep 600 & echo $! >> $3; sleep 600", &[][..]),
        (
            "trap '' TERM HUP; sleep 600 & echo $! >> $3; sleep 600",
            &[],
        ),
        ("sleep 600 & echo $! >> $3; echo OK", &["-x", "OK"]),
        ("sleep 600 & echo $! >> $3; exit 0", &[]),
    ] {
        let ends = !script.ends_with("600");
        let (script, left) = (File::new(script), File::new(""));
        let command = script.command(&left);
        let check = [&["-e", &command], check].concat();
        let mut nanny = Nanny::checking(server(), RULES, &check);
        nanny.wait_for(if ends { "[ active ]" } else { "timed out" });
        wait_until("it runs some times", || left.text().lines().count() >= 3);
        nanny.signal(Signal::SIGTERM);
        assert_eq!(nanny.ended().code(), Some(0));
        let text = left.text();
        wait_until("all are gone", || text.lines().all(has_gone));
    }
}

#[test]
fn endless_output_is_bounded() {
    let line = "failed: unexpected output";
    let much = ["-e", "/usr/bin/head -c 100000000 /dev/zero", "-x", "OK"];
    let mut nanny = Nanny::checking(server(), "-t 30 --interval 1", &much);
    nanny.wait_for(line);
    nanny.memory_settles_within(300);

    let endless = ["-e", "/usr/bin/yes", "-x", "OK"];
    let mut nanny = Nanny::checking(server(), RULES, &endless);
    let logged = nanny.wait_for("timed out");
    assert!(logged - nanny.started < TIMEOUT + SLACK);
    let before = nanny.memory();
    nanny.never_logs("[ active ]", TIMEOUT * 4);
    // The nanny keeps only what it needs to detect a mismatch.
    nanny.memory_settles_within(before + 16);
}

/// A lease on a file: open(2) and execve(2) block until this is dropped, or for 45 s (fcntl(2),
/// "Leases"), as for a file on an unresponsive file server.
struct Lease(Child);

impl Lease {
    fn on(file: &File) -> Self {
        // 1024 is F_SETLEASE, 1 is F_WRLCK. It fails while any process has the file open.
        let script = r#"$SIG{IO} = "IGNORE"; open(F, "<", $ARGV[0]) or die $!;
            select(undef, undef, undef, 0.01) until fcntl(F, 1024, 1);
            $| = 1; print "held\n"; sleep 60"#;
        let mut perl = Command::new("perl")
            .args(["-e", script])
            .arg(&file.0)
            .stdout(Stdio::piped())
            .spawn()
            .expect("perl runs");
        let mut logged = [0; 5];
        let mut stdout = perl.stdout.take().expect("a pipe");
        stdout.read_exact(&mut logged).expect("the lease is held");
        Self(perl)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn script_on_hung_nfs_does_not_block() {
    let file = File::new("#!/bin/sh\necho OK\n");
    std::fs::set_permissions(&file.0, Permissions::from_mode(0o755)).expect("made a program");
    let path = file.0.display().to_string();
    let lease = Lease::on(&file);
    let check = ["-e", path.as_str(), "-x", "OK"];
    fails_with(&check, "timed out", TIMEOUT);

    let mut nanny = Nanny::checking(server(), "-t 60 --interval 60", &check);
    wait_until("the program is started", || nanny.children().len() == 1);
    let child = nanny.children()[0];
    let before = Instant::now();
    nanny.signal(Signal::SIGUSR1);
    nanny.wait_for("out until further notice");
    nanny.signal(Signal::SIGTERM);
    assert_eq!(nanny.ended().code(), Some(0));
    assert!(before.elapsed() < SLACK);
    wait_until("the process is gone", || is_gone(child));

    let mut nanny = Nanny::checking(server(), RULES, &check);
    nanny.wait_for("timed out");
    drop(lease);
    nanny.wait_for("[ active ]");
}

#[test]
fn stop_does_not_wait_for_program() {
    let rules = "-t 60 --interval 60";
    let mut nanny = Nanny::checking(server(), rules, &["-e", "/bin/sleep 600"]);
    wait_until("it runs", || nanny.children().len() == 1);
    let child = nanny.children()[0];
    let before = Instant::now();
    nanny.signal(Signal::SIGTERM);
    assert_eq!(nanny.ended().code(), Some(0));
    assert!(before.elapsed() < SLACK);
    wait_until("the process is gone", || is_gone(child));
}

#[test]
fn hundreds_of_runs_do_not_leak() {
    let runs = File::new("");
    let script = File::new("echo . >> $3; echo OK");
    let command = script.command(&runs);
    let check = ["-e", &command, "-x", "OK"];
    let mut nanny = Nanny::checking(server(), "-t 15 --interval 5ms -a 0", &check);
    nanny.wait_for("[ active ]");
    let wait_for = |count| {
        wait_until("it runs on", || runs.text().lines().count() >= count);
    };
    wait_for(50);
    let memory = nanny.memory();
    wait_for(400);
    // Less than a hundred bytes a run.
    nanny.memory_settles_within(memory + 32);
    nanny.has_one_child_at_most();
    nanny.never_logs("[inactive]", Duration::from_millis(10));
    let descriptors = nanny.descriptors();
    assert!(descriptors <= DESCRIPTORS, "{descriptors}");
}

#[test]
fn status_is_known_with_ignored_sigchld() {
    let line = arguments(server(), 21, "-t 2 --interval 100ms -n -e /bin/true").join(" ");
    // env, since a shell cannot ignore this signal.
    let mut command = Command::new("env");
    command.args(["--ignore-signal=CHLD", PROGRAM]);
    let mut nanny = Nanny::start(command.args(line.split(' ')));
    nanny.wait_for("[ active ]");
    nanny.never_logs("failed", TIMEOUT);
}
