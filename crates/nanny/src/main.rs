//! The `nanny` program: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    match nanny::cli::parse() {
        Ok(settings) => nanny::run(&settings),
        Err(ending) => ending.print(),
    }
}
