//! Real commands, well-behaved and not.

use std::time::{Duration, Instant};

use super::*;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// How late something may come on a machine that is busy, or stands still for a while: less than the
/// time that the commands sleep.
const SLACK: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Running {
    Running::start("/bin/sh".as_ref(), &["-c", script], Stderr::Dropped).expect("sh starts")
}

/// Waits for one of the sources.
fn wait(running: &Running, time: Duration) {
    let mut fds: Vec<PollFd<'_>> = running
        .sources()
        .into_iter()
        .flatten()
        .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
        .collect();
    let time = PollTimeout::try_from(time).expect("short");
    poll(&mut fds, time).expect("polled");
}

/// Drives it as the loop does, to its end.
fn finish(running: &mut Running) -> Ended {
    outcome(running).expect("it is run")
}

/// The same, for one that may not be run.
fn outcome(running: &mut Running) -> io::Result<Ended> {
    let end = Instant::now() + LONG;
    loop {
        assert!(Instant::now() < end, "it does not end");
        wait(running, LONG);
        if let Some(ended) = running.advance() {
            return ended;
        }
    }
}

/// Whether the process is there and no zombie.
fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn dies(pid: &str) {
    let end = Instant::now() + LONG;
    while lives(pid) {
        assert!(Instant::now() < end, "{pid} lives");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Once it has died it is reaped: at once, or by a later start where that took too long.
fn is_reaped(pid: &str) {
    let end = Instant::now() + LONG;
    while std::fs::exists(format!("/proc/{pid}")).expect("proc") {
        assert!(Instant::now() < end, "{pid} is not reaped");
        std::thread::sleep(Duration::from_millis(1));
        let _ = reap_all(&mut undead());
    }
}

/// What it has written, once that has a line.
fn first_line(running: &mut Running) -> String {
    while !running.kept.contains(&b'\n') {
        wait(running, LONG);
        assert!(running.advance().is_none(), "it ended");
    }
    let text = String::from_utf8(running.kept.to_vec()).expect("text");
    text.trim().to_owned()
}

#[test]
fn status_and_output() {
    let ended = finish(&mut shell("echo out; echo err >&2; exit 3"));
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(&*ended.output, b"out\n");
    assert!(!ended.truncated);
}

/// A shell whose standard error is read.
fn heard(script: &str) -> Running {
    Running::start("sh".as_ref(), &["-c", script], Stderr::LastLine).expect("sh is in PATH")
}

#[test]
fn the_last_line_of_standard_error_is_kept_apart_where_it_is_wanted() {
    let script = "echo out; echo err >&2; echo the last >&2; echo >&2";
    let ended = finish(&mut heard(script));
    assert_eq!(&*ended.output, b"out\n");
    assert_eq!(ended.complaint, "the last");
    assert_eq!(finish(&mut shell(script)).complaint, "");
}

#[test]
fn much_on_standard_error_does_not_hang_it() {
    let script = "head -c 1000000 /dev/zero >&2; echo >&2; echo done >&2; echo out";
    let ended = finish(&mut heard(script));
    assert_eq!(&*ended.output, b"out\n");
    assert_eq!(ended.complaint, "done");
}

#[test]
fn what_one_that_hangs_has_complained_is_known() {
    let mut running = heard("echo waiting >&2; sleep 600");
    let end = Instant::now() + LONG;
    while running.complaint() != "waiting" {
        assert!(Instant::now() < end, "{}", running.complaint());
        wait(&running, LONG);
        assert!(running.advance().is_none(), "it ended");
    }
}

#[test]
fn its_input_is_empty_and_its_output_blocks() {
    let ended = finish(&mut shell("cat; grep flags /proc/self/fdinfo/1"));
    let text = String::from_utf8(ended.output.to_vec()).expect("text");
    let flags = text.split_whitespace().nth(1).expect("the flags of a pipe");
    let flags = i32::from_str_radix(flags, 8).expect("octal");
    assert_eq!(flags & nix::libc::O_NONBLOCK, 0, "{text}");
}

#[test]
fn one_that_hangs_is_killed_with_what_it_started() {
    let mut running = shell("sleep 600 & echo $$ $!; wait");
    let pids = first_line(&mut running);
    wait(&running, Duration::from_millis(50));
    assert!(running.advance().is_none());
    let before = Instant::now();
    drop(running);
    let took = before.elapsed();
    for pid in pids.split(' ') {
        dies(pid);
    }
    is_reaped(pids.split(' ').next().expect("two pids"));
    assert!(took < SLACK, "{took:?}");
}

#[test]
fn one_that_ignores_every_signal_is_killed_too() {
    let mut running = shell("trap '' TERM HUP INT; echo $$; while :; do sleep 1; done");
    let pid = first_line(&mut running);
    drop(running);
    dies(&pid);
}

#[test]
fn a_grandchild_that_keeps_the_output_holds_nothing_up_and_is_killed() {
    let before = Instant::now();
    let ended = finish(&mut shell("sleep 600 & echo $!"));
    assert!(before.elapsed() < LONG);
    assert!(ended.status.success());
    dies(
        String::from_utf8(ended.output.to_vec())
            .expect("text")
            .trim(),
    );
}

#[test]
fn one_that_closes_its_output_is_waited_for_without_spinning() {
    let mut running = shell("exec >&-; sleep 0.3; exit 7");
    let mut turns = 0;
    let ended = loop {
        wait(&running, LONG);
        turns += 1;
        if let Some(ended) = running.advance() {
            break ended.expect("it is run");
        }
    };
    assert_eq!(ended.status.code(), Some(7));
    assert!(turns <= 3, "{turns}");
}

#[test]
fn of_a_hundred_megabytes_the_first_64_kib_are_kept() {
    let mut running = shell("echo first; exec head -c 100000000 /dev/zero");
    let ended = finish(&mut running);
    assert!(ended.status.success());
    assert!(ended.truncated);
    assert_eq!(ended.output.len(), KEPT);
    assert!(ended.output.starts_with(b"first\n\0\0"));
}

#[test]
fn exactly_as_much_as_is_kept_is_whole() {
    for (length, truncated) in [(KEPT, false), (KEPT + 1, true)] {
        let ended = finish(&mut shell(&format!("exec head -c {length} /dev/zero")));
        assert_eq!((ended.output.len(), ended.truncated), (KEPT, truncated));
    }
}

#[test]
fn as_much_is_kept_as_is_asked_for() {
    for (most, kept) in [(0, 0), (100, 100), (KEPT * 2, KEPT)] {
        let ended = finish(&mut shell("exec head -c 100000 /dev/zero").keep(most));
        assert_eq!((ended.output.len(), ended.truncated), (kept, true));
    }
}

#[test]
fn what_waits_in_the_pipe_at_the_end_is_read() {
    let mut running = shell("head -c 60000 /dev/zero");
    let [exit, ..] = running.sources();
    let exit = exit.expect("it is always there");
    assert!(
        is_readable(exit, PollTimeout::try_from(LONG).expect("short")),
        "it ends unread"
    );
    let ended = running.advance().expect("it has ended");
    let ended = ended.expect("it is run");
    assert_eq!(ended.output.len(), 60_000);
    assert!(running.advance().is_none(), "said once");
}

#[test]
fn one_that_writes_without_end_lets_the_loop_go_on() {
    let mut running = Running::start("yes".as_ref(), &[""; 0], Stderr::LastLine).expect("starts");
    for _ in 0..100 {
        wait(&running, LONG);
        let before = Instant::now();
        assert!(running.advance().is_none());
        assert!(before.elapsed() < SLACK);
    }
    assert_eq!(running.kept.len(), KEPT);
}

#[test]
fn the_ways_not_to_start() {
    let start = |program: &str, args: &[&str]| {
        let running = Running::start(program.as_ref(), args, Stderr::Dropped);
        let outcome = running.and_then(|mut running| outcome(&mut running));
        outcome.map(drop).map_err(|e| e.kind())
    };
    use io::ErrorKind::{ArgumentListTooLong, InvalidInput, NotFound, PermissionDenied};
    assert_eq!(start("/no/such/program", &[]), Err(NotFound));
    assert_eq!(start("no-such-program-in-path", &[]), Err(NotFound));
    assert_eq!(start("", &[]), Err(NotFound));
    assert_eq!(start("/etc/passwd", &[]), Err(PermissionDenied));
    assert_eq!(start("/", &[]), Err(PermissionDenied));
    assert_eq!(start("/bin/true", &["a\0b"]), Err(InvalidInput));
    // One argument may have 128 KiB (MAX_ARG_STRLEN), all together a quarter of the stack's limit.
    assert_eq!(
        start("/bin/true", &[&"x".repeat(200_000)]),
        Err(ArgumentListTooLong)
    );
    assert_eq!(
        start("/bin/true", &["x"; 1_000_000]),
        Err(ArgumentListTooLong)
    );
    assert_eq!(start("/bin/true", &[&"x".repeat(100_000)]), Ok(()));
}

#[test]
fn signals_are_told_those_without_a_name_too() {
    for signal in [9, 15, 34, 64] {
        let ended = finish(&mut shell(&format!("kill -{signal} $$; sleep 600")));
        assert_eq!(ended.status.signal(), Some(signal));
        assert_eq!(ended.status.code(), None);
    }
}

#[test]
fn killed_ones_that_have_not_ended_are_reaped_later_and_bound_what_is_started() {
    let sleep = || {
        let mut command = Command::new("sleep");
        command.arg("600");
        child::start(command).expect("sleep starts").pid
    };
    let mut children: Vec<Pid> = (0..MOST_UNDEAD).map(|_| sleep()).collect();
    let pids = children.clone();
    // Other tests start commands meanwhile: only the last one makes it too many.
    let reap = |undead: &mut Vec<Pid>| reap_all(undead).map_err(|error| error.kind());
    let last = children.pop().expect("eight");
    assert_eq!(reap(&mut children), Ok(()));
    assert_eq!(children.len(), MOST_UNDEAD - 1);
    children.push(last);
    assert_eq!(reap(&mut children), Err(io::ErrorKind::ResourceBusy));
    for pid in pids {
        kill(pid, Signal::SIGKILL).expect("killed");
        dies(&pid.to_string());
    }
    assert_eq!(reap(&mut children), Ok(()));
    assert!(children.is_empty());
}
