//! Builds the command that prints a server's load from the word of `-U`. Pure.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: a name to look up in `PATH`, or a path.
    pub program: String,
    /// Arguments.
    pub args: Vec<String>,
}

impl CommandLine {
    /// Builds the command for the load of `server`. `word` is split at blanks, so it may include
    /// arguments.
    ///
    /// `rsh` and `ssh`, and paths to programs with these names, run `uptime` on the server. `ssh`
    /// gets options that disable password prompts and limit the connect time to `timeout`; the
    /// options in `word` go first, and `ssh` uses the first of a repeated option. Other programs
    /// get the server as argument.
    ///
    /// `None` if `word` is blank.
    #[must_use]
    pub fn new(word: &str, server: IpAddr, timeout: Duration) -> Option<Self> {
        let mut words = word.split_whitespace().map(str::to_owned);
        let program = words.next()?;
        let mut args: Vec<String> = words.collect();
        let name = Path::new(&program).file_name().unwrap_or_default();
        if name == "ssh" {
            let seconds = timeout.as_secs().max(1);
            let quiet = ["-o", "BatchMode=yes", "-o"].map(str::to_owned);
            args.extend(quiet);
            args.push(format!("ConnectTimeout={seconds}"));
        }
        args.push(server.to_string());
        if name == "ssh" || name == "rsh" {
            args.push("uptime".to_owned());
        }
        Some(Self { program, args })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command for a word as one line.
    fn line(word: &str, timeout: Duration) -> Option<String> {
        let server = "10.1.1.2".parse().expect("an address");
        let CommandLine { program, args } = CommandLine::new(word, server, timeout)?;
        Some(format!("{program} {}", args.join(" ")))
    }

    #[test]
    fn remote_shells_run_uptime_others_get_server() {
        for (word, expected) in [
            ("rsh", "rsh 10.1.1.2 uptime"),
            ("/usr/bin/rsh", "/usr/bin/rsh 10.1.1.2 uptime"),
            (
                "ssh",
                "ssh -o BatchMode=yes -o ConnectTimeout=10 10.1.1.2 uptime",
            ),
            (
                "/usr/local/bin/ssh",
                "/usr/local/bin/ssh -o BatchMode=yes -o ConnectTimeout=10 10.1.1.2 uptime",
            ),
            (
                " ssh  -l lvs ",
                "ssh -l lvs -o BatchMode=yes -o ConnectTimeout=10 10.1.1.2 uptime",
            ),
            ("rup", "rup 10.1.1.2"),
            ("ruptime", "ruptime 10.1.1.2"),
            ("/etc/lvs/load", "/etc/lvs/load 10.1.1.2"),
            ("load --by snmp", "load --by snmp 10.1.1.2"),
            ("openssh", "openssh 10.1.1.2"),
            ("/etc/ssh/load", "/etc/ssh/load 10.1.1.2"),
        ] {
            let line = line(word, Duration::from_secs(10));
            assert_eq!(line.as_deref(), Some(expected), "{word}");
        }
    }

    #[test]
    fn ssh_connect_timeout_is_at_least_second() {
        for (milliseconds, seconds) in [(250, 1), (1000, 1), (6900, 6), (120_000, 120)] {
            let line = line("ssh", Duration::from_millis(milliseconds)).expect("a line");
            let option = format!("-o ConnectTimeout={seconds} ");
            assert!(line.contains(&option), "{line}");
        }
    }

    #[test]
    fn blank_word_yields_no_command() {
        assert_eq!(line("", Duration::MAX), None);
        assert_eq!(line(" \t", Duration::MAX), None);
        let root = line("/", Duration::MAX);
        assert_eq!(root.as_deref(), Some("/ 10.1.1.2"));
    }
}
