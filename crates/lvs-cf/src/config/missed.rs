//! What the file mentions and does not say right: nobody may be told that it is missing.

use crate::directive::{self, Directive, Server, Virtual};
use crate::sink::KEPT;

/// The directives of one place that were meant to be there and could not be read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Missed {
    /// A bit for each directive.
    bits: u32,
    /// How many names were none. Of more than [`KEPT`] nobody looks for what each was meant to be.
    unknown: usize,
}

impl Missed {
    /// `directive` is there, with a fault that is reported.
    pub(super) fn insert(&mut self, directive: impl Directive) {
        self.bits |= directive.bit();
    }

    /// A directive is there under a name that is none in the place of `D`.
    pub(super) fn insert_unknown<D: Directive>(&mut self, name: &str) {
        self.unknown = self.unknown.saturating_add(1);
        if self.unknown > KEPT {
            return;
        }
        if let Some(directive) = directive::guess(D::SCOPE, name).and_then(D::find) {
            self.insert(directive);
        }
    }

    /// Anything may be there.
    fn guess(&mut self) {
        self.unknown = usize::MAX;
    }

    fn is_guess(self) -> bool {
        self.unknown > KEPT
    }

    /// Whether `directive` was meant to be there, for all one can tell.
    pub(super) fn has(self, directive: impl Directive) -> bool {
        self.is_guess() || self.mentions(directive)
    }

    /// Whether some line is about `directive`.
    pub(super) fn mentions(self, directive: impl Directive) -> bool {
        self.bits & directive.bit() != 0
    }
}

/// The same of a `virtual` or `failover` block.
#[derive(Debug, Default)]
pub(super) struct MissedInBlock {
    pub(super) own: Missed,
    /// Which of the configuration's real servers have lines that could not be read, and what these
    /// were about.
    servers: Vec<(usize, Missed)>,
}

impl MissedInBlock {
    /// Keeps what was missed in the real server at `index`; they come in their order.
    pub(super) fn insert_server(&mut self, index: usize, missed: Missed) {
        if missed.bits != 0 || missed.unknown != 0 {
            self.servers.push((index, missed));
        }
    }

    /// As [`Missed::has`], of the lines of the real server at `index`.
    pub(super) fn server_has(&self, index: usize, directive: Server) -> bool {
        let found = self.servers.binary_search_by_key(&index, |(at, _)| *at);
        let missed = found.ok().and_then(|at| self.servers.get(at));
        self.own.is_guess() || missed.is_some_and(|(_, missed)| missed.has(directive))
    }

    /// As [`Missed::has`], of the block's own lines.
    pub(super) fn has(&self, directive: Virtual) -> bool {
        self.own.has(directive)
    }

    /// Whether the port of the real server at `index`, which has `its_own` or the block's, was
    /// meant to be another one, for all one can tell.
    pub(super) fn has_port(&self, index: usize, its_own: bool) -> bool {
        let block = !its_own && self.has(Virtual::Port);
        block || self.server_has(index, Server::Port)
    }
}

/// The same of a whole file.
#[derive(Debug, Default)]
pub(super) struct MissedInFile {
    pub(super) global: Missed,
    /// One for each of the configuration's virtual servers, in their order.
    pub(super) virtual_servers: Vec<MissedInBlock>,
    /// One for each of the configuration's failover services, in their order.
    pub(super) failover_services: Vec<MissedInBlock>,
    /// A block is not in the configuration: without a usable name or address, or unknown.
    pub(super) block: bool,
}

impl MissedInFile {
    /// It is a guess which block is which: every line may have been meant for elsewhere.
    pub(super) fn guess(&mut self) {
        self.block = true;
        self.global.guess();
        let blocks = self.virtual_servers.iter_mut();
        blocks
            .chain(&mut self.failover_services)
            .for_each(|block| block.own.guess());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directive::{Global, Virtual};

    #[test]
    fn a_misspelt_name_is_a_mention_and_another_word_is_none() {
        let mut missed = Missed::default();
        missed.insert(Global::Keepalive);
        missed.insert_unknown::<Global>("bakup");
        missed.insert_unknown::<Global>("nonsense");
        assert!(missed.has(Global::Keepalive) && missed.has(Global::Backup));
        assert!(!missed.has(Global::NatRouter));
        for _ in 0..KEPT {
            missed.insert_unknown::<Virtual>("nonsense");
        }
        assert!(missed.has(Virtual::Expect), "one of so many may be it");
        assert!(!missed.mentions(Virtual::Expect));
    }
}
