//! The outer side of a scenario: choose a kernel, start the inside, wait for its result, and turn
//! whatever went wrong into one readable failure.

mod failure;
mod start;

pub use failure::{Cause, Failure};

use crate::error::{Error, Result, chain};
use crate::guest::GuestKernel;
use crate::inside;
use crate::job::{Ending, INSIDE_VARIABLE, Job, KERNEL_VARIABLE, Kernel};
use crate::keeper::Verdict;
use crate::lab::Lab;
use crate::paths;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wall time of a scenario beside its bound: a guest starts in a second, or boots first.
const WALL_START: Duration = Duration::from_secs(300);
/// Wall seconds for each second of the bound: a second of virtual time that is full of instructions
/// takes five on a slow machine, more beside other guests.
const WALL_FACTOR: u32 = 10;

/// The file in the run's directory that gets the guest's console and the test's own output.
pub(crate) const CONSOLE: &str = "console.log";

/// The full name of the test function it is used in, as `cargo test -- --exact` wants it.
#[macro_export]
macro_rules! here {
    () => {{
        fn here() {}
        $crate::test_name(std::any::type_name_of_val(&here))
    }};
}

/// `crate::module::test::here` without its first and last part. For [`here!`].
#[doc(hidden)]
pub fn test_name(path: &'static str) -> &'static str {
    let path = path.strip_suffix("::here").unwrap_or(path);
    path.split_once("::").map_or(path, |(_, rest)| rest)
}

/// Plays `story` in a lab of its own, and panics with a full report unless it returns `Ok` within
/// `bound`. `name` is the test's own name: [`here!`]. The bound is virtual time in a guest and does
/// not include its start; wall time has a bound of its own. At most one scenario per test function.
///
/// # Panics
/// If the scenario does not pass, or cannot run on this machine.
pub fn scenario(name: &str, bound: Duration, story: impl FnOnce(&mut Lab) -> Result<()>) {
    if let Err(failure) = try_scenario(name, bound, story) {
        panic!("{failure}");
    }
}

/// The same as [`scenario`], always in a guest: for stories that change the kernel itself, as by
/// unloading its modules.
///
/// # Panics
/// As [`scenario`].
pub fn scenario_in_guest(name: &str, bound: Duration, story: impl FnOnce(&mut Lab) -> Result<()>) {
    if let Err(failure) = play(name, bound, wall(bound), start::choose_guest, story) {
        panic!("{failure}");
    }
}

/// The same as [`scenario`], with the failure as a value. Inside the lab this does not return.
pub fn try_scenario(
    name: &str,
    bound: Duration,
    story: impl FnOnce(&mut Lab) -> Result<()>,
) -> Result<(), Box<Failure>> {
    play(name, bound, wall(bound), start::choose_kernel, story)
}

/// The same as [`try_scenario`], with a bound of its own for wall time: for tests of the lab.
pub fn try_scenario_within(
    name: &str,
    bound: Duration,
    wall: Duration,
    story: impl FnOnce(&mut Lab) -> Result<()>,
) -> Result<(), Box<Failure>> {
    play(name, bound, wall, start::choose_kernel, story)
}

fn wall(bound: Duration) -> Duration {
    WALL_START + bound * WALL_FACTOR
}

fn play(
    name: &str,
    bound: Duration,
    wall: Duration,
    choose_kernel: fn() -> Result<Kernel>,
    story: impl FnOnce(&mut Lab) -> Result<()>,
) -> Result<(), Box<Failure>> {
    if let Some(dir) = std::env::var_os(INSIDE_VARIABLE) {
        inside::play(name, Path::new(&dir), story);
    }
    let fail = |cause, message, logs: &Path| Box::new(Failure::new(name, cause, message, logs));
    let not_started = |error: Error| fail(Cause::NotStarted, chain(&error), Path::new(""));
    let kernel = choose_kernel().map_err(not_started)?;
    let dir = paths::fresh_run_dir(name).map_err(not_started)?;
    let job = job(kernel, name, bound, &dir).map_err(not_started)?;
    let verdict =
        start::run(&job, wall).map_err(|error| fail(Cause::NotStarted, chain(&error), &dir))?;

    let said = std::fs::read_to_string(dir.join(inside::SAID)).unwrap_or_default();
    print!("{said}");
    let outcome = std::fs::read_to_string(dir.join(inside::OUTCOME)).unwrap_or_default();
    let result = std::fs::read_to_string(dir.join(Ending::FILE)).unwrap_or_default();
    match (Ending::from_line(&result), outcome.trim_end()) {
        (Some(Ending::Exited(0)), inside::PASSED) => Ok(()),
        (Some(Ending::Exited(0)), _) => {
            let message = format!("no test called {name} reported an outcome: is the name right?");
            Err(fail(Cause::Lost, message, &dir))
        }
        (Some(Ending::Exited(status)), "") => {
            let message = format!("the test ended with status {status} and without an outcome");
            Err(fail(Cause::Lost, message, &dir))
        }
        (Some(Ending::Exited(_)), outcome) => Err(fail(Cause::Story, outcome.to_owned(), &dir)),
        (Some(Ending::Signalled(signal)), _) => {
            let message = format!("the test was ended by signal {signal}");
            Err(fail(Cause::Lost, message, &dir))
        }
        (Some(Ending::TimedOut), _) => Err(fail(
            Cause::TimedOut,
            format!("did not end within its bound of {bound:?}"),
            &dir,
        )),
        (None, _) => {
            let (cause, how) = match verdict {
                Verdict::Ended => (Cause::Lost, "ended by itself"),
                Verdict::TooLong => (Cause::TimedOut, "hung and was killed"),
                Verdict::Abandoned => (Cause::Lost, "was given up by its keeper"),
            };
            Err(fail(
                cause,
                format!("the {} {how} and left no result", describe(kernel)),
                &dir,
            ))
        }
    }
}

fn describe(kernel: Kernel) -> &'static str {
    match kernel {
        Kernel::Guest | Kernel::Kvm => "guest",
        Kernel::This => "set of namespaces",
    }
}

/// The job that plays this very test inside.
fn job(kernel: Kernel, name: &str, bound: Duration, dir: &Path) -> Result<Job> {
    let args = ["--exact", name, "--nocapture", "--test-threads=1"];
    let (modules, resident) = if kernel.is_guest() {
        paths::warm_unpacked_programs();
        (GuestKernel::find()?.modules, paths::built_programs()?)
    } else {
        ("/".into(), Vec::new())
    };
    let date = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(Job {
        kernel,
        date,
        modules,
        resident,
        dir: dir.to_path_buf(),
        program: std::env::current_exe().map_err(Error::io("find the test executable"))?,
        args: args.into_iter().map(Into::into).collect(),
        cwd: std::env::current_dir().map_err(Error::io("find the working directory"))?,
        bound,
        env: std::env::vars_os()
            .filter(|(name, _)| name != KERNEL_VARIABLE)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_test_knows_its_name() {
        assert_eq!(crate::here!(), "run::tests::a_test_knows_its_name");
    }
}
