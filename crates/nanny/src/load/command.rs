//! The command that tells a server's load, as the word of `-U` names it: pure.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

/// A command line: the program, and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: a name that is looked for in `PATH`, or a path.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
}

impl CommandLine {
    /// The command for the load of `server`. `word` is cut at blanks, so it may bring arguments.
    ///
    /// `rsh` and `ssh`, and paths to programs of these names, run `uptime` there. `ssh` asks nobody
    /// for a password, and gives up connecting after `timeout`; what the word brings goes first,
    /// and of an option that is given twice `ssh` takes the first. Another program gets the server.
    ///
    /// `None` if there is no word.
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

    /// The command for a word, with its arguments, in one line.
    fn line(word: &str, timeout: Duration) -> Option<String> {
        let server = "10.1.1.2".parse().expect("an address");
        let CommandLine { program, args } = CommandLine::new(word, server, timeout)?;
        Some(format!("{program} {}", args.join(" ")))
    }

    #[test]
    fn remote_shells_run_uptime_and_others_get_the_server() {
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
    fn a_timeout_is_told_to_ssh_in_whole_seconds_never_as_none() {
        for (milliseconds, seconds) in [(250, 1), (1000, 1), (6900, 6), (120_000, 120)] {
            let line = line("ssh", Duration::from_millis(milliseconds)).expect("a line");
            let option = format!("-o ConnectTimeout={seconds} ");
            assert!(line.contains(&option), "{line}");
        }
    }

    #[test]
    fn no_word_is_no_command() {
        assert_eq!(line("", Duration::MAX), None);
        assert_eq!(line(" \t", Duration::MAX), None);
        let root = line("/", Duration::MAX);
        assert_eq!(root.as_deref(), Some("/ 10.1.1.2"));
    }
}
