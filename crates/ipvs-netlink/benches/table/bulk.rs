//! The floor: requests that were made beforehand, and nothing but system calls.

use std::io;

use ipvs_netlink::Change;
use ipvs_netlink::message::{FAMILY_NAME, Message};
use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_generic::{GenlFamily, GenlMessage};
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};

/// Requests in one send. Their answers fit the socket's buffer, each in the 768 bytes it takes
/// there.
const PER_SEND: usize = 256;

/// Requests, ready to be sent.
pub(crate) struct Bulk {
    socket: Socket,
    sends: Vec<Vec<u8>>,
    requests: usize,
    acknowledged: bool,
}

impl Bulk {
    /// Makes the requests for `changes`, which are to be acknowledged or not.
    pub(crate) fn prepare(changes: &[Change], acknowledged: bool) -> io::Result<Self> {
        let socket = Socket::new(NETLINK_GENERIC)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_cap_ack(true)?;
        let family = family(&socket)?;
        let flags = if acknowledged { NLM_F_ACK } else { 0 };
        let mut sends = Vec::new();
        for chunk in changes.chunks(PER_SEND) {
            let mut bytes = Vec::new();
            for change in chunk {
                append(&mut bytes, Message::from(change), family, flags);
            }
            sends.push(bytes);
        }
        Ok(Self {
            socket,
            sends,
            requests: changes.len(),
            acknowledged,
        })
    }

    /// Sends them all, and takes the acknowledgements off the socket without looking at them.
    pub(crate) fn send(&self) -> io::Result<()> {
        let mut open = self.requests;
        let mut answer = Vec::with_capacity(4096);
        for bytes in &self.sends {
            self.socket.send(bytes, 0)?;
            if self.acknowledged {
                for _ in 0..open.min(PER_SEND) {
                    answer.clear();
                    self.socket.recv(&mut answer, 0)?;
                }
                open -= open.min(PER_SEND);
            }
        }
        Ok(())
    }
}

/// Appends a framed request.
fn append<M>(bytes: &mut Vec<u8>, message: M, family: u16, flags: u16)
where
    M: GenlFamily + Emitable + std::fmt::Debug,
{
    let mut message = GenlMessage::from_payload(message);
    message.set_resolved_family_id(family);
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | flags;
    let mut frame = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
    frame.finalize();
    let start = bytes.len();
    bytes.resize(start + frame.buffer_len(), 0);
    frame.serialize(&mut bytes[start..]);
}

/// The number of the family.
fn family(socket: &Socket) -> io::Result<u16> {
    let question = GenlCtrl {
        cmd: GenlCtrlCmd::GetFamily,
        nlas: vec![GenlCtrlAttrs::FamilyName(FAMILY_NAME.to_owned())],
    };
    let mut bytes = Vec::new();
    append(&mut bytes, question, 0, 0);
    socket.send(&bytes, 0)?;
    let mut answer = Vec::with_capacity(8192);
    socket.recv(&mut answer, 0)?;
    let answer = NetlinkMessage::<GenlMessage<GenlCtrl>>::deserialize(&answer)
        .map_err(|error| io::Error::other(error.to_string()))?;
    let NetlinkPayload::InnerMessage(answer) = answer.payload else {
        return Err(io::Error::other("no such family"));
    };
    let number = answer
        .payload
        .nlas
        .iter()
        .find_map(|attribute| match attribute {
            GenlCtrlAttrs::FamilyId(number) => Some(*number),
            _ => None,
        });
    number.ok_or_else(|| io::Error::other("a family without a number"))
}
