//! Building the typed configuration from a document: the global section.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::blocks;
use super::reader::{Reader, Setting, Statement};
use super::{Config, Floating, Network, Protocol, VirtualServer, check};
use crate::directive::{Block, Directive, Scope};
use crate::document::{Document, LineKind};
use crate::sink::{Draft, Sink};
use crate::value::{self, Host};
use crate::words::{nearest, shown};
use crate::{Kind, Resolve, Span, Spanned};

/// Reads and checks `document`. Without errors in `sink` the result is whole.
pub(crate) fn build(
    document: &Document,
    resolver: &dyn Resolve,
    sink: &mut Sink,
) -> Option<Config> {
    if sink.is_fatal() {
        return None;
    }
    let end = Span::new(document.text_end(), document.text_end());
    if (0..document.line_count()).all(|line| document.kind(line) == LineKind::Empty) {
        sink.error(end, || {
            Draft::new(Kind::EmptyConfiguration)
                .expected("directives; `primary = ADDRESS` at the least")
        });
        return None;
    }
    let mut reader = Reader {
        document,
        resolver,
        sink,
    };
    let mut global = Global::default();
    global.read(&mut reader);
    let heartbeat = global.heartbeat;
    let config = global.finish(reader.sink, end);
    check::check(config, heartbeat, sink)
}

/// The global section as the file gives it.
#[derive(Default)]
struct Global {
    serial_no: Option<Spanned<i64>>,
    primary: Option<Spanned<Host>>,
    backup: Option<Spanned<Host>>,
    backup_active: Option<Spanned<bool>>,
    primary_private: Option<Spanned<Host>>,
    backup_private: Option<Spanned<Host>>,
    heartbeat: Option<Spanned<bool>>,
    heartbeat_port: Option<Spanned<u16>>,
    keepalive: Option<Spanned<Duration>>,
    deadtime: Option<Spanned<Duration>>,
    rsh_command: Option<Spanned<String>>,
    network: Option<Spanned<Network>>,
    nat_router: Option<Spanned<Floating>>,
    nat_nmask: Option<Spanned<u8>>,
    hard_shutdown: Option<Spanned<bool>>,
    ipvsadm: Option<Spanned<String>>,
    virtual_servers: Vec<VirtualServer>,
    /// `primary` is there, right or wrong: a second error about it would be noise.
    primary_mentioned: bool,
}

impl Global {
    fn read<'d>(&mut self, reader: &mut Reader<'d>) {
        let document: &'d Document = reader.document;
        let mut line = 0;
        while line < document.line_count() {
            if matches!(document.kind(line), LineKind::Open | LineKind::BrokenOpen) {
                let end = document.block_end(line);
                self.block(reader, line, end);
                line = end.max(line + 1);
                continue;
            }
            match reader.statement(Scope::Global, line) {
                Statement::Setting(setting) => self.set(reader, &setting),
                Statement::Failed(directive) => {
                    self.primary_mentioned |= directive == Directive::Primary;
                }
                Statement::Unknown(name) => {
                    self.primary_mentioned |= nearest(name, &["primary"]).is_some();
                }
                Statement::Nothing => {}
            }
            line += 1;
        }
    }

    fn block(&mut self, reader: &mut Reader<'_>, line: usize, end: usize) {
        let Some(header) = reader.header_keyword(line) else {
            return;
        };
        match Block::opened_by(header.text) {
            Block::Outer if header.text == "virtual" => {
                self.virtual_servers
                    .extend(blocks::virtual_server(reader, line, end));
            }
            Block::Outer => reader.sink.error(header.span, || {
                Draft::new(Kind::Unsupported)
                    .detail(" block \"failover\": not implemented in this version")
                    .expected("`virtual NAME {`")
            }),
            Block::Server | Block::Other => reader.unknown_block(Scope::Global, line, header),
        }
    }

    fn set<'d>(&mut self, reader: &mut Reader<'d>, setting: &Setting<'d>) {
        let resolver = reader.resolver;
        let host = |word| value::host(word, resolver);
        let Some(directive) = setting.directive else {
            return;
        };
        match directive {
            Directive::SerialNo => reader.fill(&mut self.serial_no, setting, value::integer),
            Directive::Primary => {
                self.primary_mentioned = true;
                reader.fill(&mut self.primary, setting, host);
            }
            Directive::PrimaryPrivate => reader.fill(&mut self.primary_private, setting, host),
            Directive::Backup => reader.fill(&mut self.backup, setting, host),
            Directive::BackupActive => {
                reader.fill(&mut self.backup_active, setting, value::boolean);
            }
            Directive::BackupPrivate => reader.fill(&mut self.backup_private, setting, host),
            Directive::Heartbeat => reader.fill(&mut self.heartbeat, setting, value::boolean),
            Directive::HeartbeatPort => {
                let port = |word| value::port(word, Protocol::Udp, resolver);
                reader.fill(&mut self.heartbeat_port, setting, port);
            }
            Directive::Keepalive => {
                reader.fill(&mut self.keepalive, setting, value::positive_duration);
            }
            Directive::Deadtime => reader.fill(&mut self.deadtime, setting, value::duration),
            Directive::RshCommand => reader.fill(&mut self.rsh_command, setting, value::text),
            Directive::Network => reader.fill(&mut self.network, setting, value::network),
            Directive::NatRouter => reader.fill_gateway(&mut self.nat_router, setting),
            Directive::NatNmask => {
                reader.fill(&mut self.nat_nmask, setting, |word| value::netmask(word, 1));
            }
            Directive::HardShutdown => {
                reader.fill(&mut self.hard_shutdown, setting, value::boolean);
            }
            Directive::Ipvsadm => reader.fill(&mut self.ipvsadm, setting, value::text),
            // The table of directives gives these to blocks only.
            Directive::Active
            | Directive::Address
            | Directive::VipNmask
            | Directive::Port
            | Directive::Protocol
            | Directive::Scheduler
            | Directive::Persistent
            | Directive::Pmask
            | Directive::Timeout
            | Directive::Reentry
            | Directive::Interval
            | Directive::LoadMonitor
            | Directive::ClientMonitor
            | Directive::Weight => {}
        }
    }

    fn finish(self, sink: &mut Sink, end: Span) -> Config {
        let primary = self.primary.and_then(address);
        if primary.is_none() {
            match self.primary {
                Some(nowhere) => sink.error(nowhere.span.unwrap_or(end), || {
                    Draft::new(Kind::InvalidHost)
                        .detail(": \"0.0.0.0\"")
                        .expected("the primary router's public address")
                }),
                None if self.primary_mentioned => {}
                None => sink.error(end, || {
                    Draft::new(Kind::MissingArguments)
                        .detail(": the file has no `primary`")
                        .expected("`primary = ADDRESS` outside the blocks")
                }),
            }
        }
        let nowhere = Spanned::default_value(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let backup = self.backup.and_then(address);
        let mut nat_router = self.nat_router;
        if let (Some(router), Some(mask)) = (&mut nat_router, self.nat_nmask) {
            router.value.prefix = Some(mask.value);
        }
        if let (None, Some(span)) = (&nat_router, self.nat_nmask.and_then(|m| m.span)) {
            sink.warning(span, || {
                Draft::new(Kind::NoEffect).detail(": \"nat_nmask\" without `nat_router`")
            });
        }
        if let Some(rsh) = &self.rsh_command {
            suspicious_word(sink, rsh, &["rsh", "ssh"]);
        }
        Config {
            serial_no: or(self.serial_no, 0),
            primary: primary.unwrap_or(nowhere),
            backup_active: or(self.backup_active, backup.is_some()),
            backup,
            primary_private: self.primary_private.and_then(address),
            backup_private: self.backup_private.and_then(address),
            heartbeat_port: or(self.heartbeat_port, 539),
            keepalive: or(self.keepalive, Duration::from_secs(2)),
            deadtime: or(self.deadtime, Duration::from_secs(5)),
            rsh_command: self.rsh_command.unwrap_or_else(|| default_text("rsh")),
            network: or(self.network, Network::Nat),
            nat_router,
            hard_shutdown: or(self.hard_shutdown, true),
            ipvsadm: self
                .ipvsadm
                .unwrap_or_else(|| default_text("/sbin/ipvsadm")),
            virtual_servers: self.virtual_servers,
        }
    }
}

/// The value, or the default.
pub(super) fn or<T>(value: Option<Spanned<T>>, default: T) -> Spanned<T> {
    value.unwrap_or(Spanned::default_value(default))
}

pub(super) fn default_text(text: &str) -> Spanned<String> {
    Spanned::default_value(text.to_owned())
}

fn address(host: Spanned<Host>) -> Option<Spanned<IpAddr>> {
    match host.value {
        Host::Address(value) => Some(Spanned {
            value,
            span: host.span,
        }),
        Host::Nowhere => None,
    }
}

/// Warns of a free word that looks like a misspelling of a known one.
pub(super) fn suspicious_word(
    sink: &mut Sink,
    word: &Spanned<String>,
    known: &'static [&'static str],
) {
    let Some(span) = word.span.filter(|_| !known.contains(&word.as_str())) else {
        return;
    };
    if let Some(near) = nearest(word, known) {
        sink.warning(span, || {
            Draft::new(Kind::Doubtful)
                .detail(format!(": \"{}\" is taken for a program", shown(word)))
                .nearest(Some(near))
        });
    }
}
