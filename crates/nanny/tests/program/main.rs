//! Tests of the real program with real sockets on loopback and `--norun`: status, timing, signals.
//! The lab tests the changes of the kernel's table.

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
mod status;
mod udp;
