//! Starts programs that every machine has.

use super::*;
use std::fs::{File, Permissions};
use std::io::{PipeReader, Read, pipe};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

/// Upper bound of a start on a busy machine.
const BOUND: Duration = Duration::from_secs(60);

fn strings(texts: &[&str]) -> Vec<CString> {
    let strings = texts.iter().map(|text| CString::new(*text));
    strings.collect::<Result<_, _>>().expect("no NUL")
}

/// Starts a program; returns its process ID and its output.
fn spawn(
    program: &CStr,
    args: &[&str],
    open_files: Option<(rlim_t, rlim_t)>,
) -> io::Result<(Pid, PipeReader)> {
    spawn_within(BOUND, program, args, open_files)
}

fn spawn_within(
    bound: Duration,
    program: &CStr,
    args: &[&str],
    open_files: Option<(rlim_t, rlim_t)>,
) -> io::Result<(Pid, PipeReader)> {
    let null = File::open("/dev/null").expect("opened");
    let (reader, writer) = pipe().expect("a pipe");
    let recipe = Recipe {
        program,
        args: &strings(args),
        env: &strings(&["KEPT=1"]),
        streams: [null.as_fd(), writer.as_fd(), null.as_fd()],
        open_files,
        bound,
    };
    let pid = Spawner::default().spawn(&recipe)?;
    Ok((pid, reader))
}

/// The output of a program that exits with status 0.
fn output_of(program: &CStr, args: &[&str]) -> String {
    let (pid, mut reader) = spawn(program, args, None).expect("it runs");
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    assert!(wait_for(pid).expect("a child").success());
    text
}

#[test]
fn child_gets_arguments_environment_and_three_descriptors() {
    let (leaked, _other) = nix::unistd::pipe().expect("a pipe without close-on-exec");
    assert!(leaked.as_raw_fd() >= 3);
    let text = "echo \"$0 $1 $KEPT\"; set | grep -c ^CARGO; echo /proc/self/fd/*";
    assert_eq!(
        output_of(c"/bin/sh", &["name", "-c", text, "zero", "one"]),
        // The shell itself opens the directory.
        "zero one 1\n0\n/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n"
    );
}

#[test]
fn child_has_default_signals_and_own_group() {
    // SAFETY: ignoring runs no handler.
    unsafe { libc::signal(libc::SIGUSR2, libc::SIG_IGN) };
    let status = output_of(c"/bin/cat", &["cat", "/proc/self/status"]);
    for field in ["SigIgn:", "SigBlk:", "SigCgt:"] {
        // Signals 32 and 33 are libc's own. `blocked_exec_is_killed_after_timeout` ignores SIGIO in
        // this process, perhaps between the spawner's look at the signals and its clone.
        let others = 0b11 << 31 | 1 << (libc::SIGIO - 1);
        let set = mask_in(&status, field).map(|set| set & !others);
        assert_eq!(set, Some(0), "{field}");
    }
    let stat = output_of(c"/bin/cat", &["cat", "/proc/self/stat"]);
    let fields: Vec<_> = stat.split(' ').collect();
    assert_eq!(fields[0], fields[4], "pid and process group in {stat}");
    assert_eq!(fields[3], std::process::id().to_string(), "the parent");
}

#[test]
fn open_files_limit_applies_to_child_only() {
    let own = nix::sys::resource::getrlimit(Resource::RLIMIT_NOFILE).expect("known");
    let args = ["sh", "-c", "ulimit -n; ulimit -Hn"];
    let (pid, mut reader) = spawn(c"/bin/sh", &args, Some((77, 99))).expect("it runs");
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    assert!(wait_for(pid).expect("a child").success());
    assert_eq!(text, "77\n99\n");
    let after = nix::sys::resource::getrlimit(Resource::RLIMIT_NOFILE).expect("known");
    assert_eq!(own, after);
}

#[test]
fn failed_exec_leaves_no_child() {
    for (program, kind) in [
        (c"/no/such/program", io::ErrorKind::NotFound),
        (c"/etc/passwd", io::ErrorKind::PermissionDenied),
        (c"/etc", io::ErrorKind::PermissionDenied),
    ] {
        let error = spawn(program, &["x"], None).expect_err("not run");
        assert_eq!(error.kind(), kind);
    }
    let path = format!("/proc/self/task/{}/children", nix::unistd::gettid());
    let children = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(children.trim(), "", "a child of this thread");
    // The signal mask of this thread is restored.
    let mask = SigSet::thread_get_mask().expect("known");
    assert!(!mask.contains(Signal::SIGTERM));
}

#[test]
fn rejects_stream_below_three() {
    let null = File::open("/dev/null").expect("opened");
    let stdin = io::stdin();
    let recipe = Recipe {
        program: c"/bin/true",
        args: &strings(&["true"]),
        env: &[],
        streams: [null.as_fd(), null.as_fd(), stdin.as_fd()],
        open_files: None,
        bound: BOUND,
    };
    let error = Spawner::default().spawn(&recipe).expect_err("refused");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn child_ends_when_starting_thread_ends() {
    let started = std::thread::spawn(|| spawn(c"/bin/sleep", &["sleep", "60"], None));
    let (pid, _reader) = started.join().expect("no panic").expect("it runs");
    let (done, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(wait_for(pid)));
    // Before it would exit by itself.
    let status = end.recv_timeout(BOUND / 2).expect("it ends");
    let signal = std::os::unix::process::ExitStatusExt::signal(&status.expect("a child"));
    assert_eq!(signal, Some(libc::SIGTERM));
}

#[test]
fn blocked_exec_is_killed_after_timeout() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, "#!/bin/sh\nsleep 6\n").expect("written");
    let path = file.into_temp_path();
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("made a program");
    let program = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    // open(2) and execve(2) of a file with a lease block until the lease is released, or for 45 s
    // (fcntl(2), "Leases"). The holder gets SIGIO.
    // SAFETY: ignoring runs no handler.
    unsafe { libc::signal(libc::SIGIO, libc::SIG_IGN) };
    let lease = File::open(&path).expect("opened");
    let start = Instant::now();
    // SAFETY: takes integers. It fails while a child of another test has the file open.
    while unsafe { libc::fcntl(lease.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) } == -1 {
        assert!(start.elapsed() < BOUND, "{}", io::Error::last_os_error());
        std::thread::sleep(Duration::from_millis(1));
    }
    let bound = Duration::from_millis(300);
    let start = Instant::now();
    let error = spawn_within(bound, &program, &["name"], None).expect_err("not run");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let took = start.elapsed();
    assert!(took >= bound && took < BOUND / 3, "{took:?}");

    drop(lease);
    let (pid, _reader) =
        spawn_within(Duration::from_secs(5), &program, &["name"], None).expect("it runs");
    let status = wait_for(pid).expect("a child");
    assert!(
        status.success(),
        "the timeout must end with the exec: {status}"
    );
}
