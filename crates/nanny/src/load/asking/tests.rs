//! The questions with real programs: scripts in a directory of the test's own, and getent.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::poll::{PollTimeout, poll};
use tempfile::TempDir;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;
use crate::settings::Method;
use crate::table::memory::settings;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// A directory with programs, and room for a spool.
struct Dir(TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// A program of this name and shell script. Its path.
    fn program(&self, name: &str, script: &str) -> String {
        let path = self.0.path().join(name).to_str().expect("text").to_owned();
        // By another process: a program that is open for writing here, and so for a moment in
        // whatever another test starts, cannot be run.
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

fn asking(word: &str, timeout: Duration) -> Box<Asking> {
    let settings = Settings {
        load_data: Some(word.to_owned()),
        server: "127.0.0.1:8080".parse().expect("an address"),
        timeout,
        ..settings(Method::Masquerade)
    };
    Asking::new(&settings).expect("a source")
}

/// Keeps the lines that are logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// What is logged while `act` runs.
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

fn load(average: f64) -> Option<Heard> {
    Some(Heard::Load(Load::new(average).expect("a load")))
}

/// Asks, and drives the question to its end as the loop does. What was heard.
fn hear(asking: &mut Asking) -> Option<Heard> {
    let end = Instant::now() + LONG;
    let mut heard = asking.step(true, true, false, Instant::now());
    while heard.is_none() && asking.questions.is_going() {
        assert!(Instant::now() < end, "it does not end");
        let rest = asking.deadline().expect("it is bounded") - Instant::now();
        let rest = PollTimeout::try_from(rest + Duration::from_millis(1)).expect("short");
        let mut fds: Vec<_> = asking.sources().into_iter().flatten().collect();
        let is_ready = poll(&mut fds, rest).expect("polled") > 0;
        heard = asking.step(true, false, is_ready, Instant::now());
    }
    assert!(!asking.questions.is_going());
    assert_eq!(asking.deadline(), None);
    assert!(asking.sources().iter().all(Option::is_none));
    heard
}

#[test]
fn a_remote_shell_and_another_program_are_asked_in_their_ways() {
    let dir = Dir::new();
    let say = "echo \"$0 $*\" >> ${0%/*}/asked; echo ' 12:00 up 1 min, load average: 0,42, 0, 0'";
    for name in ["ssh", "rsh", "other"] {
        let mut asking = asking(&dir.program(name, say), LONG);
        assert_eq!(hear(&mut asking), load(0.42));
        assert_eq!(hear(&mut asking), load(0.42), "and again");
    }
    let asked = dir
        .read("asked")
        .replace(dir.0.path().to_str().expect("text"), "");
    let ssh = "/ssh -o BatchMode=yes -o ConnectTimeout=60 127.0.0.1 uptime\n";
    let others = ["/rsh 127.0.0.1 uptime\n", "/other 127.0.0.1\n"].map(|line| line.repeat(2));
    assert_eq!(asked, ssh.repeat(2) + &others.concat());
}

#[test]
fn a_server_is_asked_for_soon_after_it_came_in_and_when_it_is_time_and_not_while_it_is_out() {
    let dir = Dir::new();
    let word = dir.program("other", "echo asked >> ${0%/*}/asked; echo load 1");
    let mut asking = asking(&word, LONG);
    let asked = |asking: &Asking| asking.questions.is_going();
    let now = Instant::now();
    assert_eq!(asking.step(false, true, false, now), None);
    assert!(!asked(&asking), "it is out");
    assert_eq!(asking.step(true, false, false, now), None);
    assert!(!asked(&asking), "it came in just now");
    assert_eq!(asking.deadline(), Some(now + FIRST));
    let soon = now + FIRST - Duration::from_nanos(1);
    assert_eq!(asking.step(true, false, false, soon), None);
    assert!(!asked(&asking), "it is too early");
    assert_eq!(asking.step(true, false, false, now + FIRST), None);
    assert!(asked(&asking), "it has been in for a while");
    assert_eq!(hear(&mut asking), load(1.0));
    assert_eq!(asking.deadline(), None);
    assert_eq!(asking.step(true, false, false, now), None);
    assert!(!asked(&asking), "it is not time");
    assert_eq!(asking.step(true, true, false, now), None);
    assert!(asked(&asking), "it is time");
    assert_eq!(asking.step(false, false, false, now), None);
    assert!(!asked(&asking), "it went out");
    assert_eq!(asking.deadline(), None);
    assert_eq!(asking.step(true, true, false, now), None);
    assert!(asked(&asking), "it is time already");
}

#[test]
fn a_question_that_goes_on_is_not_asked_again() {
    let dir = Dir::new();
    let script = "echo asked >> ${0%/*}/asked; sleep 0.3; echo load 1";
    let mut asking = asking(&dir.program("other", script), LONG);
    let now = Instant::now();
    for _ in 0..5 {
        assert_eq!(asking.step(true, true, false, now), None);
    }
    assert_eq!(hear(&mut asking), load(1.0));
    assert_eq!(dir.read("asked"), "asked\n");
}

#[test]
fn a_tool_that_is_not_installed_is_never_asked_again() {
    for word in ["/no/such/ssh", "no-such-program", "no-such-program -x"] {
        assert_eq!(hear(&mut asking(word, LONG)), Some(Heard::Never), "{word}");
    }
}

#[test]
fn every_failure_is_heard_as_nothing_and_asked_again() {
    let dir = Dir::new();
    let broken = dir.program("broken", "echo 'connect: no route' >&2; exit 255");
    let silent = dir.program("silent", "exec true");
    let other = dir.program("errors", "echo load 1 >&2");
    let orphan = dir.program("orphan", "");
    fs::write(&orphan, "#!/no/such/interpreter\n").expect("written");
    for word in [&orphan, "/etc/passwd", "/", &broken, &silent, &other] {
        let mut asking = asking(word, LONG);
        assert_eq!(hear(&mut asking), None, "{word}");
        assert_eq!(hear(&mut asking), None, "{word}");
    }
    // What it printed counts, however it ended.
    let mut late = asking(&dir.program("late", "echo load 3; exit 1"), LONG);
    assert_eq!(hear(&mut late), load(3.0));
}

#[test]
fn a_failure_that_repeats_is_told_once_an_hour_with_the_number_of_those_that_were_not() {
    let dir = Dir::new();
    // A record of long ago: the answer takes no waiting.
    fs::write(dir.0.path().join("whod.rs1"), record(5, 100_000)).expect("written");
    let mut asking = ruptime(&dir);
    asking.questions.names = vec!["rs1".to_owned()];
    let start = Instant::now();
    let mut told = Vec::new();
    for seconds in (0..3 * 3600).step_by(20) {
        let now = start + Duration::from_secs(seconds);
        let lines = Log::of(|| assert_eq!(asking.step(true, true, false, now), None));
        told.extend(lines.into_iter().map(|line| (seconds, line)));
    }
    let line = "failed to read remote load of 127.0.0.1:8080: \
                its record in /var/spool/rwho is too old or broken";
    let more = format!("{line} (179 more not logged)");
    let wanted = [(0, line.to_owned()), (3600, more.clone()), (7200, more)];
    assert_eq!(told, wanted);
}

#[test]
fn a_program_that_hangs_is_ended_at_the_timeout() {
    let dir = Dir::new();
    let word = dir.program("hangs", "echo $$ > ${0%/*}/pid; echo load 1; sleep 600");
    // Time to start in.
    let timeout = Duration::from_secs(3);
    let mut asking = asking(&word, timeout);
    let started = Instant::now();
    assert_eq!(hear(&mut asking), None);
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

/// A record of a host whose load is so many hundredths, received so many seconds ago.
fn record(hundredths: i32, age: u64) -> Vec<u8> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is not 1970");
    let received = (now.as_secs() - age) as u32;
    let mut record = vec![0; 60];
    record[..2].copy_from_slice(&[1, 1]);
    record[8..12].copy_from_slice(&received.to_ne_bytes());
    record[44..48].copy_from_slice(&hundredths.to_ne_bytes());
    record
}

/// Questions to the rwho daemon's files in `dir`, which live as long as the tests do.
fn ruptime(dir: &Dir) -> Box<Asking> {
    let mut asking = asking("ruptime", LONG);
    asking.questions.spool = Box::leak(dir.0.path().to_owned().into_boxed_path());
    asking
}

#[test]
fn the_rwho_files_are_read_by_the_names_that_getent_tells() {
    let dir = Dir::new();
    let file = |host: &str, record: Vec<u8>| {
        fs::write(dir.0.path().join(format!("whod.{host}")), record).expect("written");
    };
    let mut asking = ruptime(&dir);
    assert_eq!(hear(&mut asking), None, "no record");
    file("rs1", record(5, 0));
    assert_eq!(hear(&mut asking), None, "another's record");
    // 127.0.0.1 is localhost to every getent.
    file("localhost", record(125, 0));
    assert_eq!(hear(&mut asking), load(1.25));
    let now = Instant::now();
    assert_eq!(
        asking.step(true, true, false, now),
        load(1.25),
        "nobody needs asking now"
    );
    file("localhost", record(125, 661));
    assert_eq!(hear(&mut asking), None, "too old");
    file("localhost", record(7, 600));
    assert_eq!(hear(&mut asking), load(0.07));
}

#[test]
fn the_name_that_was_given_is_enough_and_is_kept() {
    let dir = Dir::new();
    let path = dir.0.path().join("whod.rs1");
    fs::write(&path, record(10, 0)).expect("written");
    let mut asking = ruptime(&dir);
    asking.questions.given_name = Some("rs1.example.com".to_owned());
    asking.questions.names = vec!["rs1.example.com".to_owned()];
    assert_eq!(asking.step(true, true, false, Instant::now()), load(0.1));
    fs::remove_file(&path).expect("removed");
    assert_eq!(hear(&mut asking), None);
    assert!(
        asking
            .questions
            .names
            .iter()
            .any(|name| name == "localhost"),
        "{:?}",
        asking.questions.names
    );
    fs::write(&path, record(20, 0)).expect("written");
    assert_eq!(asking.step(true, true, false, Instant::now()), load(0.2));
}

/// Runs this test again, with the programs of `dir` before others in `PATH`. `false` in that run.
fn is_again(test: &str, dir: &Dir) -> bool {
    const AGAIN: &str = "NANNY_ASKING_TEST_AGAIN";
    if std::env::var_os(AGAIN).is_some() {
        return false;
    }
    let own = dir.0.path().to_str().expect("text");
    let path = std::env::var("PATH").expect("there is one");
    let output = Command::new(std::env::current_exe().expect("own path"))
        .args(["--exact", &format!("load::asking::tests::{test}")])
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
fn without_a_spool_ruptime_is_run_and_may_tell_of_others_too() {
    let dir = Dir::new();
    let all = "echo rs1 up 1:00, load 9, 9, 9; echo 127.0.0.1 up 1:00, load 0.5, 9, 9";
    dir.program(
        "ruptime",
        &format!("[ \"$*\" = 127.0.0.1 ] || exit 1; {all}"),
    );
    if is_again(
        "without_a_spool_ruptime_is_run_and_may_tell_of_others_too",
        &dir,
    ) {
        return;
    }
    let mut asking = ruptime(&dir);
    asking.questions.spool = Path::new("/no/such/spool");
    assert_eq!(hear(&mut asking), load(0.5));
}

#[test]
fn rup_is_run_where_rstat_gives_nothing_and_rstat_is_tried_again_where_there_is_no_rup() {
    let dir = Dir::new();
    dir.program(
        "rup",
        "[ \"$*\" = 127.0.0.1 ] && echo localhost 12:47 up 1 min, load 5.57 3.68 2.40",
    );
    if is_again(
        "rup_is_run_where_rstat_gives_nothing_and_rstat_is_tried_again_where_there_is_no_rup",
        &dir,
    ) {
        return;
    }
    // No rstat is registered on the host of the test, if there is a port mapper at all.
    let mut asking = asking("rup", LONG);
    assert_eq!(hear(&mut asking), load(5.57));
    let path = std::env::var("PATH").expect("there is one");
    let own = path.split(':').next().expect("its own directory");
    fs::remove_file(Path::new(own).join("rup")).expect("removed");
    assert_eq!(hear(&mut asking), None);
    assert_eq!(hear(&mut asking), None, "and it is asked again");
}
