//! Cross-checks: what no single line can be blamed for.
//!
//! They also run over a file with errors, of which they see what could be read.

mod addresses;
mod bundles;
mod effects;
mod expectations;
mod pair;
mod pools;
mod services;

use super::Config;
use crate::sink::Sink;
use bundles::Bundles;

/// Checks the whole and puts right what cannot work.
pub(super) fn check(config: &mut Config, sink: &mut Sink) {
    pair::check(config, sink);
    effects::check(config, sink);
    expectations::check(config, sink);
    addresses::check(config, sink);
    services::check(config, sink);
    let bundles = Bundles::of(config);
    bundles.check(config, sink);
    pools::check(config, &bundles, sink);
}
