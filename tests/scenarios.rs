//! Stories an admin would tell, one file each, played in the lab.

mod lab_failures;
mod lab_itself;
