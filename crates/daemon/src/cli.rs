//! Command-line conventions of all programs of the suite.
//!
//! They are those of the C programs that the suite replaces: `-?` and `--help` print help,
//! `--usage` a short usage line, an invalid command line exits with status 1, and the last
//! occurrence of a repeated option wins (init scripts append to the administrator's options).

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, FromArgMatches};

/// Text and exit status of a command line that ends the program.
#[derive(Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whether the command line was invalid; otherwise it requested help, usage or the version.
    pub is_error: bool,
    /// The text, including the final newline.
    pub text: String,
}

impl Ending {
    /// Prints the text, on stderr if it is an error, and returns the exit status: 0 or 1.
    #[must_use]
    pub fn print(&self) -> ExitCode {
        if self.is_error {
            eprint!("{}", self.text);
            ExitCode::FAILURE
        } else {
            print!("{}", self.text);
            ExitCode::SUCCESS
        }
    }
}

/// Parses the arguments of this process.
///
/// # Errors
/// The [`Ending`] for help, usage, version and every invalid command line.
pub fn parse<T: clap::CommandFactory + FromArgMatches>() -> Result<T, Ending> {
    parse_from(std::env::args_os())
}

/// Parses `args`, the first of which is the program's name.
///
/// # Errors
/// As [`parse`].
pub fn parse_from<T: clap::CommandFactory + FromArgMatches>(
    args: impl IntoIterator<Item = OsString>,
) -> Result<T, Ending> {
    let mut command = with_conventions(T::command());
    let args: Vec<OsString> = args.into_iter().collect();
    let asks_usage = args
        .iter()
        .skip(1)
        .take_while(|arg| *arg != "--")
        .any(|arg| *arg == "--usage");
    if asks_usage {
        return Err(Ending {
            is_error: false,
            text: format!("{}\n", command.render_usage()),
        });
    }
    command
        .try_get_matches_from_mut(args)
        .and_then(|matches| T::from_arg_matches(&matches))
        .map_err(|error| Ending {
            is_error: error.use_stderr(),
            text: error.to_string(),
        })
}

/// Adds the suite's own help, usage and version options to a command.
pub fn with_conventions(command: Command) -> Command {
    let help = Arg::new("help")
        .short('?')
        .long("help")
        .action(ArgAction::Help)
        .help("Print this help and exit");
    let usage = Arg::new("usage")
        .long("usage")
        .action(ArgAction::SetTrue)
        .help("Print a short usage line and exit");
    let version = Arg::new("version")
        .long("version")
        .action(ArgAction::Version)
        .help("Print the version and exit");
    command
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true)
        .args([help, usage, version])
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser, PartialEq)]
    #[command(name = "sample")]
    struct Sample {
        #[arg(short, long)]
        verbose: bool,
        #[arg(short = 'h', long)]
        server: String,
    }

    fn parse(args: &[&str]) -> Result<Sample, Ending> {
        parse_from(["sample"].iter().chain(args).map(OsString::from))
    }

    #[test]
    fn last_of_repeated_options_wins() {
        let sample = parse(&["-v", "-v", "-h", "rs1", "--server=rs2"]);
        assert_eq!(
            sample,
            Ok(Sample {
                verbose: true,
                server: "rs2".into()
            })
        );
    }

    #[test]
    fn help_usage_and_version_exit_without_error() {
        for option in ["-?", "--help", "--usage", "--version"] {
            let ending = parse(&[option]).expect_err(option);
            assert!(!ending.is_error, "{option}: {}", ending.text);
            assert!(ending.text.contains("sample"), "{option}: {}", ending.text);
        }
    }

    #[test]
    fn error_names_invalid_argument() {
        for (args, names) in [
            (&["--bogus", "-h", "x"][..], "--bogus"),
            (&[][..], "--server"),
            (&["-h", "x", "extra"][..], "extra"),
            (&["-h", "x", "--", "--usage"][..], "--usage"),
        ] {
            let ending = parse(args).expect_err(names);
            assert!(ending.is_error);
            assert!(ending.text.contains(names), "{names}: {}", ending.text);
        }
    }
}
