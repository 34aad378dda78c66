//! Cross-checks: what no single line can be blamed for.
//!
//! They also run over a file with errors, of which they see what could be read. What could not,
//! they do not call missing.

mod addresses;
mod bundles;
mod effects;
mod expectations;
mod pair;
mod pools;
mod services;

use std::net::IpAddr;

use super::Config;
use super::missed::MissedInFile;
use crate::sink::Sink;
use crate::unresolved::said;
use crate::words::shown;
use crate::{Document, Span, Unresolved};
use bundles::Bundles;

/// Checks the whole and puts right what cannot work.
pub(super) fn check(
    config: &mut Config,
    document: &Document,
    missed: &MissedInFile,
    sink: &mut Sink,
) {
    pair::check(config, missed.global, sink);
    effects::check(config, missed, sink);
    expectations::check(config, missed, sink);
    addresses::check(config, missed.global, sink);
    services::check(config, document, missed, sink);
    let bundles = Bundles::of(config, missed);
    bundles.check(config, missed, sink);
    pools::check(config, document, missed, &bundles, sink);
}

/// A host for a message, as [`said()`], and a port of it.
fn said_with_port(document: &Document, address: IpAddr, span: Option<Span>, port: u16) -> String {
    let host = said(document, address, span);
    if address.is_ipv6() && !Unresolved::is_stand_in(address) {
        format!("[{host}]:{port}")
    } else {
        format!("{}:{port}", shown(&host))
    }
}
