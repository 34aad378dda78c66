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

use crate::Loaded;
use crate::words::escaped;
use cli::{Cli, Command};
#[cfg(feature = "__fuzz")]
pub(crate) use {diff::differences, show::shown};

/// A wrong command line, a file that cannot be read, an output that cannot be written.
const TROUBLE: u8 = 2;

/// What a command has to say, and how it ends.
#[derive(Debug, Default)]
struct Outcome {
    out: Out,
    err: String,
    status: u8,
}

/// What goes to standard output. What may be many times as long as a file is made as it is written.
#[derive(Debug)]
enum Out {
    Text(String),
    /// The configuration as an lvs.cf.
    Lines(Box<Loaded>),
    /// The configuration as JSON.
    Json(Box<Loaded>),
}

impl Default for Out {
    fn default() -> Self {
        Out::Text(String::new())
    }
}

impl Out {
    fn write(&self, to: &mut impl Write, terminal: bool) -> io::Result<()> {
        match self {
            Out::Text(text) => to.write_all(text.as_bytes()),
            Out::Lines(loaded) => show::write(to, loaded, terminal),
            Out::Json(loaded) => json::write(to, loaded),
        }
    }
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
                let _ = io::stderr().write_all(text.as_bytes());
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
    let mut stdout = io::stdout().lock();
    let written = outcome.out.write(&mut stdout, terminals.out);
    let written = written.and_then(|()| stdout.flush());
    let _ = io::stderr().write_all(outcome.err.as_bytes());
    match written {
        // A reader that has seen enough is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::from(outcome.status),
        Ok(()) => ExitCode::from(outcome.status),
        Err(error) => {
            let _ = writeln!(io::stderr(), "lvs-cf: cannot write output: {error}");
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
