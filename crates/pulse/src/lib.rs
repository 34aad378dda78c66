//! The supervisor of an LVS router: heartbeat, failover, floating addresses.
