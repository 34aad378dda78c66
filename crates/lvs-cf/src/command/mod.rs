//! The command `lvs-cf`: what it does, as texts and a status; and the one place that prints.

mod check;
mod cli;
mod colour;
mod diff;
mod input;
mod json;
mod pairs;
mod settings;
mod show;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
#[cfg(feature = "__fuzz")]
pub(crate) use {diff::differences, show::shown};

/// A wrong command line, a file that cannot be read, an output that cannot be written.
const TROUBLE: u8 = 2;

/// What a command has to say, and how it ends.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    out: String,
    err: String,
    status: u8,
}

/// Reads the command line, does what it asks for, and gives the exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(ending) => {
            // Nobody is left to tell if this fails.
            let _ = ending.print();
            return ExitCode::from(if ending.use_stderr() { TROUBLE } else { 0 });
        }
    };
    let outcome = run(&cli, io::stdout().is_terminal());
    let written = write(&mut io::stdout(), &outcome.out);
    let _ = write(&mut io::stderr(), &outcome.err);
    match written {
        Ok(()) => ExitCode::from(outcome.status),
        Err(error) => {
            let _ = writeln!(io::stderr(), "lvs-cf: cannot write the output: {error}");
            ExitCode::from(TROUBLE)
        }
    }
}

fn run(cli: &Cli, terminal: bool) -> Outcome {
    match &cli.command {
        Command::Check(args) => check::run(args, terminal),
        Command::Show(args) => show::run(args, terminal),
        Command::Diff(args) => diff::run(args),
    }
}

/// Writes all of `text`. A reader that has seen enough is no error.
fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
