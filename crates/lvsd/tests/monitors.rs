//! The monitors as real processes: shell scripts that speak, flood, die, fork and refuse to die.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant};

use lvsd::fd_limit::FdLimit;
use lvsd::monitor_argv::CommandLine;
use lvsd::monitors::{Event, Monitors, Spec, Stream};
use lvsd::verdict::Verdict;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// One test at a time: a set of monitors takes every dead child of the process for its own.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Longer than anything here takes on a busy machine, and shorter than the monitors sleep.
const PATIENCE: Duration = Duration::from_secs(40);

fn script(text: &str) -> Spec {
    Spec {
        program: "/bin/sh".into(),
        command_line: CommandLine {
            program: "nanny".to_owned(),
            args: ["-c", text].map(|arg| Cow::Owned(arg.to_owned())).into(),
        },
    }
}

/// A set with these scripts, all of which are to be started.
fn monitors(scripts: &[&str], wants_stdout: bool) -> Monitors {
    let limit = FdLimit::ensure(scripts.len()).expect("a limit");
    let mut monitors = Monitors::new(limit, wants_stdout).expect("a set");
    for text in scripts {
        let number = monitors.add(script(text));
        monitors.start(number);
    }
    monitors
}

async fn next(monitors: &mut Monitors) -> Event {
    let event = timeout(PATIENCE, monitors.next()).await;
    event.expect("something happens").expect("not the end")
}

/// What happens until `is_it`, that included.
async fn until(monitors: &mut Monitors, is_it: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    while !events.last().is_some_and(&is_it) {
        events.push(next(monitors).await);
    }
    events
}

/// Ends everything, and says what happened on the way and how long it took.
async fn stop(mut monitors: Monitors, bound: Duration) -> (Vec<Event>, Duration) {
    let start = Instant::now();
    monitors.terminate(bound);
    let mut events = Vec::new();
    while let Some(event) = timeout(PATIENCE, monitors.next()).await.expect("ends") {
        events.push(event);
    }
    (events, start.elapsed())
}

fn is_ended(event: &Event) -> bool {
    matches!(event, Event::Ended(..))
}

fn lines(events: &[Event], from: Stream) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Line(_, stream, line) if *stream == from => {
                Some(String::from_utf8_lossy(line).into_owned())
            }
            _ => None,
        })
        .collect()
}

fn verdicts(events: &[Event]) -> Vec<Verdict> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Verdict(_, verdict) => Some(*verdict),
            _ => None,
        })
        .collect()
}

fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Waits until the process is gone.
async fn gone(pid: u32) {
    let start = Instant::now();
    while is_alive(pid) {
        assert!(start.elapsed() < PATIENCE, "process {pid} lives on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn verdicts_and_stderr_are_heard_and_the_rest_is_dropped() {
    let _alone = ALONE.lock().await;
    let text = "echo chat; echo 'nanny: [ active ] making 10.0.0.1:80 available'; echo oops >&2; \
                exec sleep 60";
    let mut monitors = monitors(&[text], false);
    let mut events = until(&mut monitors, |e| matches!(e, Event::Line(..))).await;
    while verdicts(&events).is_empty() {
        events.push(next(&mut monitors).await);
    }
    assert!(matches!(events[0], Event::Started(0, pid) if is_alive(pid)));
    assert_eq!(verdicts(&events), [Verdict::Up]);
    assert_eq!(lines(&events, Stream::Stderr), ["oops"]);
    assert_eq!(lines(&events, Stream::Stdout), [""; 0]);
    let (events, took) = stop(monitors, PATIENCE).await;
    assert!(events.is_empty(), "{events:?}");
    assert!(took < PATIENCE, "{took:?}");
}

#[tokio::test]
async fn with_n_every_line_is_passed_through() {
    let _alone = ALONE.lock().await;
    let text = "echo chat; echo '[inactive] gone'; printf 'no line feed'; exit 3";
    let mut monitors = monitors(&[text], true);
    let events = until(&mut monitors, is_ended).await;
    assert_eq!(
        lines(&events, Stream::Stdout),
        ["chat", "[inactive] gone", "no line feed"]
    );
    assert_eq!(verdicts(&events), [Verdict::Down]);
    let Some(Event::Ended(0, _, status)) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!(status.code(), Some(3), "all it wrote came before its end");
}

#[tokio::test]
async fn a_change_of_mind_is_heard_each_time_and_a_repetition_is_not() {
    let _alone = ALONE.lock().await;
    let heard = tempfile::tempdir().expect("a directory");
    let dir = heard.path().display();
    let said = ["[ active ]", "[ active ]", "[inactive]", "[ active ]"];
    // It says the next one when the one before was heard: of several at once the last would count.
    let text: String = (0..said.len())
        .map(|n| {
            format!(
                "echo '{} {n}'; until [ -e {dir}/{n} ]; do sleep 0.01; done; ",
                said[n]
            )
        })
        .collect();
    let mut monitors = monitors(&[&text], true);
    let mut events = Vec::new();
    for n in 0..said.len() {
        events.extend(until(&mut monitors, |e| matches!(e, Event::Line(..))).await);
        std::fs::write(heard.path().join(n.to_string()), "").expect("written");
    }
    events.extend(until(&mut monitors, is_ended).await);
    assert_eq!(verdicts(&events), [Verdict::Up, Verdict::Down, Verdict::Up]);
}

#[tokio::test]
async fn a_flood_is_bounded_and_its_last_verdict_counts() {
    let _alone = ALONE.lock().await;
    let heard = tempfile::NamedTempFile::new().expect("a file");
    let path = heard.path().display();
    // 2 MB at a time without pause, until the quiet one is heard; then a verdict, then a line without
    // end.
    let text = format!(
        "echo '[ active ] first'; until [ ! -e {path} ]; do \
         yes 'nonsense that nobody wants to read' | head -c 2000000; done; \
         echo; echo '[inactive] last'; head -c 100000 /dev/zero | tr '\\0' x; exit 0"
    );
    let mut monitors = monitors(
        &[&text, "sleep 0.1; echo '[ active ] me too'; exec sleep 60"],
        true,
    );
    let start = Instant::now();
    let mut heard = Some(heard);
    let mut events = Vec::new();
    while !events.last().is_some_and(is_ended) {
        assert!(start.elapsed() < PATIENCE, "the quiet one is not heard");
        events.push(next(&mut monitors).await);
        if matches!(events.last(), Some(Event::Verdict(1, Verdict::Up))) {
            heard.take();
        }
    }
    assert!(heard.is_none());
    let seconds = start.elapsed().as_secs() + 1;
    let lines = lines(&events, Stream::Stdout);
    assert!(
        lines.len() as u64 <= 50 * (seconds + 1),
        "{} lines in {seconds} s",
        lines.len()
    );
    assert!(lines.iter().all(|line| line.len() <= 4000));
    assert!(dropped(&events) > 1000, "{lines:?}");
    let last = events.iter().rev().find_map(|event| match event {
        Event::Verdict(0, verdict) => Some(*verdict),
        _ => None,
    });
    assert_eq!(last, Some(Verdict::Down));
    stop(monitors, PATIENCE).await;
}

/// The counts of lines that were dropped.
fn dropped(events: &[Event]) -> u64 {
    let counts = events.iter().map(|event| match event {
        Event::Dropped(_, lines) => *lines,
        _ => 0,
    });
    counts.sum()
}

#[tokio::test]
async fn every_dropped_line_is_counted_though_no_line_follows() {
    let _alone = ALONE.lock().await;
    // One that is quiet afterwards, and one that is gone.
    let mut quiet = monitors(&["seq 130 >&2; exec sleep 60"], false);
    let events = until(&mut quiet, |e| matches!(e, Event::Dropped(..))).await;
    assert_eq!(lines(&events, Stream::Stderr).len(), 50);
    assert_eq!(dropped(&events), 80);
    let (events, _) = stop(quiet, PATIENCE).await;
    assert_eq!(dropped(&events), 0, "told once");

    let mut gone = monitors(&["seq 130 >&2; exit 1"], false);
    let events = until(&mut gone, is_ended).await;
    let (taken, dropped) = (lines(&events, Stream::Stderr).len(), dropped(&events));
    assert_eq!((taken, dropped), (50, 80));
}

#[tokio::test]
async fn a_flood_does_not_put_off_the_end() {
    let _alone = ALONE.lock().await;
    let mut monitors = monitors(&["trap '' TERM; exec yes >&2"; 20], false);
    let mut heard = std::collections::HashSet::new();
    while heard.len() < 20 {
        if let Event::Line(number, ..) = next(&mut monitors).await {
            heard.insert(number);
        }
    }
    let bound = Duration::from_secs(1);
    let start = Instant::now();
    monitors.terminate(bound);
    let mut events = Vec::new();
    while let Some(event) = timeout(PATIENCE, monitors.next()).await.expect("ends") {
        // Whoever logs the lines is slower than those who write them.
        std::thread::sleep(Duration::from_millis(5));
        events.push(event);
        assert!(start.elapsed() < PATIENCE, "no end in sight");
    }
    let killed = events.iter().position(|e| matches!(e, Event::Killed(20)));
    let killed = killed.expect("killed at the bound");
    assert_eq!(lines(&events[killed..], Stream::Stderr), [""; 0]);
}

#[tokio::test]
async fn a_stranger_that_dies_of_a_signal_without_name_is_passed_over() {
    let _alone = ALONE.lock().await;
    let mut monitors = monitors(&["sleep 0.5; exit 3"], false);
    assert!(matches!(next(&mut monitors).await, Event::Started(..)));
    let mut stranger = std::process::Command::new("/bin/sh")
        .args(["-c", "kill -34 $$"])
        .spawn()
        .expect("runs");
    gone(stranger.id()).await;
    let events = until(&mut monitors, is_ended).await;
    assert!(
        matches!(events.last(), Some(Event::Ended(0, _, status)) if status.code() == Some(3)),
        "{events:?}"
    );
    stranger.wait().expect("not taken away by the set");
}

#[tokio::test]
async fn a_death_by_any_signal_is_told() {
    let _alone = ALONE.lock().await;
    // Real-time signals have no name in most libraries; 34 is the first that is free.
    for signal in [9, 15, 34, 64] {
        let mut monitors = monitors(&[&format!("kill -{signal} $$"), "exec sleep 60"], false);
        let events = until(&mut monitors, is_ended).await;
        let Some(Event::Ended(0, pid, status)) = events.last() else {
            panic!("{events:?}");
        };
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(status.signal(), Some(signal));
        assert!(!is_alive(*pid));
        stop(monitors, PATIENCE).await;
    }
}

#[tokio::test]
async fn a_program_that_cannot_run_is_an_event_not_an_end() {
    let _alone = ALONE.lock().await;
    let mut monitors = monitors(&[], false);
    for program in ["/nonexistent/nanny", "/etc/passwd"] {
        let mut spec = script("");
        spec.program = program.into();
        let number = monitors.add(spec);
        monitors.start(number);
    }
    let mut spec = script("");
    spec.command_line.args.push("a\0b".into());
    let number = monitors.add(spec);
    monitors.start(number);
    for (expected, reason) in [
        (0, "/nonexistent/nanny: No such file or directory"),
        (1, "/etc/passwd: Permission denied"),
        (2, "nul byte"),
    ] {
        let event = next(&mut monitors).await;
        assert!(
            matches!(&event, Event::NotStarted(n, error)
                if *n == expected && error.to_string().contains(reason)),
            "{event:?}"
        );
    }
    let (events, _) = stop(monitors, PATIENCE).await;
    assert!(events.is_empty());
}

#[tokio::test]
async fn a_dead_monitor_is_started_again_after_a_second_then_two() {
    let _alone = ALONE.lock().await;
    let mut monitors = monitors(&["exit 1"], false);
    for seconds in [1, 2] {
        until(&mut monitors, is_ended).await;
        let start = Instant::now();
        assert_eq!(monitors.restart(0), Duration::from_secs(seconds));
        let event = next(&mut monitors).await;
        assert!(matches!(event, Event::Started(0, _)), "{event:?}");
        assert!(start.elapsed() >= Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn what_a_dead_monitor_leaves_behind_is_killed() {
    let _alone = ALONE.lock().await;
    let mut monitors = monitors(&["sleep 60 & echo $! >&2; exit 1"], false);
    let events = until(&mut monitors, is_ended).await;
    let orphan = lines(&events, Stream::Stderr)[0].parse().expect("a pid");
    gone(orphan).await;
}

#[tokio::test]
async fn an_escaped_child_that_holds_the_pipes_does_not_hide_the_death() {
    let _alone = ALONE.lock().await;
    // The sleep has a session of its own, and the pipe of standard error.
    let text = "echo $(setsid sh -c 'sleep 60 >&2 & echo $!') >&2; exit 1";
    let mut monitors = monitors(&[text], false);
    let start = Instant::now();
    let events = until(&mut monitors, is_ended).await;
    assert!(start.elapsed() < PATIENCE);
    let escaped: i32 = lines(&events, Stream::Stderr)[0].parse().expect("a pid");
    assert!(
        is_alive(escaped.cast_unsigned()),
        "it has a session of its own"
    );
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(escaped),
        nix::sys::signal::SIGKILL,
    )
    .expect("killed");
}

#[tokio::test]
async fn all_are_asked_at_once_and_those_that_refuse_are_killed() {
    let _alone = ALONE.lock().await;
    let refuses = "trap '' TERM; echo '[ active ]'; while :; do sleep 1; done";
    let obeys =
        "trap 'echo obeyed >&2; exit 0' TERM; echo '[ active ]'; while :; do sleep 0.1; done";
    let mut monitors = monitors(&[refuses, refuses, obeys, obeys, obeys], false);
    let mut pids = Vec::new();
    let mut up = 0;
    while up < 5 {
        match next(&mut monitors).await {
            Event::Started(_, pid) => pids.push(pid),
            Event::Verdict(..) => up += 1,
            other => panic!("{other:?}"),
        }
    }
    let bound = Duration::from_secs(5);
    let (events, took) = stop(monitors, bound).await;
    assert_eq!(lines(&events, Stream::Stderr), ["obeyed"; 3]);
    assert!(
        events.iter().any(|e| matches!(e, Event::Killed(2))),
        "{events:?}"
    );
    assert!(took >= bound && took < bound + PATIENCE, "{took:?}");
    assert!(
        pids.iter()
            .all(|pid| !Path::new(&format!("/proc/{pid}")).exists()),
        "all reaped"
    );
}

#[tokio::test]
async fn a_stop_while_starting_starts_no_more() {
    let _alone = ALONE.lock().await;
    let mut monitors = monitors(&["exec sleep 60"; 40], false);
    let first = next(&mut monitors).await;
    assert!(matches!(first, Event::Started(0, _)));
    let (events, _) = stop(monitors, PATIENCE).await;
    let started = events
        .iter()
        .filter(|e| matches!(e, Event::Started(..)))
        .count();
    assert!(started < 39, "{started}");
    assert!(
        !events.iter().any(is_ended),
        "an end that was asked for is no news"
    );
}

#[tokio::test]
async fn the_first_have_a_head_start_and_the_rest_follow_by_themselves() {
    let _alone = ALONE.lock().await;
    let mut set = monitors(&["exec sleep 60"; 2], false);
    for _ in 0..3 {
        let number = set.add(script("exec sleep 60"));
        set.start_later(number);
    }
    let mut started = Vec::new();
    let mut last = None;
    while started.len() < 5 {
        match next(&mut set).await {
            Event::Started(number, _) => started.push((number, last.replace(Instant::now()))),
            other => panic!("{other:?}"),
        }
    }
    let order: Vec<usize> = started.iter().map(|(number, _)| *number).collect();
    assert_eq!(order, [0, 1, 2, 3, 4]);
    let pause = started[3].1.expect("a time") - started[2].1.expect("a time");
    assert!(pause >= Duration::from_millis(20), "{pause:?}");
    stop(set, PATIENCE).await;

    // Nobody to go first: nothing to wait for but the head start itself.
    let mut set = monitors(&[], false);
    let number = set.add(script("exec sleep 60"));
    set.start_later(number);
    assert!(matches!(next(&mut set).await, Event::Started(0, _)));
    stop(set, PATIENCE).await;

    let mut set = monitors(&["exec sleep 60"], false);
    for _ in 0..3 {
        let number = set.add(script("exec sleep 60"));
        set.start_later(number);
    }
    set.start_next(3);
    set.start_next(3);
    for expected in [0, 3, 1, 2] {
        assert!(matches!(next(&mut set).await, Event::Started(number, _) if number == expected));
    }
    stop(set, PATIENCE).await;

    let mut set = monitors(&["exec sleep 60"], false);
    let number = set.add(script("exec sleep 60"));
    set.start_later(number);
    set.start_all();
    for expected in 0..2 {
        assert!(matches!(next(&mut set).await, Event::Started(number, _) if number == expected));
    }
    let (events, _) = stop(set, PATIENCE).await;
    assert!(events.is_empty());
}

#[tokio::test]
async fn the_environment_is_cleared_and_descriptors_are_three() {
    let _alone = ALONE.lock().await;
    let text = "env | sed 's/=.*//' >&2; ls /proc/self/fd | tr '\\n' ' ' >&2; exit 0";
    let mut monitors = monitors(&[text], false);
    let events = until(&mut monitors, is_ended).await;
    let mut said = lines(&events, Stream::Stderr);
    // ls opens the directory as 3.
    assert_eq!(said.pop().as_deref(), Some("0 1 2 3 "));
    for name in said {
        // PWD, OLDPWD, SHLVL and _ are the shell's own.
        let known = ["PATH", "TZ", "LANG", "PWD", "OLDPWD", "SHLVL", "_"];
        assert!(known.contains(&name.as_str()), "{name}");
    }
}

#[tokio::test]
async fn a_hundred_that_speak_at_once_are_all_heard() {
    let _alone = ALONE.lock().await;
    let mut monitors = monitors(&["echo '[ active ] x'; exec sleep 60"; 100], false);
    let mut up = vec![0; 100];
    while up.iter().sum::<i32>() < 100 {
        if let Event::Verdict(number, Verdict::Up) = next(&mut monitors).await {
            up[number] += 1;
        }
    }
    assert_eq!(up, [1; 100]);
    let (events, took) = stop(monitors, PATIENCE).await;
    assert!(events.is_empty(), "{events:?}");
    assert!(took < PATIENCE, "{took:?}");
}
