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

use super::Config;
use super::missed::MissedInFile;
use crate::sink::Sink;
use bundles::Bundles;

/// Checks the whole and puts right what cannot work.
pub(super) fn check(config: &mut Config, missed: &MissedInFile, sink: &mut Sink) {
    pair::check(config, missed.global, sink);
    effects::check(config, missed, sink);
    expectations::check(config, sink);
    addresses::check(config, missed.global, sink);
    services::check(config, missed, sink);
    let bundles = Bundles::of(config);
    bundles.check(config, missed, sink);
    pools::check(config, &bundles, sink);
}
