//! `show`: what a file means, the defaults filled in.

use std::fmt;
use std::io::{self, BufWriter, Write};

use super::cli::{Output, Show};
use super::settings::{self, Hosts, Setting};
use super::{Out, Outcome, TROUBLE, Terminals, complaint, input};
use crate::edit::written;
use crate::words::{escaped, shown_path};
use crate::{Config, LoadError, Loaded, VirtualServer, default_path, parse};

/// The file does not load.
const ERRORS: u8 = 1;

pub(super) fn run(args: &Show, terminals: Terminals) -> Outcome {
    let path = args.file.clone().unwrap_or_else(default_path);
    let resolver = input::resolver(&args.names);
    let loaded = input::read(&path)
        .and_then(|input| parse(&input.path, input.source, &*resolver).map_err(LoadError::from));
    match loaded {
        Err(error) => Outcome {
            status: match error {
                LoadError::Read { .. } => TROUBLE,
                LoadError::Invalid(_) => ERRORS,
            },
            err: complaint::error(&error, terminals.err),
            out: Out::default(),
        },
        Ok(loaded) => Outcome {
            status: 0,
            err: complaint::warnings(&loaded, terminals.err),
            out: match args.format {
                Output::Text => Out::Lines(Box::new(loaded)),
                Output::Json => Out::Json(Box::new(loaded)),
            },
        },
    }
}

/// Both forms.
#[cfg(feature = "__fuzz")]
pub(crate) fn shown(loaded: &Loaded) -> [String; 2] {
    let mut both = [Vec::new(), Vec::new()];
    // Writing to memory does not fail.
    let _ = write(&mut both[0], loaded, false);
    let _ = super::json::write(&mut both[1], loaded);
    both.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes an lvs.cf that means the same, block by block. What the file leaves to the defaults is in
/// comments. Names may have control characters in them, which a terminal is spared.
pub(super) fn write(to: &mut impl Write, loaded: &Loaded, terminal: bool) -> io::Result<()> {
    let hosts = Hosts(&loaded.document);
    let config = &loaded.config;
    let mut to = BufWriter::with_capacity(1 << 16, to);
    let mut put = |text: &str| match terminal {
        true => to.write_all(escaped(text, &['\n', '\t']).as_bytes()),
        false => to.write_all(text.as_bytes()),
    };
    let path = shown_path(&loaded.path);
    put(&format!(
        "# effective configuration of {path}; defaults are commented\n"
    ))?;
    put(&statements("", &settings::global(config, &hosts)))?;
    for (keyword, service) in services(config) {
        put(&format!("\n{keyword} {} {{\n", name(&service.name)))?;
        put(&statements("    ", &settings::service(service, &hosts)))?;
        for server in &service.servers {
            put(&format!("    server {} {{\n", name(&server.name)))?;
            let settings = settings::server(service, server, &hosts);
            put(&statements("        ", &settings))?;
            put("    }\n")?;
        }
        put("}\n")?;
    }
    to.flush()
}

/// The blocks with their keywords.
fn services(config: &Config) -> impl Iterator<Item = (&'static str, &VirtualServer)> {
    let virtual_servers = config.virtual_servers.iter().map(|v| ("virtual", v));
    let failover_services = config.failover_services.iter().map(|f| ("failover", f));
    virtual_servers.chain(failover_services)
}

/// A name that was read can be written.
fn name(name: &str) -> String {
    written::name(name).unwrap_or_else(|| name.to_owned())
}

fn statements(indent: &str, settings: &[Setting]) -> String {
    let mut out = String::new();
    for setting in settings {
        let Some(value) = setting.value.written() else {
            continue;
        };
        let mark = if setting.is_default { "#" } else { "" };
        // Writing to a string does not fail.
        let _ = fmt::Write::write_fmt(
            &mut out,
            format_args!("{indent}{mark}{} = {value}\n", setting.directive),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::Unresolved;

    fn lines(lines: Vec<&'static str>) -> impl Strategy<Value = String> {
        vec(select(lines), 0..6).prop_map(|lines| lines.join("\n"))
    }

    /// Files that mostly load.
    fn file() -> impl Strategy<Value = String> {
        let global = lines(vec![
            "keepalive = 250ms",
            "deadtime = 1.000001",
            "backup = 10.0.0.2 # c",
            "backup_active = 0",
            "nat_router = gw eth1:1",
            "nat_nmask = 64",
            "nat_nmask = 255.255.0.0",
            "active_cmd = \"/bin/say \'hello\'\"",
            "serial_no = -0x10",
            "syncd_id = 255",
            "rsh_command = a\"b\'c",
            "rsh_command = \'\"\'",
        ]);
        let service = lines(vec![
            "port = http",
            "fwmark = 0xffffffff",
            "persistent = 2m",
            "pmask = 255.255.0.0",
            "vip_nmask = 255.255.255.128",
            "send = \"# {\"",
            "expect = *",
            "expect = \"\"",
            "interval = 0.5",
            "scheduler = sh",
            "protocol = udp",
            "sorry_server = 10.9.9.9",
            "dirs = [ a \'b c\' ]",
        ]);
        let server = lines(vec!["port = 81", "weight = 0", "active = 1"]);
        let name = select(vec!["a", "\"b c\"", "\'{\'", "=", "\"#\""]);
        let address = select(vec![
            "10.1.0.1 eth0:1",
            "vip",
            "2001:db8::1 eth0",
            "10.1.0.2",
        ]);
        let keyword = select(vec!["virtual", "virtual server", "failover"]);
        let block = (keyword, name.clone(), address, service, name, server).prop_map(
            |(keyword, name, address, service, inner, server)| {
                format!(
                    "{keyword} {name} {{\naddress = {address}\n{service}\nserver {inner} {{\n\
                     address = rs\n{server}\n}}\n}}\n"
                )
            },
        );
        (global, vec(block, 0..3)).prop_map(|(global, blocks)| {
            format!(
                "primary = lvs1\nnetwork = tunnel\n{global}\n{}",
                blocks.concat()
            )
        })
    }

    /// Words, lists and names of what has a meaning to the parser: those that load.
    fn words() -> impl Strategy<Value = String> {
        let pieces = vec![
            "a", "b", "[", "]", "\"", "\'", "#", " ", "\t", "{", "}", "=", "\u{a0}", "\u{1b}",
            "\\n", "\u{feff}", "é",
        ];
        let raw = || vec(select(pieces.clone()), 1..8).prop_map(|pieces| pieces.concat());
        (raw(), raw(), raw()).prop_map(|(list, word, name)| {
            let load = |line: &str| {
                let file = format!("primary = a\nvirtual {line}\n}}\n");
                let resolver = Unresolved::new();
                parse("x".as_ref(), file.into_bytes(), &resolver).is_ok()
            };
            let block = |line: String| format!("v {{\naddress = b\n{line}");
            let lines = [format!("dirs = [{list}]"), format!("send = {word}")];
            let lines: Vec<String> = lines
                .into_iter()
                .filter(|l| load(&block(l.clone())))
                .collect();
            let rest = format!("{{\naddress = b\n{}\n", lines.join("\n"));
            let named = format!("{name} {rest}");
            let head = if load(&named) {
                named
            } else {
                format!("v {rest}")
            };
            format!("primary = a\nvirtual {head}}}\n")
        })
    }

    fn is_shown_as_it_is(loaded: &Loaded, resolver: &Unresolved) -> Result<(), TestCaseError> {
        let mut shown = Vec::new();
        write(&mut shown, loaded, false).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        let again = parse("x".as_ref(), shown.clone().into_bytes(), resolver);
        prop_assert!(again.is_ok(), "{shown}\n{:?}", again.err());
        prop_assert_eq!(&again.unwrap().config, &loaded.config, "{}", shown);
        Ok(())
    }

    proptest! {
        #[test]
        fn what_is_shown_means_the_same(file in file()) {
            let resolver = Unresolved::new();
            let loaded = parse("x".as_ref(), file.into_bytes(), &resolver);
            // Too many that do not load would fail the test.
            prop_assume!(loaded.is_ok());
            is_shown_as_it_is(&loaded.unwrap(), &resolver)?;
        }

        #[test]
        fn words_are_shown_so_that_they_are_read_as_they_are(file in words()) {
            let resolver = Unresolved::new();
            let loaded = parse("x".as_ref(), file.into_bytes(), &resolver);
            prop_assert!(loaded.is_ok(), "only what loads: {:?}", loaded.err());
            is_shown_as_it_is(&loaded.unwrap(), &resolver)?;
        }
    }
}
