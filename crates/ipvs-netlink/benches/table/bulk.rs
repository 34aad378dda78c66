//! The floor: requests that were made beforehand, and nothing but system calls.

use std::io;

use ipvs_netlink::Change;
use ipvs_netlink::message::{FAMILY_NAME, Message};
use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_generic::{GenlFamily, GenlMessage};
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};

/// Which requests the kernel is asked to acknowledge.
#[derive(Clone, Copy)]
pub(crate) enum Acknowledge {
    /// Each of them.
    Each,
    /// The last of every send: byte for byte what `Client::batch` sends.
    Last,
}

impl Acknowledge {
    /// Most requests in one send. The answers to each fit the socket's buffer with 256: they take
    /// 768 bytes there. The other bound is that of `Client::batch`.
    fn per_send(self) -> usize {
        match self {
            Self::Each => 256,
            Self::Last => 640,
        }
    }
}

/// Bytes after which no further request goes into a send, as in `Client::batch`.
const SEND_LIMIT: usize = 64 * 1024;

/// Requests, ready to be sent.
pub(crate) struct Bulk {
    socket: Socket,
    /// The bytes of each send, and how many answers it gets.
    sends: Vec<(Vec<u8>, usize)>,
}

impl Bulk {
    /// Makes the requests for `changes`.
    pub(crate) fn prepare(changes: &[Change], acknowledge: Acknowledge) -> io::Result<Self> {
        let socket = Socket::new(NETLINK_GENERIC)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_cap_ack(true)?;
        let family = family(&socket)?;
        let flags = match acknowledge {
            Acknowledge::Each => NLM_F_ACK,
            Acknowledge::Last => 0,
        };
        let mut sends = Vec::new();
        let mut rest = changes;
        while !rest.is_empty() {
            let (mut bytes, mut requests, mut last) = (Vec::new(), 0, 0);
            while requests < acknowledge.per_send() && bytes.len() < SEND_LIMIT {
                let Some((change, others)) = rest.split_first() else {
                    break;
                };
                rest = others;
                requests += 1;
                last = bytes.len();
                append(&mut bytes, Message::from(change), family, flags);
            }
            NetlinkBuffer::new(&mut bytes[last..]).set_flags(NLM_F_REQUEST | NLM_F_ACK);
            let answers = match acknowledge {
                Acknowledge::Each => requests,
                Acknowledge::Last => 1,
            };
            sends.push((bytes, answers));
        }
        Ok(Self { socket, sends })
    }

    /// Sends them all, and takes the acknowledgements off the socket without looking at them.
    pub(crate) fn send(&self) -> io::Result<()> {
        let mut answer = Vec::with_capacity(4096);
        for (bytes, answers) in &self.sends {
            self.socket.send(bytes, 0)?;
            for _ in 0..*answers {
                answer.clear();
                self.socket.recv(&mut answer, 0)?;
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
