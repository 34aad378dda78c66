//! Watches one real server: checks, in and out of the IPVS table, weight.
