//! Building the typed configuration from a document: the `virtual` and `server` blocks.

use std::net::IpAddr;
use std::time::Duration;

use super::build::{default_text, or, suspicious_word};
use super::header::Header;
use super::reader::{Reader, Setting, Statement};
use super::{Floating, Protocol, RealServer, Scheduler, VirtualServer};
use crate::directive::{Directive, Scope};
use crate::document::{LineKind, Token};
use crate::sink::Draft;
use crate::value::{self, Fault, Host};
use crate::words::{nearest, shown};
use crate::{Kind, Resolve, Span, Spanned};

/// Reads the `virtual` block from its opening at `line` up to `end`, `}` included. `None`: it
/// has no usable name or address, which is reported.
pub(super) fn virtual_server(
    reader: &mut Reader<'_>,
    line: usize,
    end: usize,
) -> Option<VirtualServer> {
    let header = reader.header(line)?;
    let mut block = Virtual::default();
    let mut at = line + 1;
    while at < end {
        if matches!(
            reader.document.kind(at),
            LineKind::Open | LineKind::BrokenOpen
        ) {
            let inner_end = reader.document.block_end(at);
            match reader.header_keyword(at) {
                Some(keyword) if keyword.text == "server" => {
                    block.servers.extend(real_server(reader, at, inner_end));
                }
                Some(keyword) => reader.unknown_block(Scope::Virtual, at, keyword),
                None => {}
            }
            at = inner_end.max(at + 1);
            continue;
        }
        match reader.statement(Scope::Virtual, at) {
            Statement::Setting(setting) => block.set(reader, &setting),
            other => block.address_mentioned |= mentions_address(&other),
        }
        at += 1;
    }
    block.finish(reader, &header)
}

/// The `virtual` block as the file gives it.
#[derive(Default)]
struct Virtual {
    active: Option<Spanned<bool>>,
    address: Option<Spanned<Floating>>,
    vip_nmask: Option<Spanned<u8>>,
    port: Option<Spanned<u16>>,
    protocol: Option<Spanned<Protocol>>,
    scheduler: Option<Spanned<Scheduler>>,
    persistent: Option<Spanned<u32>>,
    pmask: Option<Spanned<u8>>,
    timeout: Option<Spanned<Duration>>,
    reentry: Option<Spanned<Duration>>,
    interval: Option<Spanned<Duration>>,
    load_monitor: Option<Spanned<String>>,
    client_monitor: Option<Spanned<String>>,
    servers: Vec<RealServer>,
    address_mentioned: bool,
}

impl Virtual {
    fn set<'d>(&mut self, reader: &mut Reader<'d>, setting: &Setting<'d>) {
        let resolver = reader.resolver;
        let Some(directive) = setting.directive else {
            return;
        };
        match directive {
            Directive::Active => reader.fill(&mut self.active, setting, value::boolean),
            Directive::Address => {
                self.address_mentioned = true;
                reader.fill_vip(&mut self.address, setting);
            }
            Directive::VipNmask => {
                reader.fill(&mut self.vip_nmask, setting, |word| value::netmask(word, 1));
            }
            Directive::Port => {
                let port = |word| value::port(word, Protocol::Tcp, resolver);
                reader.fill(&mut self.port, setting, port);
            }
            Directive::Protocol => reader.fill(&mut self.protocol, setting, value::protocol),
            Directive::Scheduler => reader.fill(&mut self.scheduler, setting, value::scheduler),
            Directive::Persistent => reader.fill(&mut self.persistent, setting, value::seconds),
            Directive::Pmask => {
                reader.fill(&mut self.pmask, setting, |word| value::netmask(word, 0));
            }
            Directive::Timeout => {
                reader.fill(&mut self.timeout, setting, value::positive_duration);
            }
            Directive::Reentry => reader.fill(&mut self.reentry, setting, value::duration),
            Directive::Interval => {
                reader.fill(&mut self.interval, setting, value::positive_duration);
            }
            Directive::LoadMonitor => reader.fill(&mut self.load_monitor, setting, value::text),
            Directive::ClientMonitor => {
                reader.fill(&mut self.client_monitor, setting, value::text);
            }
            // The table of directives gives these to other places only.
            Directive::SerialNo
            | Directive::Primary
            | Directive::PrimaryPrivate
            | Directive::Backup
            | Directive::BackupActive
            | Directive::BackupPrivate
            | Directive::Heartbeat
            | Directive::HeartbeatPort
            | Directive::Keepalive
            | Directive::Deadtime
            | Directive::RshCommand
            | Directive::Network
            | Directive::NatRouter
            | Directive::NatNmask
            | Directive::HardShutdown
            | Directive::Ipvsadm
            | Directive::Weight => {}
        }
    }

    fn finish(mut self, reader: &mut Reader<'_>, header: &Header<'_>) -> Option<VirtualServer> {
        if self.address.is_none() && !self.address_mentioned {
            no_address(reader, header);
        }
        // Files of a hundred thousand servers exist: a third of the memory is here.
        self.servers.shrink_to_fit();
        let sink = &mut *reader.sink;
        if let Some(monitor) = &self.load_monitor {
            suspicious_word(sink, monitor, &["uptime", "ruptime", "rup", "none"]);
        }
        let persistent = or(self.persistent, 0);
        let pmask = or(self.pmask, 32);
        if let Some(span) = pmask.span.filter(|_| *persistent == 0 && *pmask != 32) {
            sink.warning(span, || {
                Draft::new(Kind::NoEffect).detail(": \"pmask\" without `persistent`")
            });
        }
        let mut address = self.address?;
        address.value.prefix = self.vip_nmask.map(|m| m.value);
        Some(VirtualServer {
            name: header
                .name
                .map(|n| Spanned::at(n.text.to_owned(), n.span))?,
            active: or(self.active, false),
            address,
            port: or(self.port, 80),
            protocol: or(self.protocol, Protocol::Tcp),
            scheduler: or(self.scheduler, Scheduler::Wlc),
            persistent,
            pmask,
            timeout: or(self.timeout, Duration::from_secs(10)),
            reentry: or(self.reentry, Duration::from_secs(180)),
            interval: self.interval,
            load_monitor: self.load_monitor.unwrap_or_else(|| default_text("uptime")),
            client_monitor: self
                .client_monitor
                .unwrap_or_else(|| default_text("/usr/sbin/nanny")),
            servers: self.servers,
        })
    }
}

/// Reads the `server` block from its opening at `line` up to `end`, `}` included.
fn real_server(reader: &mut Reader<'_>, line: usize, end: usize) -> Option<RealServer> {
    let header = reader.header(line)?;
    let resolver = reader.resolver;
    let mut address: Option<Spanned<IpAddr>> = None;
    let mut address_mentioned = false;
    let (mut active, mut port, mut weight) = (None, None, None);
    let mut at = line + 1;
    while at < end {
        if matches!(
            reader.document.kind(at),
            LineKind::Open | LineKind::BrokenOpen
        ) {
            if let Some(keyword) = reader.header_keyword(at) {
                reader.unknown_block(Scope::Server, at, keyword);
            }
            at = reader.document.block_end(at).max(at + 1);
            continue;
        }
        match reader.statement(Scope::Server, at) {
            Statement::Setting(setting) => match setting.directive {
                Some(Directive::Address) => {
                    address_mentioned = true;
                    reader.fill(&mut address, &setting, |word| one_host(word, resolver));
                }
                Some(Directive::Active) => reader.fill(&mut active, &setting, value::boolean),
                Some(Directive::Port) => {
                    let parse = |word| value::port(word, Protocol::Tcp, resolver);
                    reader.fill(&mut port, &setting, parse);
                }
                Some(Directive::Weight) => reader.fill(&mut weight, &setting, value::weight),
                _ => {}
            },
            other => address_mentioned |= mentions_address(&other),
        }
        at += 1;
    }
    if address.is_none() && !address_mentioned {
        no_address(reader, &header);
    }
    Some(RealServer {
        name: header.name.map(|n| Spanned::at(n.text.into(), n.span))?,
        active: or(active, false),
        address: address?,
        port,
        weight: or(weight, 1),
    })
}

fn one_host(word: Token<'_>, resolver: &dyn Resolve) -> Result<IpAddr, Fault> {
    match value::host(word, resolver)? {
        Host::Address(address) => Ok(address),
        Host::Nowhere => Err(Fault::new(Kind::InvalidHost, "the address of one host")),
    }
}

fn mentions_address(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::Failed(directive) => *directive == Directive::Address,
        Statement::Unknown(name) => nearest(name, &["address"]).is_some(),
        Statement::Setting(_) | Statement::Nothing => false,
    }
}

fn no_address(reader: &mut Reader<'_>, header: &Header<'_>) {
    if header.broken {
        return;
    }
    let span: Span = header.name.map_or(header.keyword.span, |n| n.span);
    reader.sink.error(span, || {
        let name = header.name.map(|n| shown(n.text)).unwrap_or_default();
        Draft::new(Kind::MissingArguments)
            .detail(format!(
                ": {} \"{name}\" has no `address`",
                header.keyword.text
            ))
            .expected("`address = ADDRESS` in this block")
    });
}
