//! `pulse`: parses its command line and calls the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    match daemon::cli::parse() {
        Ok(cli) => pulse::start::run(&cli),
        Err(ending) => ending.print(),
    }
}
