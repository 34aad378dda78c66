//! The `lvs-cf` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    lvs_cf::command::main()
}
