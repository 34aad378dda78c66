//! The command line of `lvsd`.
//!
//! Read with lexopt: clap takes 3 ms for it in the lab's guest, and a takeover waits for them.

use std::ffi::OsString;
use std::path::PathBuf;

use daemon::cli::Ending;
use lexopt::prelude::*;

const USAGE: &str = "\
Usage: lvsd [-c FILE] [-n] [--nofork] [-v] [-t]
";

const HELP: &str = "\
Programs the IPVS table from lvs.cf and keeps one monitor per real server.

  -c, --configfile FILE  configuration file [/etc/lvs.cf, else /etc/sysconfig/ha/lvs.cf]
  -n, --nodaemon         stay in the foreground and log to stdout
      --nofork           detach from the terminal without forking, and write no pid file
  -v, --verbose          log more, also in the monitors
  -t, --test-start       print the changes a start would make to the kernel's table, and exit
  -?, --help             print this help and exit
      --usage            print a short usage line and exit
      --version          print the version and exit
";

/// What the command line asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cli {
    /// The configuration file, if one is named.
    pub config_file: Option<PathBuf>,
    /// Stay in the foreground and log to stdout.
    pub no_daemon: bool,
    /// Let go of the terminal, but do not fork and write no pid file.
    pub no_fork: bool,
    /// Log more; the monitors too.
    pub verbose: bool,
    /// Print what a start would do, and do nothing.
    pub test_start: bool,
}

/// Why there is nothing to run.
enum Stop {
    /// The user asked for this text.
    Text(String),
    /// The command line is wrong.
    Wrong(lexopt::Error),
}

impl From<lexopt::Error> for Stop {
    fn from(error: lexopt::Error) -> Self {
        Self::Wrong(error)
    }
}

impl Cli {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    /// The [`Ending`] for help, usage, version and every wrong command line.
    pub fn parse() -> Result<Self, Ending> {
        Self::parse_from(std::env::args_os().skip(1))
    }

    /// Reads `args`, without the program's name. Of an option given twice the last counts.
    ///
    /// # Errors
    /// As [`Cli::parse`].
    pub fn parse_from(args: impl IntoIterator<Item = OsString>) -> Result<Self, Ending> {
        let args: Vec<OsString> = args.into_iter().collect();
        Self::read(lexopt::Parser::from_args(args)).map_err(|stop| match stop {
            Stop::Text(text) => Ending {
                is_error: false,
                text,
            },
            Stop::Wrong(error) => Ending {
                is_error: true,
                text: format!("lvsd: {error}\n{USAGE}"),
            },
        })
    }

    fn read(mut parser: lexopt::Parser) -> Result<Self, Stop> {
        let mut cli = Self::default();
        while let Some(arg) = parser.next()? {
            match arg {
                Short('c') | Long("configfile") => cli.config_file = Some(parser.value()?.into()),
                Short('n') | Long("nodaemon") => cli.no_daemon = true,
                Long("nofork") => cli.no_fork = true,
                Short('v') | Long("verbose") => cli.verbose = true,
                Short('t') | Long("test-start") => cli.test_start = true,
                Short('?') | Long("help") => return Err(Stop::Text(format!("{USAGE}\n{HELP}"))),
                Long("usage") => return Err(Stop::Text(USAGE.to_owned())),
                Long("version") => {
                    return Err(Stop::Text(format!("lvsd {}\n", env!("CARGO_PKG_VERSION"))));
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(cli)
    }

    /// The file to read, from the root: the daemon changes its directory.
    ///
    /// # Errors
    /// If the present directory is not known, which only a relative path asks for.
    pub fn config_path(&self) -> std::io::Result<PathBuf> {
        self.config_file
            .as_deref()
            .map_or_else(|| Ok(lvs_cf::default_path()), std::path::absolute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parse(args: &[&str]) -> Result<Cli, Ending> {
        Cli::parse_from(args.iter().map(OsString::from))
    }

    #[test]
    fn takes_the_line_that_pulse_writes() {
        let cli = parse(&["--nofork", "-c", "/etc/lvs.cf", "-v"]).expect("parses");
        assert_eq!(
            cli,
            Cli {
                config_file: Some("/etc/lvs.cf".into()),
                no_daemon: false,
                no_fork: true,
                verbose: true,
                test_start: false,
            }
        );
    }

    #[test]
    fn long_and_short_names_are_the_same() {
        let long = ["--nodaemon", "--verbose", "--test-start", "--configfile=x"];
        assert_eq!(parse(&long), parse(&["-nvt", "-c", "x"]));
        assert_eq!(parse(&long), parse(&["-nnvtcy", "--configfile", "x"]));
    }

    #[test]
    fn a_relative_file_is_taken_from_the_present_directory() {
        let cli = parse(&["-c", "lvs.cf"]).expect("parses");
        let here = std::env::current_dir().expect("a directory");
        assert_eq!(cli.config_path().expect("a path"), here.join("lvs.cf"));
        let cli = parse(&["-c", "/a/../b"]).expect("parses");
        assert_eq!(cli.config_path().expect("a path"), Path::new("/a/../b"));
    }

    #[test]
    fn an_argument_too_many_is_refused() {
        for args in [
            &["lvs.cf"][..],
            &["--", "-v"],
            &["--verbose=1"],
            &["-c"],
            &["-x"],
        ] {
            assert!(parse(args).expect_err("refused").is_error, "{args:?}");
        }
    }
}
