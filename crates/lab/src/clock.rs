//! The kernel's monotonic clock.

use crate::error::{Error, Result};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
use std::time::Duration;

/// Sleeps until the next full second.
pub(crate) fn wait_for_full_second() -> Result<()> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_err(Error::os("read the clock"))?;
    let next = Duration::from_secs(now.tv_sec().unsigned_abs() + 1);
    let wake = TimeSpec::from_duration(next);
    clock_nanosleep(
        ClockId::CLOCK_MONOTONIC,
        ClockNanosleepFlags::TIMER_ABSTIME,
        &wake,
    )
    .map(drop)
    .map_err(Error::os("wait for a full second"))
}
