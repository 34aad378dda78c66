//! `lab-init`: the first process of a guest or of a fresh set of namespaces. See `lab::init`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match lab::init::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab-init: {}", error.chain());
            lab::init::power_off_guest();
            ExitCode::FAILURE
        }
    }
}
