//! The object of `show --format=json`, written as it is walked: a file may have a hundred thousand
//! real servers, and the text of them all is many times the configuration.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::settings::{self, Hosts, Setting, Value, decimal};
use crate::{Loaded, RealServer, VirtualServer};

/// Writes the object that lvs-cf(1) describes, and a line end.
pub(super) fn write(to: &mut impl Write, loaded: &Loaded) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(1 << 16, to);
    serde_json::to_writer_pretty(&mut to, &File(loaded))?;
    to.write_all(b"\n")?;
    to.flush()
}

/// The outermost object.
struct File<'a>(&'a Loaded);

impl Serialize for File<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Loaded {
            path,
            config,
            document,
            ..
        } = self.0;
        let hosts = &Hosts(document);
        let blocks = |services| Blocks { services, hosts };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", &1)?;
        map.serialize_entry("file", &path.to_string_lossy())?;
        fields(&mut map, &settings::global(config, hosts))?;
        map.serialize_entry("virtual_servers", &blocks(&config.virtual_servers))?;
        map.serialize_entry("failover_services", &blocks(&config.failover_services))?;
        map.end()
    }
}

/// The `virtual` or the `failover` blocks.
struct Blocks<'a> {
    services: &'a [VirtualServer],
    hosts: &'a Hosts<'a>,
}

impl Serialize for Blocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hosts = self.hosts;
        serializer.collect_seq(self.services.iter().map(|service| Block { service, hosts }))
    }
}

struct Block<'a> {
    service: &'a VirtualServer,
    hosts: &'a Hosts<'a>,
}

impl Serialize for Block<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { service, hosts } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &**service.name)?;
        fields(&mut map, &settings::service(service, hosts))?;
        map.serialize_entry("servers", &Servers(self))?;
        map.end()
    }
}

/// The real servers of a block.
struct Servers<'a>(&'a Block<'a>);

impl Serialize for Servers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let servers = self.0.service.servers.iter();
        serializer.collect_seq(servers.map(|server| Server { of: self.0, server }))
    }
}

struct Server<'a> {
    of: &'a Block<'a>,
    server: &'a RealServer,
}

impl Serialize for Server<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Block { service, hosts } = self.of;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &**self.server.name)?;
        fields(&mut map, &settings::server(service, self.server, hosts))?;
        map.end()
    }
}

/// A field for each directive, two for an address with its device, the unit in the name; and the
/// list of those whose value the file does not give.
fn fields<M: SerializeMap>(map: &mut M, settings: &[Setting]) -> Result<(), M::Error> {
    for (name, field, _) in settings.iter().flat_map(parts) {
        map.serialize_entry(&name, &field)?;
    }
    let defaults: Vec<Name> = settings
        .iter()
        .flat_map(parts)
        .filter_map(|(name, _, is_default)| is_default.then_some(name))
        .collect();
    map.serialize_entry("defaults", &defaults)
}

/// The fields of a directive: name, value, and whether the value is not the file's.
fn parts(setting: &Setting) -> impl Iterator<Item = (Name, Field<'_>, bool)> {
    fn text(text: Option<&String>) -> Field<'_> {
        text.map_or(Field::Null, |text| Field::Text(text))
    }
    let one = |ending, field| [Some((ending, field)), None];
    let fields = match &setting.value {
        Value::Flag(flag) => one("", Field::Flag(*flag)),
        Value::Number(number) => one("", Field::Number(*number)),
        Value::Seconds(seconds) => one("_s", Field::Number((*seconds).into())),
        Value::Time(time) => one("_ms", Field::Millis(*time)),
        Value::Word(word) | Value::Host(word) => one("", text(word.as_ref())),
        Value::Floating(floating) => {
            let host = floating.as_ref().map(|(host, _)| host);
            let device = floating.as_ref().and_then(|(_, device)| device.as_ref());
            [Some(("", text(host))), Some(("_device", text(device)))]
        }
        Value::Mask(mask) => one(
            "_prefix",
            mask.map_or(Field::Null, |(prefix, _)| Field::Number(prefix.into())),
        ),
        Value::List(list) => one(
            "",
            list.as_ref().map_or(Field::Null, |list| Field::List(list)),
        ),
    };
    fields.into_iter().flatten().map(|(ending, field)| {
        let is_default = setting.is_default || matches!(field, Field::Null);
        (Name(setting.directive, ending), field, is_default)
    })
}

/// The name of a field: that of its directive, and an ending that says what the number is.
struct Name(&'static str, &'static str);

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}", self.0, self.1))
    }
}

/// The value of a field.
enum Field<'a> {
    Null,
    Flag(bool),
    Number(i64),
    /// In milliseconds, with a fraction only where there is one.
    Millis(Duration),
    Text(&'a str),
    List(&'a [String]),
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Field::Null => serializer.serialize_unit(),
            Field::Flag(flag) => serializer.serialize_bool(*flag),
            Field::Number(number) => serializer.serialize_i64(*number),
            // It may have more digits than a machine's number.
            Field::Millis(time) => RawValue::from_string(decimal(time.as_nanos(), 6))
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Field::Text(text) => serializer.serialize_str(text),
            Field::List(list) => serializer.collect_seq(*list),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::show;
    use super::*;
    use crate::{Unresolved, parse};

    /// Remembers how much came at most at a time, and how much in all.
    #[derive(Default)]
    struct Sizes {
        largest: usize,
        all: usize,
    }

    impl Write for Sizes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.largest = self.largest.max(bytes.len());
            self.all += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_large_configuration_is_written_bit_by_bit() {
        let server = |n: usize| format!("server s{n} {{\naddress = s{n}\n}}\n");
        let servers: String = (0..10_000).map(server).collect();
        let text = format!("primary = a\nvirtual v {{\naddress = b\n{servers}}}\n");
        let loaded = parse("x".as_ref(), text.into(), &Unresolved::new()).unwrap();
        let (mut json, mut lines) = (Sizes::default(), Sizes::default());
        write(&mut json, &loaded).unwrap();
        show::write(&mut lines, &loaded, true).unwrap();
        for sizes in [json, lines] {
            assert!(sizes.all > 1 << 20, "{}", sizes.all);
            assert!(sizes.largest <= 1 << 16, "{}", sizes.largest);
        }
    }
}
