//! What comes to the heartbeat port that is no heartbeat: each has its line, and changes nothing.

use lab::{Host, Result};
use scenarios::FiveNodes;
use std::net::UdpSocket;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
const HEARTBEAT_PORT: u16 = 1050;
const RUNNING: [u8; 4] = 0xbdad_dbda_u32.to_le_bytes();
const STOPPED: [u8; 4] = 0xadbd_dabd_u32.to_le_bytes();

/// Sends datagrams from a host to the primary's heartbeat port.
fn send(from: &Host, datagrams: Vec<Vec<u8>>) -> Result<()> {
    from.inside(move || -> std::io::Result<()> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        for datagram in datagrams {
            socket.send_to(&datagram, ("1.2.3.2", HEARTBEAT_PORT))?;
        }
        Ok(())
    })
    .map_err(|error| lab::Error::broken(format!("cannot send: {error}")))
}

#[test]
fn datagrams_of_every_wrong_kind_have_their_line_and_keep_nobody_alive() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let partner = cluster.host("lvs2")?;
        let stranger = cluster.client()?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        lvs1.wait_line("STARTING PULSE AS MASTER", SOON)?;
        // For longer than deadtime nothing but rubbish comes from the partner.
        for _ in 0..8 {
            let sizes = [0, 3, 5, 1500].map(|size| vec![0xda; size]);
            send(&partner, sizes.to_vec())?;
            let fos = 0xdead_beef_u32.to_le_bytes().to_vec();
            send(&partner, vec![fos, vec![1, 2, 3, 4]])?;
            // From somebody else even a good word says nothing.
            send(&stranger, vec![RUNNING.to_vec(), STOPPED.to_vec()])?;
            std::thread::sleep(Duration::from_millis(500));
        }
        for line in [
            "bad heartbeat packet (from 1.2.3.3, 0 bytes instead of 4)",
            "bad heartbeat packet (from 1.2.3.3, 3 bytes instead of 4)",
            "bad heartbeat packet (from 1.2.3.3, 5 bytes instead of 4)",
            "Incompatible heartbeat received -- other system not using identical services",
            "ignoring heartbeat from 1.2.3.100: not the partner",
            "partner dead: activating lvs",
        ] {
            lvs1.wait_line(line, SOON)?;
        }
        assert!(
            lvs1.log().count("bad heartbeat packet") <= 5,
            "{}",
            lvs1.log().text()
        );
        assert!(lvs1.log().count("not the partner") <= 5);
        Ok(())
    });
}

#[test]
fn heartbeats_of_piranha_in_either_byte_order_are_understood() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let cluster = FiveNodes::up(lab)?;
        let partner = cluster.host("lvs2")?;
        let lvs1 = cluster.start_pulse("lvs1")?;
        lvs1.wait_line("STARTING PULSE AS MASTER", SOON)?;
        // An active partner on a big-endian machine keeps this router inactive.
        let big_endian = 0xbdad_dbda_u32.to_be_bytes().to_vec();
        for _ in 0..10 {
            send(&partner, vec![big_endian.clone()])?;
            std::thread::sleep(Duration::from_millis(500));
        }
        assert_eq!(lvs1.log().count("activating"), 0, "{}", lvs1.log().text());
        send(&partner, vec![big_endian])?;
        // And a word of ours goes out as 0.8.6 on x86 sends it.
        let heard = partner.inside(|| -> std::io::Result<(Vec<u8>, std::net::SocketAddr)> {
            let socket = UdpSocket::bind(("1.2.3.3", HEARTBEAT_PORT))?;
            socket.set_read_timeout(Some(SOON))?;
            let mut buffer = [0; 64];
            let (length, sender) = socket.recv_from(&mut buffer)?;
            Ok((buffer[..length].to_vec(), sender))
        });
        let (datagram, sender) =
            heard.map_err(|error| lab::Error::broken(format!("nothing heard: {error}")))?;
        assert_eq!(datagram, STOPPED);
        assert_eq!(sender.to_string(), "1.2.3.2:1050");
        send(&partner, vec![STOPPED.to_vec()])?;
        lvs1.wait_line("backup inactive: activating lvs", SOON)?;
        cluster.wait_active("lvs1", SOON)
    });
}
