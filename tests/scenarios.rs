//! Stories an admin would tell, one file each, played in the lab.

mod cold_start;
mod failover;
mod figures;
mod heartbeats;
mod ipvs_netlink;
mod lab_failures;
mod lab_itself;
mod nanny_checks;
mod nanny_faults;
mod nanny_load;
mod nanny_table;
mod operation;
mod refusals;
mod serving;
mod supervision;
mod takeover;
