//! What the language has and the daemons of this version do not do: refused by name, where it would
//! run. What is inactive, or has no effect for another reason, keeps no file from loading.
//!
//! One row each. When the daemons learn something, its row goes, and nothing else knows.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::config::VirtualServer;
use crate::sink::{Draft, Sink};
use crate::words::shown;
use crate::{Config, Document, Kind, Network, Protocol, ServiceKind, Span, Spanned};

/// Something that is not done yet.
struct Row {
    /// Where a file asks for it.
    asked: fn(&Config) -> Vec<Span>,
    /// How the error names it.
    wording: Wording,
}

/// How an error names what is refused.
enum Wording {
    /// `unsupported value "VALUE" of "NAME"`, and the value that is done.
    Value(&'static str),
    /// `unsupported directive "NAME"`.
    Directive,
    /// `unsupported WHAT "VALUE"`, and what is done.
    Thing(&'static str, &'static str),
    /// `unsupported block "KEYWORD"`.
    Block,
}

use Wording::{Block, Directive, Thing, Value};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(|c| value(&c.service, &ServiceKind::Lvs), Value("`lvs`")),
    row(|c| with_fos(c, given(&c.primary_shared)), Directive),
    row(|c| with_fos(c, given(&c.backup_shared)), Directive),
    row(|c| with_fos(c, given(&c.reservation_conflict_action)), Directive),
    row(|c| value(&c.monitor_links, &0), Value("`0`")),
    row(|c| value(&c.syncdaemon, &false), Value("`0`")),
    row(|c| given(&c.active_cmd), Directive),
    row(|c| given(&c.inactive_cmd), Directive),
    row(|c| each(c, |b| unless(&b.protocol, *b.protocol != Protocol::Sctp)), Thing("protocol", "`tcp` or `udp`")),
    row(shared_mark, Thing("second block under firewall mark", "one block for each mark")),
    row(|c| each(c, |b| given(&b.sorry_server)), Directive),
    row(failover_blocks, Block),
    row(ipv6, Thing("IPv6 address", "an IPv4 address")),
];

const fn row(asked: fn(&Config) -> Vec<Span>, wording: Wording) -> Row {
    Row { asked, wording }
}

/// The place of a value that is not the one that is done.
fn value<T: PartialEq>(value: &Spanned<T>, done: &T) -> Vec<Span> {
    unless(value, value.value == *done)
}

fn unless<T>(value: &Spanned<T>, done: bool) -> Vec<Span> {
    value.span.filter(|_| !done).into_iter().collect()
}

/// The place of a value that no value is done of.
fn given<T>(value: &Option<Spanned<T>>) -> Vec<Span> {
    value.iter().filter_map(|value| value.span).collect()
}

/// The places, if failover services are what is run.
fn with_fos(config: &Config, places: Vec<Span>) -> Vec<Span> {
    if *config.service == ServiceKind::Fos {
        places
    } else {
        Vec::new()
    }
}

fn failover_blocks(config: &Config) -> Vec<Span> {
    let blocks = config.active_failover_services();
    with_fos(config, blocks.filter_map(|f| f.name.span).collect())
}

/// The virtual servers that run.
fn running(config: &Config) -> impl Iterator<Item = &VirtualServer> {
    let lvs = *config.service == ServiceKind::Lvs;
    config.active_virtual_servers().filter(move |_| lvs)
}

/// The places in the virtual blocks that run; failover blocks are refused whole.
fn each(config: &Config, asked: fn(&VirtualServer) -> Vec<Span>) -> Vec<Span> {
    running(config).flat_map(asked).collect()
}

/// The places of marks that an earlier block that runs has too.
fn shared_mark(config: &Config) -> Vec<Span> {
    let mut seen = HashSet::new();
    running(config)
        .filter(|block| *block.fwmark != 0)
        .filter(|block| !seen.insert((*block.fwmark, block.address.address.is_ipv4())))
        .filter_map(|block| block.fwmark.span)
        .collect()
}

fn ipv6(config: &Config) -> Vec<Span> {
    let mut found = Vec::new();
    let mut look = |address: IpAddr, span: Option<Span>| {
        found.extend(span.filter(|_| address.is_ipv6()));
    };
    look(*config.primary, config.primary.span);
    if *config.backup_active {
        config.backup.inspect(|host| look(**host, host.span));
        // One of the two alone is not used.
        if let (Some(primary), Some(backup)) = (config.primary_private, config.backup_private) {
            look(*primary, primary.span);
            look(*backup, backup.span);
        }
    }
    let nat = *config.network == Network::Nat;
    if let Some(router) = config.nat_router.as_ref().filter(|_| nat) {
        look(router.address, router.span);
    }
    for block in running(config) {
        look(block.address.address, block.address.span);
        for server in block.active_servers() {
            look(*server.address, server.address.span);
        }
    }
    found
}

/// Reports everything that `config` asks for and this version does not do.
pub(crate) fn refuse(config: &Config, document: &Document, sink: &mut Sink) {
    for row in ROWS {
        for span in (row.asked)(config) {
            // What a directive is called stands before its value on the same line.
            let name = document.first_token_of_line(span);
            let (name, name_span) = name.map_or(("", span), |name| (name.text, name.span));
            let span = match row.wording {
                // An address without the device behind it.
                Value(_) | Thing(..) => document.word_at(span.start).map_or(span, |w| w.span),
                Directive | Block => name_span,
            };
            sink.error(span, || {
                let value = shown(document.token_at(span).text);
                let draft = Draft::new(Kind::Unsupported);
                match row.wording {
                    Value(done) => draft
                        .detail(later(&format!("value \"{value}\" of \"{name}\"")))
                        .expected(done),
                    Thing(what, done) => draft
                        .detail(later(&format!("{what} \"{value}\"")))
                        .expected(done),
                    Directive => draft
                        .detail(later(&format!("directive \"{name}\"")))
                        .help("remove the line, or comment it out with `#`"),
                    Block => draft
                        .detail(later(&format!("block \"{name}\"")))
                        .expected("`virtual NAME {`"),
                }
            });
        }
    }
}

fn later(what: &str) -> String {
    format!(" {what}: not implemented in this version")
}
