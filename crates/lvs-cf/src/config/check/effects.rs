//! Directives that change nothing, because of others or of where they stand; and words that are
//! probably misspelt.

use crate::config::missed::{Missed, MissedInFile};
use crate::config::{Config, Network, ServiceKind, VirtualServer};
use crate::directive::{Global, Virtual};
use crate::sink::{Draft, Sink};
use crate::words::{nearest, shown};
use crate::{Kind, Span, Spanned};

pub(super) fn check(config: &mut Config, missed: &MissedInFile, sink: &mut Sink) {
    for (block, missed) in config
        .virtual_servers
        .iter_mut()
        .zip(&missed.virtual_servers)
    {
        interval(block, missed.own, sink);
        any_block(block, missed.own, sink);
        virtual_server(block, missed.own, sink);
    }
    for (block, missed) in config
        .failover_services
        .iter_mut()
        .zip(&missed.failover_services)
    {
        interval(block, missed.own, sink);
        any_block(block, missed.own, sink);
        failover_service(block, sink);
    }
    global(config, missed.global, sink);
}

/// Warns that what is at `span` changes nothing.
fn idle(span: Option<Span>, sink: &mut Sink, why: impl FnOnce() -> String) {
    if let Some(span) = span {
        sink.warning(span, || Draft::new(Kind::NoEffect).detail(why()));
    }
}

/// Where the file gives a value, if it does.
fn given<T>(value: &Option<Spanned<T>>) -> Option<Span> {
    value.as_ref().and_then(|value| value.span)
}

fn global(config: &Config, missed: Missed, sink: &mut Sink) {
    suspicious_word(sink, &config.rsh_command, &["rsh", "ssh"]);
    let sync = config.sync;
    idle(sync.span.filter(|_| *sync), sink, || {
        ": \"sync\" is accepted and not used".to_owned()
    });
    if !*config.syncdaemon && !missed.has(Global::Syncdaemon) {
        for (name, span) in [
            ("syncd_iface", config.syncd_iface.span),
            ("syncd_id", config.syncd_id.span),
        ] {
            idle(span, sink, || {
                format!(": \"{name}\" without `syncdaemon = 1`")
            });
        }
    }
    let network = *config.network;
    if network != Network::Nat {
        idle(given(&config.nat_router), sink, || {
            format!(": \"nat_router\" with `network = {network}`")
        });
    }
    if !missed.has(Global::Service) {
        wrong_kind(config, sink);
    }
}

/// What belongs to the kind of service that the file does not run.
fn wrong_kind(config: &Config, sink: &mut Sink) {
    match *config.service {
        ServiceKind::Lvs => {
            let action = &config.reservation_conflict_action;
            for (name, span) in [
                ("primary_shared", given(&config.primary_shared)),
                ("backup_shared", given(&config.backup_shared)),
                ("reservation_conflict_action", given(action)),
            ] {
                idle(span, sink, || {
                    format!(": \"{name}\" without `service = fos`")
                });
            }
            for block in config.active_failover_services() {
                idle(block.name.span, sink, || {
                    format!(
                        ": failover service \"{}\" without `service = fos`",
                        shown(&block.name)
                    )
                });
            }
        }
        ServiceKind::Fos => {
            for block in config.active_virtual_servers() {
                idle(block.name.span, sink, || {
                    format!(
                        ": virtual server \"{}\" with `service = fos`",
                        shown(&block.name)
                    )
                });
            }
        }
    }
}

/// A check that takes longer to come than the verdict cannot be.
fn interval(block: &mut VirtualServer, missed: Missed, sink: &mut Sink) {
    if missed.has(Virtual::Timeout) {
        return;
    }
    let timeout = block.timeout.value;
    if let Some(interval) = block.interval.as_mut().filter(|i| i.value > timeout) {
        interval.value = timeout;
        idle(interval.span, sink, || {
            format!(": \"interval\" exceeds `timeout`; {timeout:?} is used")
        });
    }
}

fn any_block(block: &VirtualServer, missed: Missed, sink: &mut Sink) {
    let known = &["uptime", "ruptime", "rup", "none"];
    suspicious_word(sink, &block.load_monitor, known);
    let regex = block.use_regex;
    if block.expect.is_none() && !missed.has(Virtual::Expect) {
        idle(regex.span.filter(|_| *regex), sink, || {
            ": \"use_regex\" without `expect`".to_owned()
        });
    }
    if block.send_program.is_some() {
        idle(given(&block.send), sink, || {
            ": \"send\" with `send_program`".to_owned()
        });
    }
    for (name, span) in [
        ("master", given(&block.master)),
        ("dirs", given(&block.dirs)),
    ] {
        idle(span, sink, || {
            format!(": \"{name}\" is accepted and not used")
        });
    }
}

fn virtual_server(block: &VirtualServer, missed: Missed, sink: &mut Sink) {
    let narrowed = *block.pmask != *VirtualServer::whole_mask(block.address.address);
    if *block.persistent == 0 && narrowed && !missed.has(Virtual::Persistent) {
        idle(block.pmask.span, sink, || {
            ": \"pmask\" without `persistent`".to_owned()
        });
    }
    for (name, span) in [
        ("start_cmd", given(&block.start_cmd)),
        ("stop_cmd", given(&block.stop_cmd)),
    ] {
        idle(span, sink, || format!(": \"{name}\" in a virtual block"));
    }
}

/// What is about real servers and the kernel's table.
fn failover_service(block: &VirtualServer, sink: &mut Sink) {
    let plain = VirtualServer::new(block.name.clone(), block.address.clone());
    fn changed<T: PartialEq>(value: &Spanned<T>, plain: &Spanned<T>) -> Option<Span> {
        value.span.filter(|_| value != plain)
    }
    for (name, span) in [
        ("fwmark", changed(&block.fwmark, &plain.fwmark)),
        ("scheduler", changed(&block.scheduler, &plain.scheduler)),
        ("persistent", changed(&block.persistent, &plain.persistent)),
        ("pmask", changed(&block.pmask, &plain.pmask)),
        (
            "load_monitor",
            changed(&block.load_monitor, &plain.load_monitor),
        ),
        (
            "quiesce_server",
            changed(&block.quiesce_server, &plain.quiesce_server),
        ),
        ("sorry_server", given(&block.sorry_server)),
    ] {
        idle(span, sink, || format!(": \"{name}\" in a failover block"));
    }
    for server in &block.servers {
        idle(server.name.span, sink, || {
            format!(": server \"{}\" in a failover block", shown(&server.name))
        });
    }
}

/// Warns of a free word that is neither known nor a path: a misspelling, or a word of another tool.
fn suspicious_word(sink: &mut Sink, word: &Spanned<String>, known: &'static [&'static str]) {
    let first = word.split(' ').next().unwrap_or_default();
    let Some(span) = word.span.filter(|_| !known.contains(&first)) else {
        return;
    };
    let near = nearest(word, known);
    if near.is_none() && first.contains('/') {
        return;
    }
    sink.warning(span, || {
        let draft = Draft::new(Kind::Doubtful)
            .detail(format!(": \"{}\" is treated as a program", shown(word)));
        match near {
            Some(_) => draft.nearest(near),
            None => draft.expected(format!("one of {}, or a path", known.join(", "))),
        }
    });
}
