//! What a configuration says, directive by directive: what `show` prints and `diff` compares.

use std::fmt::Display;
use std::net::IpAddr;
use std::time::Duration;

use crate::edit::written;
use crate::unresolved::said;
use crate::{Config, Document, Floating, RealServer, Spanned, VirtualServer, ipv4_netmask};

/// A directive and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    pub(super) directive: &'static str,
    pub(super) value: Value,
    /// The file does not say so.
    pub(super) is_default: bool,
}

/// A value. `None`: the file gives none, and there is no default.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Flag(bool),
    Number(i64),
    /// Whole seconds.
    Seconds(u32),
    Time(Duration),
    Word(Option<String>),
    /// An address, or the name of a host that was not looked up.
    Host(Option<String>),
    Floating(Option<(String, Option<String>)>),
    /// A prefix length; `true` if it is written as a dotted netmask.
    Mask(Option<(u8, bool)>),
    List(Option<Vec<String>>),
}

impl Value {
    /// What stands behind the `=` in lvs.cf.
    pub(super) fn written(&self) -> Option<String> {
        // A word that was read can be written.
        let word = |word: &str| written::value(word).unwrap_or_else(|| word.to_owned());
        Some(match self {
            Value::Flag(flag) => u8::from(*flag).to_string(),
            Value::Number(number) => number.to_string(),
            Value::Seconds(seconds) => seconds.to_string(),
            Value::Time(time) => decimal(time.as_nanos(), 9),
            Value::Word(text) | Value::Host(text) => word(text.as_ref()?),
            Value::Floating(floating) => match floating.as_ref()? {
                (host, Some(device)) => format!("{} {}", word(host), word(device)),
                (host, None) => word(host),
            },
            Value::Mask(mask) => match (*mask)? {
                (prefix, true) => ipv4_netmask(prefix).to_string(),
                (prefix, false) => prefix.to_string(),
            },
            Value::List(list) => written::list(list.as_ref()?),
        })
    }
}

/// `2`, `0.25`: `number` with `places` of its digits behind the point, exactly.
pub(super) fn decimal(number: u128, places: u32) -> String {
    let unit = 10_u128.pow(places);
    let (whole, part) = (number / unit, number % unit);
    if part == 0 {
        return whole.to_string();
    }
    let part = format!("{part:0width$}", width = places as usize);
    format!("{whole}.{}", part.trim_end_matches('0'))
}

fn setting<T>(directive: &'static str, value: &Spanned<T>, as_value: Value) -> Setting {
    Setting {
        directive,
        value: as_value,
        is_default: value.is_default(),
    }
}

/// One that has no default.
fn given(directive: &'static str, value: Value) -> Setting {
    Setting {
        directive,
        value,
        is_default: false,
    }
}

fn flag(directive: &'static str, value: &Spanned<bool>) -> Setting {
    setting(directive, value, Value::Flag(value.value))
}

fn number<T: Copy + Into<i64>>(directive: &'static str, value: &Spanned<T>) -> Setting {
    setting(directive, value, Value::Number(value.value.into()))
}

fn of_seconds(directive: &'static str, value: &Spanned<u32>) -> Setting {
    setting(directive, value, Value::Seconds(value.value))
}

fn time(directive: &'static str, value: &Spanned<Duration>) -> Setting {
    setting(directive, value, Value::Time(value.value))
}

fn word<T: Display>(directive: &'static str, value: &Spanned<T>) -> Setting {
    setting(directive, value, Value::Word(Some(value.to_string())))
}

fn given_word<T: Display>(directive: &'static str, value: Option<&Spanned<T>>) -> Setting {
    given(directive, Value::Word(value.map(ToString::to_string)))
}

/// The names of hosts, which the document has where the configuration has stand-ins.
pub(super) struct Hosts<'d>(pub(super) &'d Document);

impl Hosts<'_> {
    /// The name, or the address, of what is said at the place of `value`.
    pub(super) fn said<T>(&self, address: IpAddr, value: &Spanned<T>) -> String {
        said(self.0, address, value.span)
    }

    fn host(&self, directive: &'static str, value: Option<&Spanned<IpAddr>>) -> Setting {
        let said = value.map(|address| self.said(address.value, address));
        given(directive, Value::Host(said))
    }

    fn floating(&self, directive: &'static str, value: Option<&Spanned<Floating>>) -> Setting {
        let said = value.map(|floating| {
            let device = floating.device.as_ref().map(ToString::to_string);
            (self.said(floating.address, floating), device)
        });
        given(directive, Value::Floating(said))
    }

    fn mask(&self, directive: &'static str, floating: Option<&Spanned<Floating>>) -> Setting {
        let mask = floating.and_then(|floating| {
            let prefix = floating.prefix.as_ref()?;
            Some(self.prefix(prefix, floating.address))
        });
        given(directive, Value::Mask(mask))
    }

    /// A prefix length and whether it is written as a dotted netmask.
    fn prefix(&self, prefix: &Spanned<u8>, address: IpAddr) -> (u8, bool) {
        let word = prefix.span.and_then(|span| self.0.word_at(span.start));
        let dotted = word.map_or(address.is_ipv4(), |word| word.text.contains('.'));
        (prefix.value, dotted)
    }
}

/// The directives outside the blocks, in the order of lvs.cf(5).
pub(super) fn global(config: &Config, hosts: &Hosts<'_>) -> Vec<Setting> {
    let c = config;
    vec![
        number("serial_no", &c.serial_no),
        word("service", &c.service),
        hosts.host("primary", Some(&c.primary)),
        hosts.host("backup", c.backup.as_ref()),
        flag("backup_active", &c.backup_active),
        hosts.host("primary_private", c.primary_private.as_ref()),
        hosts.host("backup_private", c.backup_private.as_ref()),
        given_word("primary_shared", c.primary_shared.as_ref()),
        given_word("backup_shared", c.backup_shared.as_ref()),
        flag("heartbeat", &c.heartbeat),
        number("heartbeat_port", &c.heartbeat_port),
        time("keepalive", &c.keepalive),
        time("deadtime", &c.deadtime),
        word("rsh_command", &c.rsh_command),
        word("network", &c.network),
        hosts.floating("nat_router", c.nat_router.as_ref()),
        hosts.mask("nat_nmask", c.nat_router.as_ref()),
        given_word(
            "reservation_conflict_action",
            c.reservation_conflict_action.as_ref(),
        ),
        word("debug_level", &c.debug_level),
        number("monitor_links", &c.monitor_links),
        flag("hard_shutdown", &c.hard_shutdown),
        word("ipvsadm", &c.ipvsadm),
        flag("syncdaemon", &c.syncdaemon),
        word("syncd_iface", &c.syncd_iface),
        number("syncd_id", &c.syncd_id),
        of_seconds("tcp_timeout", &c.tcp_timeout),
        of_seconds("tcpfin_timeout", &c.tcpfin_timeout),
        of_seconds("udp_timeout", &c.udp_timeout),
        given_word("active_cmd", c.active_cmd.as_ref()),
        given_word("inactive_cmd", c.inactive_cmd.as_ref()),
        flag("sync", &c.sync),
    ]
}

/// The directives of a `virtual` or `failover` block, its `server` blocks apart.
pub(super) fn service(service: &VirtualServer, hosts: &Hosts<'_>) -> Vec<Setting> {
    let s = service;
    let dirs = s.dirs.as_ref().map(|dirs| dirs.value.clone());
    let pmask = Value::Mask(Some(hosts.prefix(&s.pmask, s.address.address)));
    let interval = Setting {
        directive: "interval",
        value: Value::Time(s.interval_of_checks()),
        is_default: s.interval.is_none(),
    };
    vec![
        flag("active", &s.active),
        hosts.floating("address", Some(&s.address)),
        hosts.mask("vip_nmask", Some(&s.address)),
        number("port", &s.port),
        word("protocol", &s.protocol),
        number("fwmark", &s.fwmark),
        word("scheduler", &s.scheduler),
        of_seconds("persistent", &s.persistent),
        setting("pmask", &s.pmask, pmask),
        time("timeout", &s.timeout),
        time("reentry", &s.reentry),
        interval,
        word("load_monitor", &s.load_monitor),
        given_word("send", s.send.as_ref()),
        given_word("expect", s.expect.as_ref()),
        flag("use_regex", &s.use_regex),
        given_word("send_program", s.send_program.as_ref()),
        flag("quiesce_server", &s.quiesce_server),
        hosts.host("sorry_server", s.sorry_server.as_ref()),
        word("client_monitor", &s.client_monitor),
        given_word("start_cmd", s.start_cmd.as_ref()),
        given_word("stop_cmd", s.stop_cmd.as_ref()),
        hosts.host("master", s.master.as_ref()),
        given("dirs", Value::List(dirs)),
    ]
}

/// The directives of a `server` block in `service`.
pub(super) fn server(
    service: &VirtualServer,
    server: &RealServer,
    hosts: &Hosts<'_>,
) -> Vec<Setting> {
    let port = Setting {
        directive: "port",
        value: Value::Number(service.port_of(server).into()),
        is_default: server.port.is_none(),
    };
    vec![
        flag("active", &server.active),
        hosts.host("address", Some(&server.address)),
        port,
        number("weight", &server.weight),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directive::{Scope, names};
    use crate::{Unresolved, parse};

    fn shown() -> [Vec<&'static str>; 3] {
        let text = "primary = a\nvirtual v {\naddress = b\nserver s {\naddress = c\n}\n}\n";
        let loaded = parse("x".as_ref(), text.into(), &Unresolved::new()).unwrap();
        let hosts = Hosts(&loaded.document);
        let vs = &loaded.config.virtual_servers[0];
        let directives = |settings: Vec<Setting>| settings.iter().map(|s| s.directive).collect();
        [
            directives(global(&loaded.config, &hosts)),
            directives(service(vs, &hosts)),
            directives(server(vs, &vs.servers[0], &hosts)),
        ]
    }

    #[test]
    fn no_directive_is_left_out() {
        let scopes = [Scope::Global, Scope::Virtual, Scope::Server];
        for (mut shown, scope) in shown().into_iter().zip(scopes) {
            let mut known = names(scope);
            shown.sort_unstable();
            known.sort_unstable();
            assert_eq!(shown, known);
        }
    }

    #[test]
    fn times_are_exact() {
        for (nanos, seconds, millis) in [
            (0, "0", "0"),
            (2_000_000_000, "2", "2000"),
            (250_000_000, "0.25", "250"),
            (1_000_001_000, "1.000001", "1000.001"),
            (1_000_000_001, "1.000000001", "1000.000001"),
            (
                9_007_199_254_740_993_001,
                "9007199254.740993001",
                "9007199254740.993001",
            ),
        ] {
            assert_eq!(decimal(nanos, 9), seconds);
            assert_eq!(decimal(nanos, 6), millis);
        }
    }
}
