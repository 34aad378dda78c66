//! Project chores: `cargo xtask CHORE`. One file per chore; this one only finds it.

mod bench;
mod check;
mod demo;
mod fuzz;
mod prose;
mod run;
mod setup;
mod test;

use anyhow::{Result, bail};
use std::ffi::OsString;
use std::process::ExitCode;

/// A chore: its name, what it does, and the function that does it.
struct Chore {
    name: &'static str,
    about: &'static str,
    run: fn(&[OsString]) -> Result<()>,
}

const CHORES: &[Chore] = &[
    Chore {
        name: "setup",
        about: "find what is missing on this machine, and install it",
        run: setup::main,
    },
    Chore {
        name: "demo",
        about: "set up, build, and show a cluster that loses its active router",
        run: demo::main,
    },
    Chore {
        name: "test",
        about: "set up, build, and run every test; arguments go to the scenarios' test runner",
        run: test::main,
    },
    Chore {
        name: "bench",
        about: "measure, beside peers where there are any: `bench` lists what",
        run: bench::main,
    },
    Chore {
        name: "fuzz",
        about: "set up, build, and run the fuzz targets: `fuzz [TARGET [SECONDS]]`",
        run: fuzz::main,
    },
    Chore {
        name: "check",
        about: "formatting, lints and docs, warnings denied; a short run of the fuzz targets",
        run: check::main,
    },
    Chore {
        name: "prose",
        about: "list wordings that the language rules exclude: `prose [CRATE...]`",
        run: prose::main,
    },
];

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[OsString]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else {
        bail!("which chore?\n{}", usage());
    };
    if name == "help" || name == "--help" || name == "-h" {
        print!("{}", usage());
        return Ok(());
    }
    match CHORES.iter().find(|chore| *name == chore.name) {
        Some(chore) => (chore.run)(rest),
        None => bail!("there is no chore called {}\n{}", name.display(), usage()),
    }
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask CHORE [ARGUMENTS]\n");
    for Chore { name, about, .. } in CHORES {
        text.push_str(&format!("  {name:<7} {about}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_chore_is_named_and_the_known_ones_are_listed() {
        let error = dispatch(&["dust".into()]).unwrap_err().to_string();
        assert!(
            error.starts_with("there is no chore called dust\n"),
            "{error}"
        );
        assert!(
            CHORES.iter().all(|chore| error.contains(chore.name)),
            "{error}"
        );
        assert!(dispatch(&[]).is_err());
    }
}
