//! The lab can be trusted: a story that fails, hangs or loses its kernel never passes in silence.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

use lab::{Cause, Failure, HostPlan, Lab, Program, Topology};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_story_that_fails_is_reported_with_its_error_and_logs() {
    let failure = failure(lab::here!(), BOUND, |lab| {
        lab.build(&Topology::new().host(HostPlan::new("solo")))?;
        let echo = Program::new("echo", "/bin/echo").arg("the last words");
        lab.host("solo")?
            .start(echo)?
            .wait_line("the last words", SOON)?;
        lab.wait("godot", Duration::from_millis(50), || Ok(false))
            .map(drop)
    });
    assert_eq!(failure.cause, Cause::Story);
    assert_eq!(failure.message, "godot: not within 50ms");
    assert!(failure.to_string().contains("the last words"), "{failure}");
    let log = std::fs::read_to_string(failure.logs.join("solo/echo.log")).unwrap();
    assert!(log.contains("the last words"));
}

#[test]
fn a_story_that_panics_is_reported_with_its_message_and_place() {
    let failure = failure(lab::here!(), BOUND, |_| panic!("the canary sings"));
    assert_eq!(failure.cause, Cause::Story);
    assert!(failure.message.contains("the canary sings"), "{failure}");
    assert!(failure.message.contains(file!()), "{failure}");
}

#[test]
fn a_story_that_hangs_ends_at_its_bound() {
    let start = Instant::now();
    let failure = failure(lab::here!(), Duration::from_secs(2), |_| {
        std::thread::sleep(Duration::from_secs(3_600));
        Ok(())
    });
    assert_eq!(failure.cause, Cause::TimedOut);
    assert!(failure.message.contains("bound of 2s"), "{failure}");
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_guest_that_crashes_is_reported_with_its_console() {
    let failure = failure(lab::here!(), BOUND, |_| {
        std::fs::write("/proc/sysrq-trigger", "c").unwrap();
        std::thread::sleep(Duration::from_secs(3_600));
        Ok(())
    });
    assert_eq!(failure.cause, Cause::Lost);
    assert!(failure.to_string().contains("Kernel panic"), "{failure}");
}

#[test]
fn hung_guest_ends_at_its_wall_bound() {
    let start = Instant::now();
    let hang = "echo -1 > /proc/sys/kernel/sched_rt_runtime_us; \
                exec chrt --fifo 99 sh -c 'while :; do :; done'";
    // Neither the test nor process 1 of the guest gets the processor again.
    let story = |_: &mut Lab| {
        Command::new("sh").args(["-c", hang]).status().unwrap();
        Ok(())
    };
    let wall = Duration::from_secs(20);
    let result = lab::try_scenario_within(lab::here!(), 100 * BOUND, wall, story);
    let failure = result.expect_err("this scenario cannot pass");
    assert_eq!(failure.cause, Cause::TimedOut);
    assert!(failure.message.contains("the guest hung"), "{failure}");
    assert!(failure.to_string().contains("console.log"), "{failure}");
    assert!(
        start.elapsed() < Duration::from_secs(90),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn missing_kernel_package_names_the_remedy() {
    let dir = scratch("no-kernel");
    let text = refused(other_scenario().env("LAB_KERNEL_DIR", &dir));
    assert!(text.contains("no guest kernel in"), "{text}");
    assert!(text.contains("cargo xtask setup"), "{text}");
    let text = refused(other_scenario().env("LAB_KERNEL_DEB", "linux-image-0.0-nowhere"));
    assert!(
        text.contains("LAB_KERNEL_DEB=linux-image-0.0-nowhere cargo xtask setup"),
        "{text}"
    );
}

#[test]
fn missing_qemu_names_the_remedy() {
    let text = refused(other_scenario().env("PATH", scratch("no-qemu")));
    assert!(text.contains("qemu-system-x86_64 is not in PATH"), "{text}");
    assert!(text.contains("cargo xtask setup"), "{text}");
}

/// Full file systems are made in a mount namespace of their own.
#[test]
fn full_disk_is_named() {
    for variable in ["LAB_GUEST_DIR", "LAB_LOG_DIR"] {
        let dir = scratch("full");
        let other = other_scenario();
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
            .arg("mount -t tmpfs -o size=1m tmpfs \"$0\" && exec \"$@\"")
            .arg(&dir)
            .arg(other.get_program())
            .args(other.get_args())
            .env(variable, &dir);
        let text = refused(&mut command);
        assert!(text.contains("no room in"), "{variable}: {text}");
        assert!(
            text.contains(&dir.display().to_string()),
            "{variable}: {text}"
        );
    }
}

#[test]
fn kvm_boots_or_is_refused() {
    let start = Instant::now();
    let output = other_scenario().env("LAB_KERNEL", "kvm").output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() {
        assert!(text.contains("in real time (KVM)"), "{text}");
    } else {
        assert!(text.contains("LAB_KERNEL=kvm: "), "{text}");
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{:?}",
            start.elapsed()
        );
    }
}

#[test]
fn unknown_kernel_word_is_refused() {
    let text = refused(other_scenario().env("LAB_KERNEL", "mainframe"));
    assert!(
        text.contains("guest, kvm or this") && text.contains("mainframe"),
        "{text}"
    );
}

/// A scenario of this program, to be run as a process of its own.
fn other_scenario() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "lab_itself::five_nodes_reach_each_other",
        "--nocapture",
    ]);
    command.env("LAB_LOG_DIR", scratch("other"));
    command
}

/// Runs a command that must fail within a minute, and returns what it printed.
fn refused(command: &mut Command) -> String {
    let start = Instant::now();
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success(), "{text}");
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
    text
}

/// An empty directory below `target/lab`.
fn scratch(name: &str) -> PathBuf {
    let unique = format!("{name}.{:?}", std::thread::current().id());
    let dir = lab::target_dir().unwrap().join("lab").join(unique);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn a_lost_result_is_a_failure() {
    let failure = failure(lab::here!(), BOUND, |_| std::process::exit(0));
    assert_eq!(failure.cause, Cause::Lost);
}

/// Plays a story that must not pass.
fn failure(
    name: &str,
    bound: Duration,
    story: impl FnOnce(&mut Lab) -> lab::Result<()>,
) -> Box<Failure> {
    lab::try_scenario(name, bound, story).expect_err("this story cannot pass")
}
