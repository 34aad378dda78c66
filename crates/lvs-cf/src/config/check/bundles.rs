//! Firewall-mark services: the blocks under one mark are one service of the kernel, a bundle.

use std::collections::HashMap;

use crate::config::missed::{MissedInBlock, MissedInFile};
use crate::config::{Config, Network, Protocol, VirtualServer};
use crate::directive::{Global, Virtual};
use crate::sink::{Draft, Sink};
use crate::{Kind, Span, Spanned};

const FTP: u16 = 21;

/// The bundles of a file: which blocks are first under their mark, and which marks have several
/// ports.
pub(super) struct Bundles {
    by_mark: HashMap<Mark, Bundle>,
}

/// How the kernel knows a firewall-mark service: by family and mark.
type Mark = (bool, u32);

struct Bundle {
    /// Index of the block that gives scheduler and persistence.
    first: usize,
    several_ports: bool,
}

fn mark(service: &VirtualServer) -> Option<Mark> {
    let family = service.address.address.is_ipv4();
    (*service.fwmark != 0).then_some((family, *service.fwmark))
}

impl Bundles {
    /// The bundles of the active virtual servers. None where faults of the file may hide which
    /// blocks were meant to be one.
    pub(super) fn of(config: &Config, missed: &MissedInFile) -> Self {
        let mut by_mark = HashMap::new();
        if uncertain(missed) {
            return Self { by_mark };
        }
        for (index, service) in config.virtual_servers.iter().enumerate() {
            let Some(mark) = mark(service).filter(|_| *service.active) else {
                continue;
            };
            let bundle: &mut Bundle = by_mark.entry(mark).or_insert(Bundle {
                first: index,
                several_ports: false,
            });
            bundle.several_ports |= config.virtual_servers[bundle.first].port != service.port;
        }
        Self { by_mark }
    }

    /// Whether traffic to `service` keeps the port it came to.
    pub(super) fn keeps_port(&self, service: &VirtualServer) -> bool {
        let bundle = mark(service).and_then(|mark| self.by_mark.get(&mark));
        bundle.is_some_and(|bundle| bundle.several_ports)
    }

    pub(super) fn check(&self, config: &Config, missed: &MissedInFile, sink: &mut Sink) {
        if uncertain(missed) {
            return;
        }
        for (index, service) in config.virtual_servers.iter().enumerate() {
            if !*service.active {
                continue;
            }
            let bundle = mark(service).and_then(|mark| self.by_mark.get(&mark));
            match bundle {
                Some(bundle) if bundle.first != index => {
                    first_counts(&config.virtual_servers[bundle.first], service, sink);
                }
                Some(bundle) if bundle.several_ports => several_ports(service, sink),
                Some(_) | None => ftp(service, *config.network, sink),
            }
        }
    }
}

/// Whether bundles are other ones, perhaps, than the file was meant to have.
fn uncertain(missed: &MissedInFile) -> bool {
    let of_block = |missed: &MissedInBlock| {
        use Virtual::{Active, Fwmark, Persistent, Pmask, Port, Protocol, Scheduler};
        let decisive = [Active, Fwmark, Persistent, Pmask, Port, Protocol, Scheduler];
        decisive.iter().any(|directive| missed.has(*directive))
    };
    missed.block
        || missed.global.has(Global::Network)
        || missed.virtual_servers.iter().any(of_block)
}

/// Scheduler and persistence of a bundle are those of its first block. A later block need not
/// repeat them.
fn first_counts(first: &VirtualServer, later: &VirtualServer, sink: &mut Sink) {
    let mut differs = |name: &str, span: Option<Span>, other: Option<Span>, counts: String| {
        let Some(span) = span else {
            return;
        };
        let (other, what) = match other {
            Some(other) => (other, "the first block's value, which applies"),
            None => (first.name.span.unwrap_or(span), "the first block"),
        };
        sink.warning(span, || {
            let mark = later.fwmark;
            Draft::new(Kind::NoEffect)
                .detail(format!(
                    ": \"{name}\" in a later block under fwmark {mark}; {counts} is used"
                ))
                .related(other, what)
        });
    };
    if first.scheduler != later.scheduler {
        let counts = first.scheduler.to_string();
        differs(
            "scheduler",
            later.scheduler.span,
            first.scheduler.span,
            counts,
        );
    }
    if first.persistent != later.persistent {
        let counts = first.persistent.to_string();
        differs(
            "persistent",
            later.persistent.span,
            first.persistent.span,
            counts,
        );
    } else if *first.persistent > 0 && first.pmask != later.pmask {
        let counts = format!("/{}", *first.pmask);
        differs("pmask", later.pmask.span, first.pmask.span, counts);
    }
}

fn several_ports(first: &VirtualServer, sink: &mut Sink) {
    let mark = &first.fwmark;
    if *first.persistent == 0 {
        no_persistence(mark, sink, || {
            format!(": several ports under fwmark {mark}")
        });
    }
}

/// With NAT and no mark the kernel's FTP helper takes care of the data connections.
fn ftp(service: &VirtualServer, network: Network, sink: &mut Sink) {
    if *service.persistent > 0 || *service.port != FTP || *service.protocol != Protocol::Tcp {
        return;
    }
    let (mark, port) = (&service.fwmark, &service.port);
    if **mark != 0 {
        no_persistence(mark, sink, || format!(": FTP under fwmark {mark}"));
    } else if network != Network::Nat {
        no_persistence(port, sink, || format!(": FTP with `network = {network}`"));
    }
}

fn no_persistence<T>(place: &Spanned<T>, sink: &mut Sink, what: impl FnOnce() -> String) {
    sink.warning(place.span.unwrap_or(Span::new(0, 0)), || {
        Draft::new(Kind::NoPersistence)
            .detail(what())
            .expected("`persistent = SECONDS` in this block")
            .help("without it, connections of one client go to different real servers")
    });
}
