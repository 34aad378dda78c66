//! A kernel for tests: it keeps a table, answers as the real one does, and can be made to
//! misbehave.

use std::collections::VecDeque;
use std::io;

use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_MULTIPART, NLMSG_DONE, NLMSG_ERROR,
    NetlinkBuffer,
};
use netlink_packet_generic::constants::{CTRL_ATTR_FAMILY_ID, GENL_ID_CTRL};
use netlink_packet_generic::{GenlFamily, GenlHeader};
use nix::errno::Errno;

use super::exchange::{LEAST_DUMP_ROOM, decode};
use super::link::{Datagram, Link};
use crate::message::{
    Attribute, Command, DaemonAttribute, DestinationAttribute, InfoAttribute, Message,
    ServiceAttribute,
};
use crate::{
    Change, Daemon, Destination, DestinationKey, Service, ServiceEntry, ServiceKey, Table,
};

/// Number of the family there.
pub(super) const FAMILY: u16 = 0x1c;

/// A kernel, its socket buffer, and its faults.
pub(super) struct FakeKernel {
    pub(super) table: Table,
    /// Whether it has IPVS.
    pub(super) has_family: bool,
    /// Answers the client believes to fit.
    pub(super) window: usize,
    /// Answers that really fit; those beyond are dropped, and the next receive says so.
    pub(super) capacity: usize,
    /// Entries of a dump in one datagram, and whether the end of the dump is in the last one.
    pub(super) per_datagram: usize,
    pub(super) ends_at_once: bool,
    /// Whether a datagram of a dump takes as many bytes as the widest receive so far had room for,
    /// as the real one's does.
    pub(super) fills: bool,
    widest: usize,
    /// Dumps from now on that carry the flag of an interrupted one.
    pub(super) interrupted: usize,
    /// Changes made between the first and the later datagrams of the next dumps.
    pub(super) meanwhile: VecDeque<Change>,
    /// Text in refusals, and whether they leave out the request.
    pub(super) text: Option<&'static str>,
    pub(super) capped: bool,
    /// A daemon, whether it can be stopped, and whether requests that are no dumps go without an
    /// acknowledgement.
    pub(super) daemon: Option<Daemon>,
    pub(super) is_stubborn: bool,
    pub(super) is_silent: bool,
    /// What is queued: bytes, and whether they are the kernel's own.
    pub(super) queue: VecDeque<(Vec<u8>, bool)>,
    /// How often something was sent, and how many requests and bytes at most at once.
    pub(super) sends: usize,
    pub(super) most: usize,
    pub(super) most_bytes: usize,
    /// Errors the next receives return before anything else; signals that never end.
    pub(super) errors: VecDeque<io::Error>,
    pub(super) is_bombarded: bool,
    /// The next answers that are dropped though there is room.
    pub(super) unlucky: usize,
    overrun: bool,
    /// Answers that were dropped.
    pub(super) overruns: usize,
}

impl FakeKernel {
    pub(super) fn new() -> Self {
        Self {
            table: Table::new(),
            has_family: true,
            window: 100,
            capacity: usize::MAX,
            per_datagram: usize::MAX,
            ends_at_once: false,
            fills: false,
            widest: LEAST_DUMP_ROOM,
            interrupted: 0,
            meanwhile: VecDeque::new(),
            text: None,
            capped: true,
            daemon: None,
            is_stubborn: false,
            is_silent: false,
            queue: VecDeque::new(),
            sends: 0,
            most: 0,
            most_bytes: 0,
            errors: VecDeque::new(),
            is_bombarded: false,
            unlucky: 0,
            overrun: false,
            overruns: 0,
        }
    }

    /// Queues a datagram unless the buffer is full.
    fn push(&mut self, bytes: Vec<u8>) {
        let is_unlucky = self.unlucky > 0;
        self.unlucky = self.unlucky.saturating_sub(1);
        if self.queue.len() < self.capacity && !is_unlucky {
            self.queue.push_back((bytes, true));
        } else {
            self.overrun = true;
            self.overruns += 1;
        }
    }

    /// Handles one request.
    fn handle(&mut self, request: &[u8]) {
        let buffer = NetlinkBuffer::new_checked(request).unwrap();
        let payload = buffer.payload();
        let sequence = buffer.sequence_number();
        if buffer.message_type() == GENL_ID_CTRL {
            if self.has_family {
                let mut description = vec![1, 2, 0, 0];
                description.extend(attribute(CTRL_ATTR_FAMILY_ID, &FAMILY.to_ne_bytes()));
                self.push(frame(GENL_ID_CTRL, 0, sequence, &description));
            }
            let code = if self.has_family {
                0
            } else {
                Errno::ENOENT as i32
            };
            return self.acknowledge(request, code);
        }
        if !self.has_family {
            return self.acknowledge(request, Errno::ENOENT as i32);
        }
        assert_eq!(buffer.message_type(), FAMILY);
        let message = decode(payload).unwrap();
        if buffer.flags() & NLM_F_DUMP == NLM_F_DUMP {
            // A dump that was not read to its end keeps the next from beginning.
            let is_end = |bytes: &[u8]| NetlinkBuffer::new(bytes).message_type() == NLMSG_DONE;
            if self.queue.iter().any(|(bytes, _)| is_end(bytes)) {
                return self.acknowledge(request, Errno::EBUSY as i32);
            }
            return self.dump(&message, sequence);
        }
        let code = self.carry_out(&message, sequence);
        let is_asked = buffer.flags() & NLM_F_ACK != 0;
        if self.is_silent || (code == 0 && !is_asked) {
            return;
        }
        self.acknowledge(request, code);
    }

    /// Makes a change or answers a question; returns the error number.
    fn carry_out(&mut self, message: &Message, sequence: u32) -> i32 {
        if let (Command::GetService, [Attribute::Service(list)]) =
            (message.command, message.attributes.as_slice())
        {
            let Some(service) = self.table.service(&service_key(list)) else {
                return Errno::ESRCH as i32;
            };
            let answer = describe_service(service);
            self.push(frame(FAMILY, 0, sequence, &generic(&answer)));
            return 0;
        }
        let answer = match message.command {
            Command::GetInfo => vec![
                Attribute::Info(InfoAttribute::Version(0x01_0201)),
                Attribute::Info(InfoAttribute::ConnectionTableSize(4096)),
            ],
            Command::GetConfig => vec![Attribute::TimeoutTcp(900), Attribute::TimeoutUdp(300)],
            Command::DelDaemon => {
                self.daemon = self.daemon.take().filter(|_| self.is_stubborn);
                return 0;
            }
            _ => Vec::new(),
        };
        if !answer.is_empty() {
            let command = match message.command {
                Command::GetInfo => Command::SetInfo,
                _ => Command::SetConfig,
            };
            let answer = Message {
                command,
                attributes: answer,
            };
            self.push(frame(FAMILY, 0, sequence, &generic(&answer)));
            return 0;
        }
        let change = change(message);
        let has_service = self.table.service(change.service()).is_some();
        let error = match &change {
            Change::AddService(service) if service.scheduler == "nosuch" => Errno::ENOENT,
            Change::AddService(_) => Errno::EEXIST,
            _ if !has_service => Errno::ESRCH,
            Change::AddDestination(..) => Errno::EEXIST,
            _ => Errno::ENOENT,
        };
        let is_unknown = matches!(change, Change::AddService(_)) && error == Errno::ENOENT;
        if !is_unknown && self.table.apply(&change) {
            return 0;
        }
        error as i32
    }

    /// Lists services or destinations, index by index, as the real one does.
    fn dump(&mut self, message: &Message, sequence: u32) {
        let flags = if self.interrupted > 0 {
            NLM_F_DUMP_INTR
        } else {
            0
        } | NLM_F_MULTIPART;
        self.interrupted = self.interrupted.saturating_sub(1);
        let mut index = 0;
        let end = frame(NLMSG_DONE, flags, sequence, &0_i32.to_ne_bytes());
        loop {
            let entries: Vec<Message> = match message.attributes.as_slice() {
                [] if message.command == Command::GetDaemon => self
                    .daemon
                    .iter()
                    .map(|daemon| Message {
                        command: Command::NewDaemon,
                        attributes: vec![Attribute::Daemon(DaemonAttribute::of_daemon(daemon))],
                    })
                    .collect(),
                [] => self.table.services().map(describe_service).collect(),
                [Attribute::Service(list)] => self
                    .table
                    .destinations(&service_key(list))
                    .map(describe_destination)
                    .collect(),
                other => panic!("{other:?}"),
            };
            let mut part = Vec::new();
            for entry in entries.iter().skip(index).take(self.per_datagram) {
                let bytes = frame(FAMILY, flags, sequence, &generic(entry));
                if self.fills && part.len() + bytes.len() > self.widest {
                    break;
                }
                part.extend(bytes);
                index += 1;
            }
            if part.is_empty() {
                break;
            }
            if self.ends_at_once && index == entries.len() {
                part.extend(end);
                return self.push(part);
            }
            self.push(part);
            if let Some(change) = self.meanwhile.pop_front() {
                assert!(self.table.apply(&change));
            }
        }
        self.push(end);
    }

    /// Queues the acknowledgement of a request.
    fn acknowledge(&mut self, request: &[u8], code: i32) {
        let sequence = NetlinkBuffer::new(request).sequence_number();
        let repeated = if self.capped || code == 0 {
            &request[..16]
        } else {
            request
        };
        let mut payload = (-code).to_ne_bytes().to_vec();
        payload.extend(repeated);
        let mut flags = if self.capped || code == 0 { 0x100 } else { 0 };
        if let (Some(text), true) = (self.text, code != 0) {
            flags |= 0x200;
            payload.extend(attribute(2, &7_u32.to_ne_bytes()));
            payload.extend(attribute(1, format!("{text}\0").as_bytes()));
        }
        self.push(frame(NLMSG_ERROR, flags, sequence, &payload));
    }
}

impl Link for FakeKernel {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sends += 1;
        self.most_bytes = self.most_bytes.max(bytes.len());
        let mut rest = bytes;
        let mut count = 0;
        while !rest.is_empty() {
            let length = NetlinkBuffer::new_checked(rest).unwrap().length() as usize;
            let (request, after) = rest.split_at(length);
            self.handle(request);
            rest = after;
            count += 1;
        }
        self.most = self.most.max(count);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut Vec<u8>, _wait: bool) -> io::Result<Datagram> {
        if self.is_bombarded {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if let Some(error) = self.errors.pop_front() {
            return Err(error);
        }
        if std::mem::take(&mut self.overrun) {
            return Err(io::Error::from_raw_os_error(Errno::ENOBUFS as i32));
        }
        let Some((bytes, from_kernel)) = self.queue.pop_front() else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        self.widest = self.widest.max(buffer.capacity());
        let stored = bytes.len().min(buffer.capacity());
        buffer.extend_from_slice(&bytes[..stored]);
        Ok(Datagram {
            length: bytes.len(),
            from_kernel,
        })
    }

    fn window(&self) -> usize {
        self.window
    }
}

/// A netlink frame.
pub(super) fn frame(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = 16 + payload.len();
    let mut bytes = vec![0; length.next_multiple_of(4)];
    let mut buffer = NetlinkBuffer::new(&mut bytes);
    buffer.set_length(u32::try_from(length).unwrap());
    buffer.set_message_type(kind);
    buffer.set_flags(flags);
    buffer.set_sequence_number(sequence);
    bytes[16..length].copy_from_slice(payload);
    bytes
}

/// An attribute.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 4).unwrap();
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A message with its generic header.
fn generic(message: &Message) -> Vec<u8> {
    let header = GenlHeader {
        cmd: message.command(),
        version: message.version(),
    };
    let mut bytes = vec![0; header.buffer_len() + message.buffer_len()];
    header.emit(&mut bytes);
    message.emit(&mut bytes[header.buffer_len()..]);
    bytes
}

fn describe_service(service: &Service) -> Message {
    Message::from(&Change::AddService(service.clone()))
}

fn describe_destination(destination: &Destination) -> Message {
    let list = DestinationAttribute::of_destination(destination);
    Message {
        command: Command::NewDest,
        attributes: vec![Attribute::Destination(list)],
    }
}

fn service_key(attributes: &[ServiceAttribute]) -> ServiceKey {
    let mut attributes = attributes.to_vec();
    attributes.push(ServiceAttribute::SchedulerName(String::new()));
    ServiceEntry::try_from(attributes.as_slice())
        .unwrap()
        .service
        .key
}

/// The change a request asks for.
fn change(message: &Message) -> Change {
    let destination = |service: &ServiceKey, list: &[DestinationAttribute]| {
        DestinationAttribute::entry(list, service.family())
            .unwrap()
            .destination
    };
    let destination_key = |service: &ServiceKey, list: &[DestinationAttribute]| -> DestinationKey {
        let mut list = list.to_vec();
        list.push(DestinationAttribute::ForwardingMethod(0));
        DestinationAttribute::entry(&list, service.family())
            .unwrap()
            .destination
            .key
    };
    let service =
        |list: &[ServiceAttribute]| -> Service { ServiceEntry::try_from(list).unwrap().service };
    match (message.command, message.attributes.as_slice()) {
        (Command::NewService, [Attribute::Service(list)]) => Change::AddService(service(list)),
        (Command::SetService, [Attribute::Service(list)]) => Change::EditService(service(list)),
        (Command::DelService, [Attribute::Service(list)]) => {
            Change::DeleteService(service_key(list))
        }
        (command, [Attribute::Service(list), Attribute::Destination(more)]) => {
            let key = service_key(list);
            match command {
                Command::NewDest => Change::AddDestination(key, destination(&key, more)),
                Command::SetDest => Change::EditDestination(key, destination(&key, more)),
                Command::DelDest => Change::DeleteDestination(key, destination_key(&key, more)),
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}
