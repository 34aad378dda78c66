//! Building the typed configuration from a document: the `virtual`, `failover` and `server` blocks.

use std::net::{IpAddr, Ipv4Addr};

use super::header::Header;
use super::missed::{Missed, MissedInBlock};
use super::reader::{Reader, Setting, Statement};
use super::{Floating, Protocol, RealServer, VirtualServer};
use crate::directive::{Scope, Server, Virtual};
use crate::sink::Draft;
use crate::value::{self, Mask};
use crate::words::shown;
use crate::{Kind, Span, Spanned};

/// Reads the `virtual` or `failover` block from its opening at `line` up to `end`, `}` included.
/// `None`: it has no usable name or address, which is reported.
pub(super) fn virtual_server(
    reader: &mut Reader<'_>,
    line: usize,
    end: usize,
) -> Option<(VirtualServer, MissedInBlock)> {
    let header = reader.header(line)?;
    let mut block = Outer::new(&header, protocol(reader, line, end));
    block.read.servers = Vec::with_capacity(reader.blocks(line + 1, end));
    let mut at = line + 1;
    while at < end {
        if reader.opens(at) {
            let inner_end = reader.document.block_end(at);
            match reader.header_keyword(at) {
                Some(keyword) if keyword.text == "server" => {
                    let server = real_server(reader, at, inner_end, block.named_protocol);
                    if let Some((server, missed)) = server {
                        let index = block.read.servers.len();
                        block.missed.insert_server(index, missed);
                        block.read.servers.push(server);
                    }
                }
                Some(keyword) => {
                    block.missed.own.insert_unknown::<Virtual>(keyword.text);
                    reader.unknown_block(Scope::Virtual, at, keyword);
                }
                None => {}
            }
            at = inner_end.max(at + 1);
            continue;
        }
        match reader.statement(at) {
            Statement::Setting(directive, setting) => {
                let errors = reader.sink.errors();
                block.set(reader, directive, &setting);
                if reader.sink.errors() > errors {
                    block.missed.own.insert(directive);
                }
            }
            Statement::Failed(directive) => block.missed.own.insert(directive),
            Statement::Unknown(name) => block.missed.own.insert_unknown::<Virtual>(name),
            Statement::Nothing => {}
        }
        at += 1;
    }
    block.finish(reader, &header)
}

/// The protocol that the block's lines name, wherever they do: port names depend on it.
fn protocol(reader: &Reader<'_>, line: usize, end: usize) -> Protocol {
    let mut found = Protocol::Tcp;
    let mut at = line + 1;
    while at < end {
        if reader.opens(at) {
            at = reader.document.block_end(at).max(at + 1);
            continue;
        }
        let mut words = reader.document.tokens(at);
        if words.next().is_some_and(|name| name.text == "protocol") {
            let word = words.next().and_then(|w| Protocol::from_name(w.text));
            found = word.unwrap_or(found);
        }
        at += 1;
    }
    found
}

/// An outer block as the file gives it.
struct Outer {
    /// What is read so far; name and address come at the end.
    read: VirtualServer,
    /// Under which port names are looked up.
    named_protocol: Protocol,
    address: Option<Spanned<Floating>>,
    missed: MissedInBlock,
    vip_nmask: Option<Spanned<Mask>>,
    pmask: Option<Spanned<Mask>>,
}

impl Outer {
    fn new(header: &Header<'_>, named_protocol: Protocol) -> Self {
        let name = header
            .name
            .map_or(Spanned::default_value(String::new()), |name| {
                Spanned::at(name.text.to_owned(), name.span)
            });
        let nowhere = Floating {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            device: None,
            prefix: None,
        };
        Self {
            read: VirtualServer::new(name, Spanned::default_value(nowhere)),
            named_protocol,
            address: None,
            missed: MissedInBlock::default(),
            vip_nmask: None,
            pmask: None,
        }
    }

    fn set<'d>(&mut self, reader: &mut Reader<'d>, directive: Virtual, setting: &Setting<'d>) {
        let resolver = reader.resolver;
        let read = &mut self.read;
        match directive {
            Virtual::Active => reader.fill(&mut read.active, setting, value::boolean),
            Virtual::Address => reader.fill_vip(&mut self.address, setting),
            Virtual::VipNmask => {
                reader.fill(&mut self.vip_nmask, setting, |word| value::netmask(word, 1));
            }
            Virtual::Port => {
                let port = |word| value::port(word, self.named_protocol, resolver);
                reader.fill_number(&mut read.port, setting, port);
            }
            Virtual::Protocol => reader.fill(&mut read.protocol, setting, value::protocol),
            Virtual::Fwmark => reader.fill_number(&mut read.fwmark, setting, value::fwmark),
            Virtual::Scheduler => reader.fill(&mut read.scheduler, setting, value::scheduler),
            Virtual::Persistent => {
                reader.fill_number(&mut read.persistent, setting, value::seconds);
            }
            Virtual::Pmask => {
                reader.fill(&mut self.pmask, setting, |word| value::netmask(word, 0));
            }
            Virtual::Timeout => {
                reader.fill_number(&mut read.timeout, setting, value::positive_duration);
            }
            Virtual::Reentry => reader.fill_number(&mut read.reentry, setting, value::duration),
            Virtual::Interval => {
                reader.fill_number(&mut read.interval, setting, value::positive_duration);
            }
            Virtual::LoadMonitor => reader.fill(&mut read.load_monitor, setting, value::text),
            Virtual::Send => reader.fill(&mut read.send, setting, value::any_text),
            Virtual::Expect => reader.fill(&mut read.expect, setting, value::any_text),
            Virtual::UseRegex => reader.fill(&mut read.use_regex, setting, value::boolean),
            Virtual::SendProgram => reader.fill(&mut read.send_program, setting, value::text),
            Virtual::QuiesceServer => {
                reader.fill(&mut read.quiesce_server, setting, value::boolean);
            }
            Virtual::SorryServer => reader.fill_host(&mut read.sorry_server, setting),
            Virtual::ClientMonitor => reader.fill(&mut read.client_monitor, setting, value::text),
            Virtual::StartCmd => reader.fill(&mut read.start_cmd, setting, value::text),
            Virtual::StopCmd => reader.fill(&mut read.stop_cmd, setting, value::text),
            Virtual::Master => reader.fill_host(&mut read.master, setting),
            Virtual::Dirs => reader.fill_list(&mut read.dirs, setting),
        }
    }

    fn finish(
        self,
        reader: &mut Reader<'_>,
        header: &Header<'_>,
    ) -> Option<(VirtualServer, MissedInBlock)> {
        if self.address.is_none() && !self.missed.own.mentions(Virtual::Address) {
            no_address(reader, header);
        }
        header.name?;
        let mut address = self.address?;
        if address.address.is_unspecified() {
            placeholder(reader, &address, *self.read.active);
        }
        address.value.prefix = reader.prefix(self.vip_nmask, address.address);
        let whole = VirtualServer::whole_mask(address.address);
        let mut block = self.read;
        block.pmask = reader.prefix(self.pmask, address.address).unwrap_or(whole);
        block.address = address;
        Some((block, self.missed))
    }
}

/// Reads the `server` block from its opening at `line` up to `end`, `}` included.
fn real_server(
    reader: &mut Reader<'_>,
    line: usize,
    end: usize,
    named_protocol: Protocol,
) -> Option<(RealServer, Missed)> {
    let header = reader.header(line)?;
    let resolver = reader.resolver;
    let mut address: Option<Spanned<IpAddr>> = None;
    let mut missed = Missed::default();
    let mut port: Option<Spanned<u16>> = None;
    let (mut active, mut weight) = (Spanned::default_value(false), Spanned::default_value(1));
    let mut at = line + 1;
    while at < end {
        if reader.opens(at) {
            if let Some(keyword) = reader.header_keyword(at) {
                missed.insert_unknown::<Server>(keyword.text);
                reader.unknown_block(Scope::Server, at, keyword);
            }
            at = reader.document.block_end(at).max(at + 1);
            continue;
        }
        match reader.statement(at) {
            Statement::Setting(directive, setting) => {
                let errors = reader.sink.errors();
                match directive {
                    Server::Address => reader.fill_address(&mut address, &setting),
                    Server::Active => reader.fill(&mut active, &setting, value::boolean),
                    Server::Port => {
                        let parse = |word| value::port(word, named_protocol, resolver);
                        reader.fill_number(&mut port, &setting, parse);
                    }
                    Server::Weight => reader.fill_number(&mut weight, &setting, value::weight),
                }
                if reader.sink.errors() > errors {
                    missed.insert(directive);
                }
            }
            Statement::Failed(directive) => missed.insert(directive),
            Statement::Unknown(name) => missed.insert_unknown::<Server>(name),
            Statement::Nothing => {}
        }
        at += 1;
    }
    if address.is_none() && !missed.mentions(Server::Address) {
        no_address(reader, &header);
    }
    let server = RealServer {
        name: header.name.map(|n| Spanned::at(n.text.into(), n.span))?,
        active,
        address: address?,
        port,
        weight,
    };
    Some((server, missed))
}

/// `0.0.0.0` where a service has its address: none yet, so that it cannot run.
fn placeholder(reader: &mut Reader<'_>, address: &Spanned<Floating>, active: bool) {
    let Some(word) = address
        .span
        .and_then(|span| reader.document.word_at(span.start))
    else {
        return;
    };
    if active {
        let fault = value::Fault::new(Kind::InvalidHost, value::ONE_HOST);
        reader.sink.error(word.span, || fault.draft(word.text));
    } else {
        reader.sink.warning(word.span, || {
            Draft::new(Kind::Doubtful)
                .detail(format!(
                    ": \"{}\" is a placeholder, not an address",
                    shown(word.text)
                ))
                .help("set an address before `active = 1`")
        });
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
