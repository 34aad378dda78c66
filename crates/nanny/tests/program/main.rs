//! The real program against real sockets on loopback, with `--norun`: verdicts, times, signals.
//! What it does to a kernel's table is tested in the lab.

mod endurance;
mod failover;
mod faults;
mod nanny;
mod server;
mod signals;
mod start;
mod verdicts;
