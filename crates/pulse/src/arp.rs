//! Gratuitous ARP frames (RFC 826, RFC 5227 section 3): built here, sent by `announce`.

use std::net::Ipv4Addr;

use pnet_base::MacAddr;
use pnet_packet::arp::{ArpHardwareTypes, ArpOperation, ArpOperations, MutableArpPacket};
use pnet_packet::ethernet::{EtherTypes, MutableEthernetPacket};

/// The shortest Ethernet frame, without its checksum.
pub const FRAME_SIZE: usize = 60;

/// Size of an Ethernet header.
const ETHERNET_HEADER: usize = 14;

/// The frames that announce `address` at `mac`: a reply, which is what piranha sent, and the
/// same as a request, for equipment that learns only from requests.
#[must_use]
pub fn announcement(mac: [u8; 6], address: Ipv4Addr) -> [[u8; FRAME_SIZE]; 2] {
    [ArpOperations::Reply, ArpOperations::Request].map(|operation| frame(operation, mac, address))
}

fn frame(operation: ArpOperation, mac: [u8; 6], address: Ipv4Addr) -> [u8; FRAME_SIZE] {
    let mac = MacAddr::from(mac);
    let mut bytes = [0; FRAME_SIZE];
    // Both buffers are longer than the packets that are laid over them, so neither is None.
    if let Some(mut ethernet) = MutableEthernetPacket::new(&mut bytes) {
        ethernet.set_destination(MacAddr::broadcast());
        ethernet.set_source(mac);
        ethernet.set_ethertype(EtherTypes::Arp);
    }
    if let Some(mut arp) = MutableArpPacket::new(&mut bytes[ETHERNET_HEADER..]) {
        arp.set_hardware_type(ArpHardwareTypes::Ethernet);
        arp.set_protocol_type(EtherTypes::Ipv4);
        arp.set_hw_addr_len(6);
        arp.set_proto_addr_len(4);
        arp.set_operation(operation);
        arp.set_sender_hw_addr(mac);
        arp.set_sender_proto_addr(address);
        arp.set_target_hw_addr(mac);
        arp.set_target_proto_addr(address);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use pnet_packet::arp::ArpPacket;

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 0x0a];

    #[test]
    #[rustfmt::skip]
    fn the_bytes_are_those_of_rfc_826() {
        let [reply, request] = announcement(MAC, Ipv4Addr::new(1, 2, 3, 1));
        assert_eq!(reply[..42], [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0x0a, 0x08, 0x06,
            0, 1, 0x08, 0x00, 6, 4, 0, 2,
            2, 0, 0, 0, 0, 0x0a, 1, 2, 3, 1,
            2, 0, 0, 0, 0, 0x0a, 1, 2, 3, 1,
        ]);
        assert_eq!(reply[42..], [0; 18], "padding");
        assert_eq!(request[20..22], [0, 1]);
        assert_eq!((&request[..20], &request[22..]), (&reply[..20], &reply[22..]));
    }

    #[test]
    fn the_bytes_read_back_as_what_was_written() {
        for frame in announcement(MAC, Ipv4Addr::new(10, 0, 0, 1)) {
            let arp = ArpPacket::new(&frame[ETHERNET_HEADER..]).expect("long enough");
            assert_eq!(arp.get_sender_proto_addr(), Ipv4Addr::new(10, 0, 0, 1));
            assert_eq!(arp.get_target_proto_addr(), Ipv4Addr::new(10, 0, 0, 1));
            assert_eq!(arp.get_sender_hw_addr(), MacAddr::from(MAC));
            assert_eq!(arp.get_target_hw_addr(), MacAddr::from(MAC));
        }
    }
}
