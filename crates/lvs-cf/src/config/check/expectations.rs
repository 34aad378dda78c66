//! What a monitor is to expect: an expression or a program that it could not use would end it at
//! its start, and with `hard_shutdown = 1` the router's service with it.

use expect::{escape, pattern::Pattern};

use crate::Kind;
use crate::config::{Config, VirtualServer};
use crate::sink::{Draft, Sink};
use crate::words::shown;

pub(super) fn check(config: &Config, sink: &mut Sink) {
    for block in config.blocks() {
        expression(block, sink);
        program(block, sink);
    }
}

/// `expect` that is no expression though it is to be one.
fn expression(block: &VirtualServer, sink: &mut Sink) {
    let Some(expect) = block.expect.as_ref().filter(|_| *block.use_regex) else {
        return;
    };
    let decoded = escape::decode(expect.as_bytes());
    if let (Err(error), Some(span)) = (Pattern::new(&decoded), expect.span) {
        sink.error(span, || {
            Draft::new(Kind::InvalidArgument)
                .detail(format!(": \"{}\": {error}", shown(expect)))
                .expected("a POSIX extended regular expression, as `use_regex = 1` says")
        });
    }
}

/// `send_program` that names none.
fn program(block: &VirtualServer, sink: &mut Sink) {
    let Some(line) = &block.send_program else {
        return;
    };
    let names_one = line.split([' ', '\t']).any(|word| !word.is_empty());
    if let (false, Some(span)) = (names_one, line.span) {
        sink.error(span, || {
            Draft::new(Kind::InvalidArgument)
                .detail(format!(": \"{}\"", shown(line)))
                .expected("a program, and its arguments")
        });
    }
}
