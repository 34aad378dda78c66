//! The command `lvs-cf`: what it does, as texts and a status; and the one place that prints.

mod check;
mod cli;
mod colour;
mod complaint;
mod diff;
mod input;
mod json;
mod pairs;
mod settings;
mod show;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::words::escaped;
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

/// Which outputs people read as they come.
#[derive(Debug, Clone, Copy)]
struct Terminals {
    out: bool,
    err: bool,
}

/// Reads the command line, does what it asks for, and gives the exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse().and_then(Cli::checked) {
        Ok(cli) => cli,
        Err(ending) => {
            // Nobody is left to tell if this fails.
            if ending.use_stderr() {
                // It has the words of the command line in it.
                let text = escaped(&ending.render().to_string(), &['\n']);
                let _ = write(&mut io::stderr(), &text);
                return ExitCode::from(TROUBLE);
            }
            let _ = ending.print();
            return ExitCode::SUCCESS;
        }
    };
    let terminals = Terminals {
        out: io::stdout().is_terminal(),
        err: io::stderr().is_terminal(),
    };
    let outcome = run(&cli, terminals);
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

fn run(cli: &Cli, terminals: Terminals) -> Outcome {
    match &cli.command {
        Command::Check(args) => check::run(args, terminals.out),
        Command::Show(args) => show::run(args, terminals),
        Command::Diff(args) => diff::run(args, terminals),
    }
}

/// Writes all of `text`. A reader that has seen enough is no error.
fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
