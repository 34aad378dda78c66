//! Large replies and outputs use no memory between checks.

use std::net::UdpSocket;
use std::time::Duration;

use crate::nanny::{Nanny, together, wait_until};
use crate::server::{Behavior, Server};

/// Maximum private memory of a nanny in the steady state, in KiB. An unoptimized program takes
/// more.
const MOST: u64 = if cfg!(debug_assertions) { 264 } else { 184 };

/// A pause between the end of a check and the next one.
const RULES: &str = "-t 15 --interval 700ms -a 0";

#[test]
fn large_replies_and_outputs_free_memory() {
    let server = Server::up(Behavior::Floods);
    let tcp = server.address;
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let udp = datagrams.local_addr().expect("an address");
    // Ends with the test process.
    std::thread::spawn(move || {
        while let Ok((_, peer)) = datagrams.recv_from(&mut [0; 64]) {
            let _ = datagrams.send_to(&[&[b'x'; 60_000][..], b"end"].concat(), peer);
        }
    });
    let much = "/usr/bin/head -c 1000000 /dev/zero";
    let cases: &[(_, &[&str])] = &[
        (tcp, &[]),
        (tcp, &["-s", "x", "--regex", "-x", "^HTTPx+[yz]$"]),
        (tcp, &["-s", "x", "-x", "HTTP"]),
        (udp, &["-u", "-s", "x", "--regex", "-x", "xend$"]),
        (tcp, &["-e", much]),
        (tcp, &["-e", much, "-x", "OK"]),
        (tcp, &["-e", much, "--regex", "-x", "x"]),
    ];
    together(cases, |(address, check)| {
        let mut nanny = Nanny::checking(*address, RULES, check);
        // Logged after the first check, whose memory is included.
        nanny.wait_for("active");
        for _ in 0..3 {
            let what = format!("{} KiB, {check:?}", nanny.private_dirty());
            wait_until(&what, || nanny.private_dirty() <= MOST);
            std::thread::sleep(Duration::from_millis(300));
        }
    });
}
