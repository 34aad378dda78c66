//! The command line of `lvsd`.

use std::path::PathBuf;

use clap::Parser;

/// Program the IPVS table from lvs.cf and keep one monitor per real server.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "lvsd")]
pub struct Cli {
    /// Configuration file [default: /etc/lvs.cf, else /etc/sysconfig/ha/lvs.cf]
    #[arg(short = 'c', long = "configfile", value_name = "FILE")]
    pub config_file: Option<PathBuf>,

    /// Stay in the foreground and log to stdout
    #[arg(short = 'n', long = "nodaemon")]
    pub no_daemon: bool,

    /// Let go of the terminal, but do not fork and write no pid file
    #[arg(long = "nofork")]
    pub no_fork: bool,

    /// Log more; the monitors too
    #[arg(short = 'v', long = "verbose")]
    pub verbose: bool,

    /// Print what a start would do to the kernel's present table, and do nothing
    #[arg(short = 't', long = "test-start")]
    pub test_start: bool,
}

impl Cli {
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
    use daemon::cli::{Ending, parse_from};
    use std::ffi::OsString;
    use std::path::Path;

    fn parse(args: &[&str]) -> Result<Cli, Ending> {
        parse_from(["lvsd"].iter().chain(args).map(OsString::from))
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
        assert!(parse(&["lvs.cf"]).expect_err("refused").is_error);
    }
}
