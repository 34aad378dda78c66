//! What is sent and expected over TCP, bytes and expressions.

use std::time::Duration;

use crate::faults::{PATIENT, TIMEOUT, fails, rules};
use crate::nanny::{Nanny, PAGES, together, wait_until};
use crate::server::{Manner, Server};

/// A server of this manner passes a check with these arguments, again and again.
#[track_caller]
fn passes(manner: Manner, check: &[&str]) {
    let server = Server::up(manner);
    let mut nanny = Nanny::checking(server.address, PATIENT, check);
    nanny.passes(TIMEOUT);
}

/// A server of this manner fails a check with these arguments, after `least`.
#[track_caller]
fn fails_with(manner: Manner, check: &[&str], line: &str, least: Duration) {
    let server = Server::up(manner);
    let line = line.replace("RS", &server.address.to_string());
    let nanny = Nanny::checking(server.address, rules(least), check);
    fails(nanny, &line, least);
}

const UNEXPECTED: &str = "READ to RS failed: the reply is not as expected";

#[test]
fn what_is_sent_is_what_is_said() {
    let quit = Manner::Demands(b"\tQUIT \\ '\"\r\n", b"221 bye");
    passes(quit, &["-s", r#"\tQUIT \\ \'\"\r\n"#, "-x", "221"]);
    let literal = Manner::Demands(br"QUIT\r\n", b"221 bye");
    passes(literal, &["-T", "-s", r"QUIT\r\n", "-x", "221"]);
    fails_with(
        literal,
        &["-s", r"QUIT\r\n", "-x", "221"],
        "READ to RS timed out",
        TIMEOUT,
    );
}

#[test]
fn a_server_that_speaks_first_is_asked_nothing() {
    passes(Manner::Greets(b"220 mail ESMTP\r\n"), &["-x", "220 "]);
    fails_with(
        Manner::Greets(b"421 busy\r\n"),
        &["-x", "220 "],
        UNEXPECTED,
        Duration::ZERO,
    );
}

#[test]
fn something_sent_and_nothing_expected_is_a_connection() {
    passes(Manner::Hangs, &["-s", "hello"]);
    passes(Manner::Hangs, &["-s", "hello", "-x", ""]);
}

#[test]
fn a_wildcard_is_any_byte() {
    let pause = Duration::from_millis(5);
    let page = Manner::ByteByByte(b"HTTP/1.1 204 No Content\r\n", pause);
    passes(page, &["-s", "x", "-x", "HTTP/1.* 2**"]);
    passes(Manner::Greets(b"\0"), &["-x", "*"]);
    let half = "READ to RS failed: closed before the whole reply came";
    fails_with(Manner::Greets(b"x"), &["-x", "**"], half, Duration::ZERO);
    fails_with(
        page,
        &["-s", "x", "-x", "HTTP/1.* 3**"],
        UNEXPECTED,
        Duration::ZERO,
    );
}

#[test]
fn an_expression_is_matched_wherever_it_is() {
    let pause = Duration::from_millis(5);
    let page = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n{\"state\": \"up\"}";
    let expressions = ["^HTTP/1\\.[01] (200|204) ", "\"state\": *\"up\"", "up\"}$"];
    together(&expressions, |expression| {
        let check = ["-s", "x", "--regex", "-x", expression];
        passes(Manner::Answers(page), &check);
        passes(Manner::ByteByByte(page, pause), &check);
    });
    together(&["^Server", "\"down\"", "^$"], |expression| {
        let check = ["-s", "x", "--regex", "-x", expression];
        fails_with(Manner::Answers(page), &check, UNEXPECTED, Duration::ZERO);
    });
    let check = ["-s", "x", "--regex", "-x", ".*"];
    fails_with(Manner::Hangs, &check, "READ to RS timed out", TIMEOUT);
}

#[test]
fn an_expression_sees_the_start_of_a_flood_and_costs_no_more() {
    let check = ["-s", "x", "--regex", "-x", "^HTTPx+[yz]$"];
    fails_with(Manner::Floods, &check, UNEXPECTED, Duration::ZERO);

    let server = Server::up(Manner::Floods);
    let mut nanny = Nanny::checking(server.address, "-t 15 --interval 10ms", &check);
    nanny.wait_for("[inactive]");
    let before = nanny.memory();
    wait_until("it checks", || server.accepted() > 5);
    nanny.never_says("[ active ]", Duration::from_millis(10));
    // From then on no check holds a reply.
    drop(server);
    nanny.rests_within(before + PAGES);
}
