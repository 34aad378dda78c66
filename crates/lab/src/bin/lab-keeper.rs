//! `lab-keeper LIMIT_MS SCRATCH_DIR PROGRAM ARGS...`: see `lab::keeper`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let [limit, scratch, program, rest @ ..] = args.as_slice() else {
        eprintln!("usage: lab-keeper LIMIT_MS SCRATCH_DIR PROGRAM [ARGS...]");
        return ExitCode::FAILURE;
    };
    let Some(limit) = limit.to_str().and_then(|limit| limit.parse().ok()) else {
        eprintln!(
            "lab-keeper: not a number of milliseconds: {}",
            limit.display()
        );
        return ExitCode::FAILURE;
    };
    match lab::keeper::keep(
        Duration::from_millis(limit),
        Path::new(scratch),
        program,
        rest,
    ) {
        Ok(verdict) => ExitCode::from(verdict as u8),
        Err(error) => {
            eprintln!("lab-keeper: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}
