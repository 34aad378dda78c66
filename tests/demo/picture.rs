//! The cluster as a picture: the HOWTO's figure 3, with a client on the public network.

use std::net::Ipv4Addr;

/// The cluster while lvs1 is active; its first line is empty.
pub(crate) const FIGURE_3: &str = r"
    client
      | 1.2.3.100
 -----+-----+----------------------------------+------ public  1.2.3.0/24
            | eth0    1.2.3.2                  | eth0    1.2.3.3
            | eth0    1.2.3.1  (vs1)           |
       +----+-----+                       +----+-----+
       |   lvs1   |  <-- heartbeats -->   |   lvs2   |
       |  active  |                       |  backup  |
       +----+-----+                       +----+-----+
            | eth1    192.168.1.1              | eth1    192.168.1.2
            | eth1:1  192.168.1.254 (gateway)  |
 -------+---+-----------+---------------+------+------ private 192.168.1.0/24
        | 192.168.1.3   | 192.168.1.4   | 192.168.1.5
     +--+--+         +--+--+         +--+--+
     | rs1 |         | rs2 |         | rs3 |
     +-----+         +-----+         +-----+
   weight 2000          1000            1000
";

/// The addresses in the picture that stay where they are.
pub(crate) const OWN: [(&str, Ipv4Addr); 8] = [
    ("client", Ipv4Addr::new(1, 2, 3, 100)),
    ("lvs1", Ipv4Addr::new(1, 2, 3, 2)),
    ("lvs1", Ipv4Addr::new(192, 168, 1, 1)),
    ("lvs2", Ipv4Addr::new(1, 2, 3, 3)),
    ("lvs2", Ipv4Addr::new(192, 168, 1, 2)),
    ("rs1", Ipv4Addr::new(192, 168, 1, 3)),
    ("rs2", Ipv4Addr::new(192, 168, 1, 4)),
    ("rs3", Ipv4Addr::new(192, 168, 1, 5)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{INDENT, WIDTH};
    use scenarios::{NAT_ROUTER, VIP};

    #[test]
    fn it_fits_and_has_every_address() {
        for line in FIGURE_3.lines() {
            assert!(
                line.is_ascii() && INDENT.len() + line.len() <= WIDTH,
                "{line}"
            );
        }
        let own = OWN.iter().map(|(_, address)| *address);
        for address in own.chain([VIP, NAT_ROUTER]) {
            let words = FIGURE_3.split_whitespace();
            assert!(
                words.into_iter().any(|word| word == address.to_string()),
                "{address}"
            );
        }
        for (host, _) in OWN {
            assert!(FIGURE_3.contains(host), "{host}");
        }
    }
}
