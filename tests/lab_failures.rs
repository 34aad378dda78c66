//! The lab can be trusted: a story that fails, hangs or loses its kernel never passes in silence.

use lab::{Cause, Failure, HostPlan, Lab, Program, Topology};
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
