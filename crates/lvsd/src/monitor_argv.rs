//! The command line of a monitor, in the order that monitors written for 0.8.6 get it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use lvs_cf::{Config, Network, Protocol, RealServer, VirtualServer};

/// A program and its arguments. Prints as a shell takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program, as the file names it.
    pub program: String,
    /// The arguments.
    pub args: Vec<Cow<'static, str>>,
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.program))?;
        self.args
            .iter()
            .try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// The word as a POSIX shell takes it: unchanged where nothing in it is special.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The command line of the monitor for `server` of `service`.
///
/// With `verbose` the monitor is told to be so too.
pub fn command_line(
    config: &Config,
    service: &VirtualServer,
    server: &RealServer,
    verbose: bool,
) -> CommandLine {
    let mut args = Args(Vec::with_capacity(36));
    args.flag("-c");
    args.option("-h", *server.address);
    args.option("-p", *service.port);
    args.option("-r", service.port_of(server));
    if *service.fwmark != 0 {
        args.option("-f", *service.fwmark);
    }
    if *service.protocol == Protocol::Udp {
        args.flag("-u");
    }
    for (name, value) in [
        ("-e", &service.send_program),
        ("-s", &service.send),
        ("-x", &service.expect),
    ] {
        if let Some(value) = value {
            args.option(name, &**value);
        }
    }
    if *service.quiesce_server {
        args.flag("-q");
    }
    if *service.use_regex {
        args.flag("--regex");
    }
    if verbose {
        args.flag("-v");
    }
    args.option("-a", seconds(*service.reentry));
    args.option("-I", config.ipvsadm.as_str());
    args.option("-t", seconds(*service.timeout));
    args.option("-w", *server.weight);
    args.option("-V", service.address.address);
    args.option("-M", method(*config.network));
    args.option("-U", load_command(config, service));
    // Unknown to monitors of 0.8.6: only where the file asks for it.
    if let Some(interval) = &service.interval {
        args.option("--interval", seconds(**interval));
    }
    args.flag("--nodaemon");
    args.flag("--lvs");
    CommandLine {
        program: service.client_monitor.value.clone(),
        args: args.0,
    }
}

struct Args(Vec<Cow<'static, str>>);

impl Args {
    fn flag(&mut self, name: &'static str) {
        self.0.push(Cow::Borrowed(name));
    }

    fn option(&mut self, name: &'static str, value: impl fmt::Display) {
        self.flag(name);
        self.0.push(Cow::Owned(value.to_string()));
    }
}

/// Whole seconds as 0.8.6 wrote them; a fraction only where the file has one.
fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    match duration.subsec_nanos() {
        0 => whole.to_string(),
        nanos => format!("{whole}.{nanos:09}")
            .trim_end_matches('0')
            .to_owned(),
    }
}

fn method(network: Network) -> &'static str {
    match network {
        Network::Nat => "m",
        Network::Direct => "g",
        Network::Tunnel => "i",
    }
}

/// `uptime` is asked for over the remote shell; every other word the monitor knows itself.
fn load_command<'a>(config: &'a Config, service: &'a VirtualServer) -> &'a str {
    match service.load_monitor.as_str() {
        "uptime" => config.rsh_command.as_str(),
        word => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{config, server, service};

    /// The command line as a shell takes it.
    fn line(config: &Config, verbose: bool) -> String {
        let service = &config.virtual_servers[0];
        command_line(config, service, &service.servers[0], verbose).to_string()
    }

    fn text(value: &str) -> lvs_cf::Spanned<Box<str>> {
        lvs_cf::Spanned::default_value(value.into())
    }

    #[test]
    fn defaults() {
        let config = config(vec![service(
            "vs1",
            "1.2.3.1",
            vec![server("rs1", "10.0.0.1")],
        )]);
        assert_eq!(
            line(&config, false),
            "/usr/sbin/nanny -c -h 10.0.0.1 -p 80 -r 80 -a 180 -I /sbin/ipvsadm -t 10 -w 1 \
             -V 1.2.3.1 -M m -U rsh --nodaemon --lvs"
        );
    }

    #[test]
    fn everything_the_file_may_say() {
        let mut real = server("rs1", "10.0.0.1");
        real.port = Some(lvs_cf::Spanned::default_value(8080));
        real.weight.value = 2_147_483_647;
        let mut block = service("vs1", "1.2.3.1", vec![real]);
        block.port.value = 21;
        block.timeout.value = Duration::from_millis(250);
        block.reentry.value = Duration::from_millis(1500);
        block.interval = Some(lvs_cf::Spanned::default_value(Duration::from_micros(
            100_001,
        )));
        block.load_monitor.value = "/opt/load monitor's".to_owned();
        block.client_monitor.value = "/opt/my nanny".to_owned();
        block.protocol.value = Protocol::Udp;
        block.fwmark.value = 4_294_967_295;
        block.send_program = Some(text("/opt/check %h %p"));
        block.send = Some(text(r"a\r\n"));
        block.expect = Some(text("-x *"));
        block.quiesce_server.value = true;
        block.use_regex.value = true;
        let mut config = config(vec![block]);
        config.network.value = Network::Direct;
        config.ipvsadm.value = String::new();
        assert_eq!(
            line(&config, true),
            "'/opt/my nanny' -c -h 10.0.0.1 -p 21 -r 8080 -f 4294967295 -u -e '/opt/check %h %p' \
             -s 'a\\r\\n' -x '-x *' -q --regex -v -a 1.5 -I '' -t 0.25 -w 2147483647 -V 1.2.3.1 \
             -M g -U '/opt/load monitor'\\''s' --interval 0.100001 --nodaemon --lvs"
        );
    }

    #[test]
    fn every_forwarding_method_and_source_of_load_data() {
        let block = service("vs1", "1.2.3.1", vec![server("rs1", "10.0.0.1")]);
        let mut config = config(vec![block]);
        config.rsh_command.value = "/usr/bin/ssh".to_owned();
        for (network, letter) in [
            (Network::Nat, "m"),
            (Network::Direct, "g"),
            (Network::Tunnel, "i"),
        ] {
            config.network.value = network;
            for (word, command) in [
                ("uptime", "/usr/bin/ssh"),
                ("ruptime", "ruptime"),
                ("rup", "rup"),
                ("none", "none"),
            ] {
                config.virtual_servers[0].load_monitor.value = word.to_owned();
                let line = line(&config, false);
                let end = format!("-M {letter} -U {command} --nodaemon --lvs");
                assert!(line.ends_with(&end), "{line}");
            }
        }
    }

    #[test]
    fn addresses_of_the_other_family() {
        let mut config = config(vec![service(
            "vs1",
            "2001:db8::1",
            vec![server("rs1", "fd00::1")],
        )]);
        config.network.value = Network::Tunnel;
        assert!(line(&config, false).contains(" -h fd00::1 "));
        assert!(line(&config, false).contains(" -V 2001:db8::1 "));
    }

    /// What is printed, a shell takes apart into the same words.
    #[test]
    fn a_shell_reads_back_what_is_printed() {
        let args = [
            "", " ", "'", "a b", "$x`y`", "*", "\\", "~", "#", "\n", "%h", "-x",
        ];
        let line = CommandLine {
            program: "printf".to_owned(),
            args: ["%s\\0"]
                .into_iter()
                .chain(args)
                .map(Cow::Borrowed)
                .collect(),
        };
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &line.to_string()])
            .output()
            .expect("sh runs");
        let expected: String = args.iter().map(|arg| format!("{arg}\0")).collect();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}
