//! What the two routers need of each other: addresses, heartbeats, timers.

use std::net::IpAddr;

use super::addresses::{family, routers};
use crate::config::Config;
use crate::config::missed::Missed;
use crate::directive::Global;
use crate::sink::{Draft, Sink};
use crate::unresolved::same_family;
use crate::value::LONGEST;
use crate::{Kind, Span, Spanned};

pub(super) fn check(config: &mut Config, missed: Missed, sink: &mut Sink) {
    addresses(config, missed, sink);
    if !missed.has(Global::BackupActive) {
        heartbeat(config, sink);
    }
    if !missed.has(Global::Keepalive) && !missed.has(Global::Deadtime) {
        timers(config, sink);
    }
}

fn addresses(config: &mut Config, missed: Missed, sink: &mut Sink) {
    if *config.backup_active && config.backup.is_none() && !missed.has(Global::Backup) {
        let span = config.backup_active.span.unwrap_or(Span::new(0, 0));
        config.backup_active.value = false;
        sink.warning(span, || {
            Draft::new(Kind::NoEffect)
                .detail(": \"backup_active = 1\" without `backup`; this router runs alone")
        });
    }
    if let Some(backup) = config.backup {
        one_family("backup", backup, config.primary, sink);
    }
    if let (Some(primary), Some(backup)) = (config.primary_private, config.backup_private) {
        one_family("backup_private", backup, primary, sink);
    }
    if !*config.backup_active {
        return;
    }
    two_routers(config, sink);
    two_links(config, sink);
    if missed.has(Global::BackupActive) {
        return;
    }
    let (one, name, other) = match (config.primary_private, config.backup_private) {
        (Some(one), None) if !missed.has(Global::BackupPrivate) => {
            (one, "primary_private", "backup_private")
        }
        (None, Some(one)) if !missed.has(Global::PrimaryPrivate) => {
            (one, "backup_private", "primary_private")
        }
        _ => return,
    };
    if let Some(span) = one.span {
        sink.warning(span, || {
            Draft::new(Kind::NoEffect).detail(format!(": \"{name}\" without `{other}`"))
        });
    }
}

/// An address of one router that is the other one's too: each would take itself for its partner.
fn two_routers(config: &Config, sink: &mut Sink) {
    let routers = routers(config);
    let (backups, primaries): (Vec<_>, Vec<_>) = routers
        .into_iter()
        .partition(|(name, _)| name.starts_with("backup"));
    for (name, backup) in backups {
        let same = primaries.iter().find(|(_, primary)| **primary == *backup);
        let places = same.and_then(|(other, primary)| Some((*other, backup.span?, primary.span?)));
        if let Some((other, span, primary)) = places {
            sink.error(span, || {
                Draft::new(Kind::InvalidArgument)
                    .detail(format!(": \"{name}\" is the same as \"{other}\""))
                    .expected("an address of the other router")
                    .related(primary, "the primary's address")
            });
        }
    }
}

/// A private address that is the public one is no second link.
fn two_links(config: &Config, sink: &mut Sink) {
    let links = [
        ("primary", Some(config.primary), config.primary_private),
        ("backup", config.backup, config.backup_private),
    ];
    for (router, public, private) in links {
        let (Some(public), Some(private)) = (public, private) else {
            continue;
        };
        let (Some(first), Some(span)) = (public.span, private.span) else {
            continue;
        };
        if *public == *private {
            sink.warning(span, || {
                Draft::new(Kind::Doubtful)
                    .detail(format!(
                        ": \"{router}_private\" is the same as \"{router}\": only one heartbeat link"
                    ))
                    .expected("the router's address on another link, or no such directive")
                    .related(first, "the public address")
            });
        }
    }
}

/// The two ends of a link speak one protocol.
fn one_family(name: &str, backup: Spanned<IpAddr>, primary: Spanned<IpAddr>, sink: &mut Sink) {
    let (Some(span), Some(other)) = (backup.span, primary.span) else {
        return;
    };
    if same_family(*backup, *primary) {
        return;
    }
    sink.error(span, || {
        Draft::new(Kind::InvalidArgument)
            .detail(format!(
                ": \"{name}\" is an {} address and the primary's is not",
                family(*backup)
            ))
            .expected(format!("an {} address", family(*primary)))
            .related(other, "the primary's address")
    });
}

fn heartbeat(config: &Config, sink: &mut Sink) {
    let off = config.heartbeat;
    if let Some(span) = off.span.filter(|_| !*off && *config.backup_active) {
        sink.warning(span, || {
            Draft::new(Kind::NoEffect)
                .detail(": \"heartbeat = 0\" with an active backup; heartbeats are sent")
        });
    }
}

fn timers(config: &mut Config, sink: &mut Sink) {
    if config.deadtime.value <= config.keepalive.value {
        let span = config
            .deadtime
            .span
            .or(config.keepalive.span)
            .unwrap_or(Span::new(0, 0));
        let corrected = config.keepalive.value.saturating_mul(2).min(LONGEST);
        config.deadtime.value = corrected;
        // Of the longest keepalives there is no double.
        config.keepalive.value = config.keepalive.value.min(corrected / 2);
        sink.warning(span, || {
            Draft::new(Kind::DeadtimeTooShort)
                .detail(format!("; {corrected:?} is used"))
                .expected("a deadtime of several keepalives")
        });
    }
}
