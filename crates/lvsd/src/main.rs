//! The `lvsd` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    match daemon::cli::parse::<lvsd::Cli>() {
        Ok(cli) => lvsd::run(&cli),
        Err(ending) => ending.print(),
    }
}
