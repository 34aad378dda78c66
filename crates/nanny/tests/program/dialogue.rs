//! Requests and expected replies over TCP, bytes and expressions.

use std::time::Duration;

use crate::faults::{LONG_RULES, TIMEOUT, fails, rules};
use crate::nanny::{Nanny, PAGES, together, wait_until};
use crate::server::{Behavior, Server};

/// A server with this behavior passes checks with these arguments repeatedly.
#[track_caller]
fn passes(behavior: Behavior, check: &[&str]) {
    let server = Server::up(behavior);
    let mut nanny = Nanny::checking(server.address, LONG_RULES, check);
    nanny.passes(TIMEOUT);
}

/// A server with this behavior fails a check with these arguments, after `least`.
#[track_caller]
fn fails_with(behavior: Behavior, check: &[&str], line: &str, least: Duration) {
    let server = Server::up(behavior);
    let line = line.replace("RS", &server.address.to_string());
    let nanny = Nanny::checking(server.address, rules(least), check);
    fails(nanny, &line, least);
}

const UNEXPECTED: &str = "READ to RS failed: unexpected reply";

#[test]
fn sends_request_and_matches_reply() {
    let quit = Behavior::Demands(b"\tQUIT \\ '\"\r\n", b"221 bye");
    passes(quit, &["-s", r#"\tQUIT \\ \'\"\r\n"#, "-x", "221"]);
    let literal = Behavior::Demands(br"QUIT\r\n", b"221 bye");
    passes(literal, &["-T", "-s", r"QUIT\r\n", "-x", "221"]);
    fails_with(
        literal,
        &["-s", r"QUIT\r\n", "-x", "221"],
        "READ to RS timed out",
        TIMEOUT,
    );
}

#[test]
fn server_greeting_needs_no_request() {
    passes(Behavior::Greets(b"220 mail ESMTP\r\n"), &["-x", "220 "]);
    fails_with(
        Behavior::Greets(b"421 busy\r\n"),
        &["-x", "220 "],
        UNEXPECTED,
        Duration::ZERO,
    );
}

#[test]
fn send_without_expect_checks_connection() {
    passes(Behavior::Hangs, &["-s", "hello"]);
    passes(Behavior::Hangs, &["-s", "hello", "-x", ""]);
}

#[test]
fn wildcard_matches_any_byte() {
    let pause = Duration::from_millis(5);
    let page = Behavior::ByteByByte(b"HTTP/1.1 204 No Content\r\n", pause);
    passes(page, &["-s", "x", "-x", "HTTP/1.* 2**"]);
    passes(Behavior::Greets(b"\0"), &["-x", "*"]);
    let half = "READ to RS failed: connection closed before complete reply";
    fails_with(Behavior::Greets(b"x"), &["-x", "**"], half, Duration::ZERO);
    fails_with(
        page,
        &["-s", "x", "-x", "HTTP/1.* 3**"],
        UNEXPECTED,
        Duration::ZERO,
    );
}

#[test]
fn expression_matches_anywhere() {
    let pause = Duration::from_millis(5);
    let page = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n{\"state\": \"up\"}";
    let expressions = ["^HTTP/1\\.[01] (200|204) ", "\"state\": *\"up\"", "up\"}$"];
    together(&expressions, |expression| {
        let check = ["-s", "x", "--regex", "-x", expression];
        passes(Behavior::Answers(page), &check);
        passes(Behavior::ByteByByte(page, pause), &check);
    });
    together(&["^Server", "\"down\"", "^$"], |expression| {
        let check = ["-s", "x", "--regex", "-x", expression];
        fails_with(Behavior::Answers(page), &check, UNEXPECTED, Duration::ZERO);
    });
    let check = ["-s", "x", "--regex", "-x", ".*"];
    fails_with(Behavior::Hangs, &check, "READ to RS timed out", TIMEOUT);
}

#[test]
fn expression_bounds_memory_of_flood() {
    let check = ["-s", "x", "--regex", "-x", "^HTTPx+[yz]$"];
    fails_with(Behavior::Floods, &check, UNEXPECTED, Duration::ZERO);

    let server = Server::up(Behavior::Floods);
    let mut nanny = Nanny::checking(server.address, "-t 15 --interval 10ms", &check);
    nanny.wait_for("[inactive]");
    let before = nanny.memory();
    wait_until("it checks", || server.accepted() > 5);
    nanny.never_logs("[ active ]", Duration::from_millis(10));
    // From then on no check holds a reply.
    drop(server);
    nanny.memory_settles_within(before + PAGES);
}
