//! What a monitor asks and expects. An expression or a program that it could not use would end it at
//! its start, and with `hard_shutdown = 1` the router's service with it.

use expect::{escape, pattern::Pattern};

use crate::Kind;
use crate::config::missed::{MissedInBlock, MissedInFile};
use crate::config::{Config, Protocol, VirtualServer};
use crate::directive::Virtual;
use crate::sink::{Draft, Sink};
use crate::words::shown;

pub(super) fn check(config: &Config, missed: &MissedInFile, sink: &mut Sink) {
    for block in config.blocks() {
        expression(block, sink);
        program(block, sink);
    }
    for (block, missed) in config.virtual_servers.iter().zip(&missed.virtual_servers) {
        silence(block, missed, sink);
        same_for_all(block, sink);
        looks_like_expression(block, missed, sink);
    }
}

/// `send_program` that is not told which real server it is about: one verdict for all of them.
fn same_for_all(block: &VirtualServer, sink: &mut Sink) {
    let program = block.send_program.as_ref().filter(|_| *block.active);
    let Some(program) = program.filter(|line| !line.contains("%h") && !line.trim().is_empty())
    else {
        return;
    };
    if let Some(span) = program.span {
        sink.warning(span, || {
            Draft::new(Kind::Doubtful)
                .detail(": \"send_program\" does not name the real server to check")
                .expected("`%h` in the command for the real server's address")
        });
    }
}

/// `expect` that has what plain text seldom has, and that no directive calls an expression.
fn looks_like_expression(block: &VirtualServer, missed: &MissedInBlock, sink: &mut Sink) {
    let Some(expect) = &block.expect else {
        return;
    };
    let is_said = !block.use_regex.is_default() || missed.has(Virtual::UseRegex);
    let choice = expect.contains('(') && expect.contains('|') && expect.contains(')');
    // Not `.*`: in plain text the `*` is any byte, as in `HTTP/1.* 200`.
    let looks = expect.starts_with('^') || expect.ends_with('$') || choice;
    if let Some(span) = expect.span.filter(|_| looks && !is_said) {
        sink.warning(span, || {
            Draft::new(Kind::Doubtful)
                .detail(format!(": \"{}\" is matched as plain text", shown(expect)))
                .expected("`use_regex = 1` for a regular expression, or `use_regex = 0`")
        });
    }
}

/// A UDP service that is asked nothing, and so says nothing: all its real servers would stay out.
fn silence(block: &VirtualServer, missed: &MissedInBlock, sink: &mut Sink) {
    let is_asked = block.send.as_ref().is_some_and(|send| !send.is_empty())
        || block.send_program.is_some()
        || missed.has(Virtual::Send)
        || missed.has(Virtual::SendProgram);
    // What another monitor asks, it knows itself.
    let other_monitor = !block.client_monitor.is_default() || missed.has(Virtual::ClientMonitor);
    if !*block.active || *block.protocol != Protocol::Udp || is_asked || other_monitor {
        return;
    }
    let empty = block.send.as_ref().and_then(|send| send.span);
    if let Some(span) = empty.or(block.protocol.span) {
        sink.warning(span, || {
            Draft::new(Kind::Doubtful)
                .detail(": UDP health check without data to send; few services reply to that")
                .expected("`send = STRING` or `send_program = COMMAND` in this block")
                .help("a real server that does not reply gets no traffic")
        });
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
                .expected("a POSIX extended regular expression (`use_regex = 1`)")
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
                .expected("a program and its arguments")
        });
    }
}
