//! Echoes to the loopback interface.

use std::time::{Duration, Instant};

use super::*;
use crate::wait::{NO_SOURCES, wait};

/// Sends an echo and waits for the result.
fn run(mut echo: Echo) -> Host {
    let (never, _writer) = io::pipe().expect("a pipe");
    let end = Instant::now() + Duration::from_secs(60);
    echo.send();
    while echo.host() == Host::Silent && Instant::now() < end {
        let sources = [echo.source(), None, None];
        wait(end, never.as_fd(), sources, NO_SOURCES);
        echo.receive();
    }
    assert!(echo.host() == Host::Silent || echo.source().is_none());
    echo.host()
}

fn address(ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().expect("an address"), 80)
}

#[test]
fn loopback_replies() {
    for ip in ["127.0.0.1", "::1"] {
        let echo = Echo::new(address(ip));
        // Without a socket of either kind no echo is sent.
        let expected = if echo.socket.is_some() {
            Host::Answers
        } else {
            Host::Unknown
        };
        assert_eq!(run(echo), expected, "{ip}");
    }
}

#[test]
fn every_permitted_socket_type_works() {
    for ip in ["127.0.0.1", "::1"] {
        for kind in [Type::DGRAM, Type::RAW] {
            let Ok(socket) = open(address(ip), kind) else {
                continue;
            };
            let mut echo = Echo::new(address(ip));
            echo.socket = Some(socket);
            let is_raw = kind == Type::RAW;
            echo.has_ip_header = is_raw && echo.request.family == Family::V4;
            echo.request.identifier = is_raw.then_some(7);
            assert_eq!(run(echo), Host::Answers, "{ip} {kind:?}");
        }
    }
}

#[test]
fn reports_system_errors() {
    // The kernel refuses to send there without SO_BROADCAST, which says nothing about a host.
    let echo = Echo::new(address("255.255.255.255"));
    assert_eq!(run(echo), Host::Unknown);
}
