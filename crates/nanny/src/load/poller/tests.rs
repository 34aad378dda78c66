//! Load queries with real programs: scripts in a temporary directory, and getent.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::poll::PollTimeout;
use tempfile::TempDir;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;
use crate::settings::Method;
use crate::table::memory::settings;

/// Upper bound of every wait.
const LONG: Duration = Duration::from_secs(60);

/// A directory with programs and a spool.
struct Dir(TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// Creates a program with this name and shell script, and returns its path.
    fn program(&self, name: &str, script: &str) -> String {
        let path = self.0.path().join(name).to_str().expect("text").to_owned();
        // Written by another process: a file that is open for writing here, and so for a moment in
        // a child of another test, cannot be executed.
        let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod 755 "$0""#;
        let status = Command::new("sh")
            .args(["-c", write, &path, script])
            .status();
        assert!(status.expect("sh runs").success());
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }
}

fn poller(word: &str, timeout: Duration) -> Box<LoadPoller> {
    let settings = Settings {
        load_data: Some(word.to_owned()),
        server: "127.0.0.1:8080".parse().expect("an address"),
        timeout,
        ..settings(Method::Masquerade)
    };
    LoadPoller::new(&settings).expect("a source")
}

/// Captures log lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Returns the lines logged while `act` runs.
    fn of(act: impl FnOnce()) -> Vec<String> {
        let log = Self::default();
        tracing::subscriber::with_default(log.clone(), act);
        std::mem::take(&mut log.0.lock().expect("no panic"))
    }
}

impl Visit for Log {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().expect("no panic").push(format!("{value:?}"));
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn load(average: f64) -> Option<Reply> {
    Some(Reply::Load(Load::new(average).expect("a load")))
}

/// Starts a query and drives it to its end as the event loop does.
fn run(poller: &mut LoadPoller) -> Option<Reply> {
    let end = Instant::now() + LONG;
    let mut reply = poller.step(true, true, false, Instant::now());
    while reply.is_none() && poller.query.is_in_flight() {
        assert!(Instant::now() < end, "it does not end");
        let rest = poller.deadline().expect("the query has a deadline") - Instant::now();
        let rest = PollTimeout::try_from(rest + Duration::from_millis(1)).expect("short");
        let mut fds: Vec<_> = poller.sources().into_iter().flatten().collect();
        let is_ready = nix::poll::poll(&mut fds, rest).expect("polled") > 0;
        reply = poller.step(true, false, is_ready, Instant::now());
    }
    assert!(!poller.query.is_in_flight());
    assert_eq!(poller.deadline(), None);
    assert!(poller.sources().iter().all(Option::is_none));
    reply
}

#[test]
fn runs_remote_shell_and_program() {
    let dir = Dir::new();
    let say = "echo \"$0 $*\" >> ${0%/*}/queried; echo ' 12:00 up 1 min, load average: 0,42, 0, 0'";
    for name in ["ssh", "rsh", "other"] {
        let mut poller = poller(&dir.program(name, say), LONG);
        assert_eq!(run(&mut poller), load(0.42));
        assert_eq!(run(&mut poller), load(0.42), "and again");
    }
    let expected = dir
        .read("queried")
        .replace(dir.0.path().to_str().expect("text"), "");
    let ssh = "/ssh -o BatchMode=yes -o ConnectTimeout=60 127.0.0.1 uptime\n";
    let others = ["/rsh 127.0.0.1 uptime\n", "/other 127.0.0.1\n"].map(|line| line.repeat(2));
    assert_eq!(expected, ssh.repeat(2) + &others.concat());
}

#[test]
fn polls_load_only_while_server_is_in() {
    let dir = Dir::new();
    let word = dir.program("other", "echo queried >> ${0%/*}/queried; echo load 1");
    let mut poller = poller(&word, LONG);
    let is_in_flight = |poller: &LoadPoller| poller.query.is_in_flight();
    let now = Instant::now();
    assert_eq!(poller.step(false, true, false, now), None);
    assert!(!is_in_flight(&poller), "the server is out");
    assert_eq!(poller.step(true, false, false, now), None);
    assert!(!is_in_flight(&poller), "it came in just now");
    assert_eq!(poller.deadline(), Some(now + FIRST));
    let soon = now + FIRST - Duration::from_nanos(1);
    assert_eq!(poller.step(true, false, false, soon), None);
    assert!(!is_in_flight(&poller), "the first query is not due");
    assert_eq!(poller.step(true, false, false, now + FIRST), None);
    assert!(is_in_flight(&poller), "it has been in for a while");
    assert_eq!(run(&mut poller), load(1.0));
    assert_eq!(poller.deadline(), None);
    assert_eq!(poller.step(true, false, false, now), None);
    assert!(!is_in_flight(&poller), "no query is due");
    assert_eq!(poller.step(true, true, false, now), None);
    assert!(is_in_flight(&poller), "a query is due");
    assert_eq!(poller.step(false, false, false, now), None);
    assert!(!is_in_flight(&poller), "it went out");
    assert_eq!(poller.deadline(), None);
    assert_eq!(poller.step(true, true, false, now), None);
    assert!(is_in_flight(&poller), "a query is overdue");
}

#[test]
fn query_in_flight_is_not_repeated() {
    let dir = Dir::new();
    let script = "echo queried >> ${0%/*}/queried; sleep 0.3; echo load 1";
    let mut poller = poller(&dir.program("other", script), LONG);
    let now = Instant::now();
    for _ in 0..5 {
        assert_eq!(poller.step(true, true, false, now), None);
    }
    assert_eq!(run(&mut poller), load(1.0));
    assert_eq!(dir.read("queried"), "queried\n");
}

#[test]
fn missing_tool_ends_polling() {
    for word in ["/no/such/ssh", "no-such-program", "no-such-program -x"] {
        assert_eq!(
            run(&mut poller(word, LONG)),
            Some(Reply::Unavailable),
            "{word}"
        );
    }
}

#[test]
fn failures_yield_no_load_and_are_retried() {
    let dir = Dir::new();
    let broken = dir.program("broken", "echo 'connect: no route' >&2; exit 255");
    let silent = dir.program("silent", "exec true");
    let other = dir.program("errors", "echo load 1 >&2");
    let orphan = dir.program("orphan", "");
    fs::write(&orphan, "#!/no/such/interpreter\n").expect("written");
    for word in [&orphan, "/etc/passwd", "/", &broken, &silent, &other] {
        let mut poller = poller(word, LONG);
        assert_eq!(run(&mut poller), None, "{word}");
        assert_eq!(run(&mut poller), None, "{word}");
    }
    // The output counts, regardless of the exit status.
    let mut late = poller(&dir.program("late", "echo load 3; exit 1"), LONG);
    assert_eq!(run(&mut late), load(3.0));
}

#[test]
fn repeated_failures_log_hourly_with_count() {
    let dir = Dir::new();
    // A stale record: the result is immediate.
    fs::write(dir.0.path().join("whod.rs1"), record(5, 100_000)).expect("written");
    let mut poller = ruptime(&dir);
    poller.query.names = vec!["rs1".to_owned()];
    let start = Instant::now();
    let mut logged = Vec::new();
    for seconds in (0..3 * 3600).step_by(20) {
        let now = start + Duration::from_secs(seconds);
        let lines = Log::of(|| assert_eq!(poller.step(true, true, false, now), None));
        logged.extend(lines.into_iter().map(|line| (seconds, line)));
    }
    let line = "failed to read remote load of 127.0.0.1:8080: \
                the record of the server in /var/spool/rwho is stale or invalid";
    let more = format!("{line} (179 more not logged)");
    let wanted = [(0, line.to_owned()), (3600, more.clone()), (7200, more)];
    assert_eq!(logged, wanted);
}

#[test]
fn hanging_program_is_killed_at_timeout() {
    let dir = Dir::new();
    let word = dir.program("hangs", "echo $$ > ${0%/*}/pid; echo load 1; sleep 600");
    // Time to start.
    let timeout = Duration::from_secs(3);
    let mut poller = poller(&word, timeout);
    let started = Instant::now();
    assert_eq!(run(&mut poller), None);
    let took = started.elapsed();
    assert!(took >= timeout, "{took:?}");
    assert!(took < timeout + Duration::from_secs(20), "{took:?}");
    let pid = dir.read("pid");
    let stat = format!("/proc/{}/stat", pid.trim());
    assert!(!pid.is_empty());
    let lives = || fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    while lives() {
        assert!(started.elapsed() < LONG, "{stat}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A record with this load in hundredths and this age in seconds.
fn record(hundredths: i32, age: u64) -> Vec<u8> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is after 1970");
    let received = (now.as_secs() - age) as u32;
    let mut record = vec![0; 60];
    record[..2].copy_from_slice(&[1, 1]);
    record[8..12].copy_from_slice(&received.to_ne_bytes());
    record[44..48].copy_from_slice(&hundredths.to_ne_bytes());
    record
}

/// Queries of the rwho files in `dir`, which live as long as the tests.
fn ruptime(dir: &Dir) -> Box<LoadPoller> {
    let mut poller = poller("ruptime", LONG);
    poller.query.spool = Box::leak(dir.0.path().to_owned().into_boxed_path());
    poller
}

#[test]
fn reads_rwho_files_by_getent_names() {
    let dir = Dir::new();
    let file = |host: &str, record: Vec<u8>| {
        fs::write(dir.0.path().join(format!("whod.{host}")), record).expect("written");
    };
    let mut poller = ruptime(&dir);
    assert_eq!(run(&mut poller), None, "no record");
    file("rs1", record(5, 0));
    assert_eq!(run(&mut poller), None, "another's record");
    // getent resolves 127.0.0.1 to localhost everywhere.
    file("localhost", record(125, 0));
    assert_eq!(run(&mut poller), load(1.25));
    let now = Instant::now();
    assert_eq!(
        poller.step(true, true, false, now),
        load(1.25),
        "getent is not run again"
    );
    file("localhost", record(125, 661));
    assert_eq!(run(&mut poller), None, "too old");
    file("localhost", record(7, 600));
    assert_eq!(run(&mut poller), load(0.07));
}

#[test]
fn given_name_is_sufficient_and_kept() {
    let dir = Dir::new();
    let path = dir.0.path().join("whod.rs1");
    fs::write(&path, record(10, 0)).expect("written");
    let mut poller = ruptime(&dir);
    poller.query.given_name = Some("rs1.example.com".to_owned());
    poller.query.names = vec!["rs1.example.com".to_owned()];
    assert_eq!(poller.step(true, true, false, Instant::now()), load(0.1));
    fs::remove_file(&path).expect("removed");
    assert_eq!(run(&mut poller), None);
    assert!(
        poller.query.names.iter().any(|name| name == "localhost"),
        "{:?}",
        poller.query.names
    );
    fs::write(&path, record(20, 0)).expect("written");
    assert_eq!(poller.step(true, true, false, Instant::now()), load(0.2));
}

/// Runs this test again with the programs of `dir` first in `PATH`. Returns `false` in that run.
fn is_again(test: &str, dir: &Dir) -> bool {
    const AGAIN: &str = "NANNY_ASKING_TEST_AGAIN";
    if std::env::var_os(AGAIN).is_some() {
        return false;
    }
    let own = dir.0.path().to_str().expect("text");
    let path = std::env::var("PATH").expect("PATH is set");
    let output = Command::new(std::env::current_exe().expect("own path"))
        .args(["--exact", &format!("load::poller::tests::{test}")])
        .env("PATH", format!("{own}:{path}"))
        .env(AGAIN, "1")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    true
}

#[test]
fn runs_ruptime_without_spool() {
    let dir = Dir::new();
    let all = "echo rs1 up 1:00, load 9, 9, 9; echo 127.0.0.1 up 1:00, load 0.5, 9, 9";
    dir.program(
        "ruptime",
        &format!("[ \"$*\" = 127.0.0.1 ] || exit 1; {all}"),
    );
    if is_again("runs_ruptime_without_spool", &dir) {
        return;
    }
    let mut poller = ruptime(&dir);
    poller.query.spool = Path::new("/no/such/spool");
    assert_eq!(run(&mut poller), load(0.5));
}

#[test]
fn runs_rup_after_rstat_failure() {
    let dir = Dir::new();
    dir.program(
        "rup",
        "[ \"$*\" = 127.0.0.1 ] && echo localhost 12:47 up 1 min, load 5.57 3.68 2.40",
    );
    if is_again("runs_rup_after_rstat_failure", &dir) {
        return;
    }
    // No rstat is registered on the test host, if it has a port mapper at all.
    let mut poller = poller("rup", LONG);
    assert_eq!(run(&mut poller), load(5.57));
    let path = std::env::var("PATH").expect("PATH is set");
    let own = path.split(':').next().expect("its own directory");
    fs::remove_file(Path::new(own).join("rup")).expect("removed");
    assert_eq!(run(&mut poller), None);
    assert_eq!(run(&mut poller), None, "the query is repeated");
}
