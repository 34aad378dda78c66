//! Checks this crate against the kernel it runs on, and against `ipvsadm`.
//!
//! Needs root, `ipvsadm`, `setpriv` and an empty IPVS table, which it leaves empty: run it in a
//! network namespace of its own (`unshare --net`). It prints one line per check and exits
//! with 1 if any failed.

mod cases;
mod errors;
mod once;
mod random;
mod scale;
mod tools;

use std::process::ExitCode;

use ipvs_netlink::Client;

use crate::tools::{Check, Outcome};

const CHECKS: [(&str, Check); 13] = [
    ("ipvsadm reads what we write", cases::ipvsadm_reads_ours),
    ("we read what ipvsadm writes", cases::we_read_ipvsadms),
    (
        "a plan is a list of ipvsadm commands",
        cases::ipvsadm_runs_plans,
    ),
    ("thresholds", cases::thresholds),
    ("methods ipvsadm has no option for", cases::local_and_bypass),
    ("every error, for real", errors::all),
    ("without the capability", errors::without_capability),
    ("version", once::version),
    ("timeouts", once::timeouts),
    ("synchronization daemons", once::daemons),
    ("200 random pairs of tables", random::pairs),
    ("a batch of 10,000 changes", scale::batch),
    ("lists of a table that changes", scale::changing),
];

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(errors::CHILD) {
        return errors::child();
    }
    let mut client = match Client::open() {
        Ok(client) => client,
        Err(error) => {
            eprintln!("kernel-roundtrip: {error}");
            return ExitCode::FAILURE;
        }
    };
    match client.services() {
        Ok(services) if services.is_empty() => {}
        Ok(_) => {
            eprintln!("kernel-roundtrip: the IPVS table is not empty, and would be cleared");
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("kernel-roundtrip: {error}");
            return ExitCode::FAILURE;
        }
    }

    let mut failed = 0;
    for (name, check) in CHECKS {
        let start = std::time::Instant::now();
        let outcome = check(&mut client).and_then(|()| Ok(client.flush()?));
        let millis = start.elapsed().as_millis();
        match outcome {
            Ok(()) => println!("ok      {name} ({millis} ms)"),
            Err(error) => {
                println!("FAILED  {name}: {error}");
                failed += 1;
                let cleared: Outcome = client.flush().map_err(Into::into);
                if let Err(error) = cleared {
                    println!("FAILED  to clear the table: {error}");
                }
            }
        }
    }
    println!("{} checks, {failed} failed", CHECKS.len());
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
