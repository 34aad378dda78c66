//! `show`: what a file means, the defaults filled in.

use std::fmt::Write;
use std::path::Path;

use super::cli::{Output, Show};
use super::json::{self, Json};
use super::settings::{self, Hosts, Setting, Value};
use super::{Outcome, TROUBLE, Terminals, complaint, input};
use crate::edit::written;
use crate::words::{escaped, shown_path};
use crate::{Config, Document, LoadError, Loaded, VirtualServer, default_path, parse};

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
            out: String::new(),
        },
        Ok(loaded) => Outcome {
            status: 0,
            err: complaint::warnings(&loaded, terminals.err),
            out: match args.format {
                Output::Text if terminals.out => escaped(&text(&loaded), &['\n', '\t']),
                Output::Text => text(&loaded),
                Output::Json => as_json(&loaded.path, &loaded.config, &loaded.document),
            },
        },
    }
}

/// Both forms.
#[cfg(feature = "__fuzz")]
pub(crate) fn shown(loaded: &Loaded) -> [String; 2] {
    let json = as_json(&loaded.path, &loaded.config, &loaded.document);
    [text(loaded), json]
}

/// An lvs.cf that means the same. What the file leaves to the defaults is in comments.
fn text(loaded: &Loaded) -> String {
    let hosts = Hosts(&loaded.document);
    let path = shown_path(&loaded.path);
    let mut out = format!("# {path} as it is taken; behind # the defaults\n");
    let config = &loaded.config;
    statements(&mut out, "", &settings::global(config, &hosts));
    for (keyword, service) in services(config) {
        // Writing to a string does not fail.
        let _ = writeln!(out, "\n{keyword} {} {{", name(&service.name));
        statements(&mut out, "    ", &settings::service(service, &hosts));
        for server in &service.servers {
            let _ = writeln!(out, "    server {} {{", name(&server.name));
            let settings = settings::server(service, server, &hosts);
            statements(&mut out, "        ", &settings);
            out.push_str("    }\n");
        }
        out.push_str("}\n");
    }
    out
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

fn statements(out: &mut String, indent: &str, settings: &[Setting]) {
    for setting in settings {
        let Some(value) = setting.value.written() else {
            continue;
        };
        let mark = if setting.is_default { "#" } else { "" };
        let _ = writeln!(out, "{indent}{mark}{} = {value}", setting.directive);
    }
}

/// The object that lvs-cf(1) describes.
fn as_json(path: &Path, config: &Config, document: &Document) -> String {
    let hosts = Hosts(document);
    let block = |service: &VirtualServer| {
        let servers = service.servers.iter().map(|server| {
            let settings = settings::server(service, server, &hosts);
            Json::Map(named(&server.name, &settings))
        });
        let mut map = named(&service.name, &settings::service(service, &hosts));
        map.push(("servers".into(), Json::List(servers.collect())));
        Json::Map(map)
    };
    let blocks = |blocks: &[VirtualServer]| Json::List(blocks.iter().map(block).collect());
    let mut map = vec![
        ("format".into(), Json::Number(1)),
        ("file".into(), Json::Text(path.display().to_string())),
    ];
    map.extend(fields(&settings::global(config, &hosts)));
    map.extend([
        ("virtual_servers".into(), blocks(&config.virtual_servers)),
        (
            "failover_services".into(),
            blocks(&config.failover_services),
        ),
    ]);
    json::print(&Json::Map(map))
}

fn named(name: &str, settings: &[Setting]) -> Vec<(String, Json)> {
    let mut map = vec![("name".into(), Json::Text(name.to_owned()))];
    map.extend(fields(settings));
    map
}

/// A field for each directive, two for an address with its device, the unit in the name; and the
/// list of those whose value the file does not give.
fn fields(settings: &[Setting]) -> Vec<(String, Json)> {
    let text = |text: &Option<String>| text.clone().map_or(Json::Null, Json::Text);
    let mut map = Vec::new();
    let mut defaults = Vec::new();
    for setting in settings {
        let mut add = |ending: &str, value: Json| {
            let field = format!("{}{ending}", setting.directive);
            if setting.is_default || matches!(value, Json::Null) {
                defaults.push(Json::Text(field.clone()));
            }
            map.push((field, value));
        };
        match &setting.value {
            Value::Flag(flag) => add("", Json::Flag(*flag)),
            Value::Number(number) => add("", Json::Number(*number)),
            Value::Seconds(seconds) => add("_s", Json::Number((*seconds).into())),
            Value::Time(time) => add("_ms", Json::millis(*time)),
            Value::Word(word) | Value::Host(word) => add("", text(word)),
            Value::Floating(floating) => {
                let (host, device) = floating.clone().unzip();
                add("", text(&host));
                add("_device", text(&device.flatten()));
            }
            Value::Mask(mask) => {
                let prefix = mask.map(|(prefix, _)| Json::Number(prefix.into()));
                add("_prefix", prefix.unwrap_or(Json::Null));
            }
            Value::List(list) => {
                let words = list.iter().flatten().cloned().map(Json::Text);
                let list = list.as_ref().map(|_| Json::List(words.collect()));
                add("", list.unwrap_or(Json::Null));
            }
        }
    }
    map.push(("defaults".into(), Json::List(defaults)));
    map
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
        let shown = text(loaded);
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
