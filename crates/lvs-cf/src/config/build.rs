//! Building the typed configuration from a document: the global section.

use std::net::{IpAddr, Ipv4Addr};

use super::blocks;
use super::missed::MissedInFile;
use super::reader::{Reader, Setting, Statement};
use super::{Config, Protocol, check};
use crate::directive::{Block, Global, Scope};
use crate::document::{Document, LineKind};
use crate::sink::{Draft, Sink};
use crate::value::{self, Mask};
use crate::{Kind, Resolve, Span, Spanned};

/// Reads and checks `document`. The result is whole if there are no errors in `sink`; with errors
/// it is what could be read. `None`: there is nothing to read.
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
                .expected("directives, at least `primary = ADDRESS`")
        });
        return None;
    }
    let mut reader = Reader {
        document,
        resolver,
        sink,
    };
    let mut file = File::default();
    file.read(&mut reader);
    if document.fault().is_some() {
        file.missed.guess();
    }
    let (mut config, missed) = file.finish(&mut reader, end);
    check::check(&mut config, document, &missed, sink);
    Some(config)
}

/// The global section as the file gives it.
struct File {
    config: Config,
    primary: Option<Spanned<IpAddr>>,
    nat_nmask: Option<Spanned<Mask>>,
    missed: MissedInFile,
}

impl Default for File {
    fn default() -> Self {
        Self {
            config: Config::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            primary: None,
            nat_nmask: None,
            missed: MissedInFile::default(),
        }
    }
}

impl File {
    fn read<'d>(&mut self, reader: &mut Reader<'d>) {
        let document: &'d Document = reader.document;
        self.config.virtual_servers = Vec::with_capacity(reader.blocks(0, document.line_count()));
        let mut line = 0;
        while line < document.line_count() {
            if reader.opens(line) {
                let end = document.block_end(line);
                self.block(reader, line, end);
                line = end.max(line + 1);
                continue;
            }
            match reader.statement(line) {
                Statement::Setting(directive, setting) => {
                    let errors = reader.sink.errors();
                    self.set(reader, directive, &setting);
                    if reader.sink.errors() > errors {
                        self.missed.global.insert(directive);
                    }
                }
                Statement::Failed(directive) => self.missed.global.insert(directive),
                Statement::Unknown(name) => self.missed.global.insert_unknown::<Global>(name),
                Statement::Nothing => {}
            }
            line += 1;
        }
    }

    fn block(&mut self, reader: &mut Reader<'_>, line: usize, end: usize) {
        let Some(header) = reader.header_keyword(line) else {
            return;
        };
        let (config, missed) = (&mut self.config, &mut self.missed);
        let (blocks, missed) = match (Block::opened_by(header.text), header.text) {
            (Block::Outer, "failover") => {
                (&mut config.failover_services, &mut missed.failover_services)
            }
            (Block::Outer, _) => (&mut config.virtual_servers, &mut missed.virtual_servers),
            (Block::Server | Block::Other, _) => {
                missed.block = true;
                missed.global.insert_unknown::<Global>(header.text);
                reader.unknown_block(Scope::Global, line, header);
                return;
            }
        };
        if let Some((block, of_block)) = blocks::virtual_server(reader, line, end) {
            blocks.push(block);
            missed.push(of_block);
        } else {
            self.missed.block = true;
        }
    }

    fn set<'d>(&mut self, reader: &mut Reader<'d>, directive: Global, setting: &Setting<'d>) {
        let resolver = reader.resolver;
        let config = &mut self.config;
        match directive {
            Global::SerialNo => reader.fill(&mut config.serial_no, setting, value::integer),
            Global::Service => reader.fill(&mut config.service, setting, value::service_kind),
            Global::Primary => {
                reader.fill_address(&mut self.primary, setting);
            }
            Global::PrimaryPrivate => reader.fill_host(&mut config.primary_private, setting),
            Global::PrimaryShared => reader.fill(&mut config.primary_shared, setting, value::text),
            Global::Backup => reader.fill_host(&mut config.backup, setting),
            Global::BackupActive => reader.fill(&mut config.backup_active, setting, value::boolean),
            Global::BackupPrivate => reader.fill_host(&mut config.backup_private, setting),
            Global::BackupShared => reader.fill(&mut config.backup_shared, setting, value::text),
            Global::Heartbeat => reader.fill(&mut config.heartbeat, setting, value::boolean),
            Global::HeartbeatPort => {
                let port = |word| value::port(word, Protocol::Udp, resolver);
                reader.fill_number(&mut config.heartbeat_port, setting, port);
            }
            Global::Keepalive => {
                reader.fill_number(&mut config.keepalive, setting, value::positive_duration);
            }
            Global::Deadtime => reader.fill_number(&mut config.deadtime, setting, value::duration),
            Global::RshCommand => reader.fill(&mut config.rsh_command, setting, value::text),
            Global::Network => reader.fill(&mut config.network, setting, value::network),
            Global::NatRouter => reader.fill_gateway(&mut config.nat_router, setting),
            Global::NatNmask => {
                reader.fill(&mut self.nat_nmask, setting, |word| value::netmask(word, 1));
            }
            Global::ReservationConflictAction => {
                let action = &mut config.reservation_conflict_action;
                reader.fill(action, setting, value::reservation_conflict);
            }
            Global::DebugLevel => reader.fill(&mut config.debug_level, setting, value::text),
            Global::MonitorLinks => reader.fill(&mut config.monitor_links, setting, value::integer),
            Global::HardShutdown => reader.fill(&mut config.hard_shutdown, setting, value::boolean),
            Global::Ipvsadm => reader.fill(&mut config.ipvsadm, setting, value::text),
            Global::Syncdaemon => reader.fill(&mut config.syncdaemon, setting, value::boolean),
            Global::SyncdIface => reader.fill(&mut config.syncd_iface, setting, value::interface),
            Global::SyncdId => reader.fill(&mut config.syncd_id, setting, value::sync_id),
            Global::TcpTimeout => {
                reader.fill_number(&mut config.tcp_timeout, setting, value::kernel_timeout);
            }
            Global::TcpfinTimeout => {
                reader.fill_number(&mut config.tcpfin_timeout, setting, value::kernel_timeout);
            }
            Global::UdpTimeout => {
                reader.fill_number(&mut config.udp_timeout, setting, value::kernel_timeout);
            }
            Global::ActiveCmd => reader.fill(&mut config.active_cmd, setting, value::text),
            Global::InactiveCmd => reader.fill(&mut config.inactive_cmd, setting, value::text),
            Global::Sync => reader.fill(&mut config.sync, setting, value::boolean),
        }
    }

    fn finish(mut self, reader: &mut Reader<'_>, end: Span) -> (Config, MissedInFile) {
        let missed = self.missed.global;
        match self.primary {
            Some(primary) => self.config.primary = primary,
            None if missed.mentions(Global::Primary) => {}
            None => reader.sink.error(end, || {
                Draft::new(Kind::MissingArguments)
                    .detail(": the file has no `primary`")
                    .expected("`primary = ADDRESS` outside the blocks")
            }),
        }
        if self.config.backup_active.is_default() {
            self.config.backup_active.value = self.config.backup.is_some();
        }
        if let Some(router) = &mut self.config.nat_router {
            router.value.prefix = reader.prefix(self.nat_nmask, router.address);
        } else if let (Some(span), false) = (
            self.nat_nmask.and_then(|mask| mask.span),
            missed.has(Global::NatRouter),
        ) {
            reader.sink.warning(span, || {
                Draft::new(Kind::NoEffect).detail(": \"nat_nmask\" without `nat_router`")
            });
        }
        (self.config, self.missed)
    }
}
