//! Real commands, well-behaved and misbehaving.

use std::time::{Duration, Instant};

use super::*;

/// Upper bound of every wait.
const LONG: Duration = Duration::from_secs(60);

/// Maximum delay of an event on a busy or stalled machine: less than the time that the commands
/// sleep.
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

/// Drives a command to its end as the event loop does.
fn finish(running: &mut Running) -> Ended {
    outcome(running).expect("the program is executed")
}

/// The same, for a command whose exec may fail.
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

/// Whether the process exists and is not a zombie.
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

/// A dead process is reaped: at once, or by a later start.
fn is_reaped(pid: &str) {
    let end = Instant::now() + LONG;
    while std::fs::exists(format!("/proc/{pid}")).expect("/proc is readable") {
        assert!(Instant::now() < end, "{pid} is not reaped");
        std::thread::sleep(Duration::from_millis(1));
        let _ = reap_all(&mut unreaped());
    }
}

/// The output so far, once it contains a line.
fn first_line(running: &mut Running) -> String {
    while !running.kept.contains(&b'\n') {
        wait(running, LONG);
        assert!(running.advance().is_none(), "it ended");
    }
    let text = String::from_utf8(running.kept.to_vec()).expect("text");
    text.trim().to_owned()
}

#[test]
fn reports_status_and_output() {
    let ended = finish(&mut shell("echo out; echo err >&2; exit 3"));
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(&*ended.output, b"out\n");
    assert!(!ended.truncated);
}

/// A shell whose standard error is read.
fn with_stderr(script: &str) -> Running {
    Running::start("sh".as_ref(), &["-c", script], Stderr::LastLine).expect("sh is in PATH")
}

#[test]
fn keeps_last_line_of_stderr_on_request() {
    let script = "echo out; echo err >&2; echo the last >&2; echo >&2";
    let ended = finish(&mut with_stderr(script));
    assert_eq!(&*ended.output, b"out\n");
    assert_eq!(ended.stderr_line, "the last");
    assert_eq!(finish(&mut shell(script)).stderr_line, "");
}

#[test]
fn stderr_flood_does_not_block_command() {
    let script = "head -c 1000000 /dev/zero >&2; echo >&2; echo done >&2; echo out";
    let ended = finish(&mut with_stderr(script));
    assert_eq!(&*ended.output, b"out\n");
    assert_eq!(ended.stderr_line, "done");
}

#[test]
fn keeps_stderr_of_hanging_command() {
    let mut running = with_stderr("echo waiting >&2; sleep 600");
    let end = Instant::now() + LONG;
    while running.stderr_line() != "waiting" {
        assert!(Instant::now() < end, "{}", running.stderr_line());
        wait(&running, LONG);
        assert!(running.advance().is_none(), "it ended");
    }
}

#[test]
fn stdin_is_empty_and_stdout_blocks() {
    let ended = finish(&mut shell("cat; grep flags /proc/self/fdinfo/1"));
    let text = String::from_utf8(ended.output.to_vec()).expect("text");
    let flags = text.split_whitespace().nth(1).expect("the flags of a pipe");
    let flags = i32::from_str_radix(flags, 8).expect("octal");
    assert_eq!(flags & nix::libc::O_NONBLOCK, 0, "{text}");
}

#[test]
fn hanging_command_is_killed_with_group() {
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
fn command_that_ignores_signals_is_killed() {
    let mut running = shell("trap '' TERM HUP INT; echo $$; while :; do sleep 1; done");
    let pid = first_line(&mut running);
    drop(running);
    dies(&pid);
}

#[test]
fn grandchild_with_open_stdout_is_killed() {
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
fn closed_stdout_does_not_spin() {
    let mut running = shell("exec >&-; sleep 0.3; exit 7");
    let mut rounds = 0;
    let ended = loop {
        wait(&running, LONG);
        rounds += 1;
        if let Some(ended) = running.advance() {
            break ended.expect("the program is executed");
        }
    };
    assert_eq!(ended.status.code(), Some(7));
    assert!(rounds <= 3, "{rounds}");
}

#[test]
fn keeps_first_64_kib_of_output() {
    let mut running = shell("echo first; exec head -c 100000000 /dev/zero");
    let ended = finish(&mut running);
    assert!(ended.status.success());
    assert!(ended.truncated);
    assert_eq!(ended.output.len(), KEPT);
    assert!(ended.output.starts_with(b"first\n\0\0"));
}

#[test]
fn output_of_maximum_length_is_complete() {
    for (length, truncated) in [(KEPT, false), (KEPT + 1, true)] {
        let ended = finish(&mut shell(&format!("exec head -c {length} /dev/zero")));
        assert_eq!((ended.output.len(), ended.truncated), (KEPT, truncated));
    }
}

#[test]
fn keeps_requested_length() {
    for (most, kept) in [(0, 0), (100, 100), (KEPT * 2, KEPT)] {
        let ended = finish(&mut shell("exec head -c 100000 /dev/zero").keep(most));
        assert_eq!((ended.output.len(), ended.truncated), (kept, true));
    }
}

#[test]
fn reads_pipe_after_exit() {
    let mut running = shell("head -c 60000 /dev/zero");
    let [exit, ..] = running.sources();
    let exit = exit.expect("the pidfd is always polled");
    assert!(
        is_readable(exit, PollTimeout::try_from(LONG).expect("short")),
        "it ends unread"
    );
    let ended = running.advance().expect("it has ended");
    let ended = ended.expect("the program is executed");
    assert_eq!(ended.output.len(), 60_000);
    assert!(running.advance().is_none(), "reported once");
}

#[test]
fn endless_output_does_not_block_loop() {
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
fn reports_failed_starts() {
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
    // An argument may have 128 KiB (MAX_ARG_STRLEN), all together a quarter of the stack limit.
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
fn reports_signals_including_realtime() {
    for signal in [9, 15, 34, 64] {
        let ended = finish(&mut shell(&format!("kill -{signal} $$; sleep 600")));
        assert_eq!(ended.status.signal(), Some(signal));
        assert_eq!(ended.status.code(), None);
    }
}

#[test]
fn unreaped_commands_limit_starts() {
    let sleep = || {
        let mut command = Command::new("sleep");
        command.arg("600");
        child::start(command).expect("sleep starts").pid
    };
    let mut children: Vec<Pid> = (0..MAX_UNREAPED).map(|_| sleep()).collect();
    let pids = children.clone();
    // Other tests start commands concurrently: only the last one exceeds the limit.
    let reap = |unreaped: &mut Vec<Pid>| reap_all(unreaped).map_err(|error| error.kind());
    let last = children.pop().expect("eight");
    assert_eq!(reap(&mut children), Ok(()));
    assert_eq!(children.len(), MAX_UNREAPED - 1);
    children.push(last);
    assert_eq!(reap(&mut children), Err(io::ErrorKind::ResourceBusy));
    for pid in pids {
        kill(pid, Signal::SIGKILL).expect("killed");
        dies(&pid.to_string());
    }
    assert_eq!(reap(&mut children), Ok(()));
    assert!(children.is_empty());
}
