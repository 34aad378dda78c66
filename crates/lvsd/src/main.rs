//! The `lvsd` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    match lvsd::Cli::parse() {
        Ok(cli) => lvsd::run(&cli),
        Err(ending) => ending.print(),
    }
}
