//! The real program against real sockets on loopback, with `--norun`: verdicts, times, signals.
//! What it does to a kernel's table is tested in the lab.

mod dialogue;
mod endurance;
mod failover;
mod faults;
mod load;
mod memory;
mod nanny;
mod script;
mod server;
mod signals;
mod start;
mod udp;
mod verdicts;
