//! The client over any link: finding the family, single commands, what there is once.

use netlink_packet_core::{DecodeError, NlasIterator, parse_u16};
use netlink_packet_generic::constants::{CTRL_ATTR_FAMILY_ID, GENL_HDRLEN};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};

use super::change::{check_key, is_name};
use super::exchange::{Exchange, decode};
use super::failure::{ENODEV, ENOENT, Failure};
use super::link::Link;
use crate::message::{
    Attribute, Command, DaemonAttribute, FAMILY_NAME, InfoAttribute, Message, ServiceAttribute,
};
use crate::{Attempt, Daemon, DaemonState, Error, Info, ServiceKey, Timeouts, Version};

/// Routers tell each other their group in a byte, the rest of a number being cut off.
const MAX_SYNC_ID: u32 = 255;

/// Requests of the family `IPVS`, over any link.
pub(super) struct Core<L> {
    pub(super) exchange: Exchange<L>,
    pub(super) family: u16,
}

impl<L: Link> Core<L> {
    /// Looks up the family.
    pub(super) fn open(link: L) -> Result<Self, Error> {
        let mut exchange = Exchange::new(link);
        let request = GenlCtrl {
            cmd: GenlCtrlCmd::GetFamily,
            nlas: vec![GenlCtrlAttrs::FamilyName(FAMILY_NAME.to_owned())],
        };
        let mut family = None;
        let result = exchange.ask(&request, 0, |payload| {
            family = family.or(family_number(payload)?);
            Ok(())
        });
        match (result, family) {
            (Ok(()), Some(family)) => Ok(Self { exchange, family }),
            (Ok(()), None) | (Err(Failure::Refused(ENOENT, _)), _) => Err(Error::NoIpvs),
            (Err(failure), _) => Err(failure.during(Attempt::Open)),
        }
    }

    /// A command that is answered by success or failure alone.
    pub(super) fn command(
        &mut self,
        attempt: Attempt,
        command: Command,
        attributes: Vec<Attribute>,
    ) -> Result<(), Error> {
        let message = Message {
            command,
            attributes,
        };
        self.exchange
            .ask(&message, self.family, |_| Ok(()))
            .map_err(|failure| failure.during(attempt))
    }

    /// A command that is answered by one message: its attributes.
    pub(super) fn query(
        &mut self,
        attempt: Attempt,
        command: Command,
        attributes: Vec<Attribute>,
    ) -> Result<Vec<Attribute>, Error> {
        let message = Message {
            command,
            attributes,
        };
        let mut answer = None;
        self.exchange
            .ask(&message, self.family, |payload| {
                answer = Some(decode(payload)?.attributes);
                Ok(())
            })
            .map_err(|failure| failure.during(attempt))?;
        answer.ok_or(Error::EmptyAnswer { attempt })
    }

    /// Version and table size.
    pub(super) fn info(&mut self) -> Result<Info, Error> {
        let attempt = Attempt::Info;
        let (mut version, mut size) = (None, 0);
        for attribute in self.query(attempt, Command::GetInfo, Vec::new())? {
            match attribute {
                Attribute::Info(InfoAttribute::Version(code)) => version = Some(code),
                Attribute::Info(InfoAttribute::ConnectionTableSize(value)) => size = value,
                _ => {}
            }
        }
        let code = version.ok_or(Error::EmptyAnswer { attempt })?;
        Ok(Info {
            version: Version::from_code(code),
            connection_table_size: size,
        })
    }

    /// Zeroes the counters of one service, or of all.
    pub(super) fn zero(&mut self, service: Option<&ServiceKey>) -> Result<(), Error> {
        let Some(key) = service else {
            return self.command(Attempt::Zero, Command::Zero, Vec::new());
        };
        let attempt = Attempt::ZeroService(*key);
        check_key(key, attempt)?;
        let attributes = vec![Attribute::Service(ServiceAttribute::of_key(key))];
        self.command(attempt, Command::Zero, attributes)
    }

    /// Starts a daemon.
    pub(super) fn start_daemon(&mut self, daemon: &Daemon) -> Result<(), Error> {
        let attempt = Attempt::StartDaemon(daemon.state);
        let problem = if !is_name(&daemon.interface) {
            Some("interface name is not 1 to 15 bytes")
        } else if daemon.group.is_some_and(|group| !group.is_multicast()) {
            Some("group is not a multicast address")
        } else if daemon.sync_id > MAX_SYNC_ID {
            Some("sync id is above 255")
        } else {
            None
        };
        if let Some(reason) = problem {
            return Err(Error::Invalid { attempt, reason });
        }
        let attributes = vec![Attribute::Daemon(DaemonAttribute::of_daemon(daemon))];
        match self.command(attempt, Command::NewDaemon, attributes) {
            Err(Error::Kernel { errno: ENODEV, .. }) => Err(Error::NoSuchInterface {
                attempt,
                interface: daemon.interface.clone(),
            }),
            result => result,
        }
    }

    /// Stops a daemon.
    ///
    /// A thread that is stopped before it ever ran makes the kernel's handler return `EINTR`, and
    /// netlink sends no acknowledgement for that number.
    pub(super) fn stop_daemon(&mut self, state: DaemonState) -> Result<(), Error> {
        let attributes = vec![Attribute::Daemon(DaemonAttribute::of_state(state))];
        match self.command(Attempt::StopDaemon(state), Command::DelDaemon, attributes) {
            Err(error @ Error::TimedOut { .. }) => {
                let is_running = self.daemons()?.iter().any(|daemon| daemon.state == state);
                if is_running { Err(error) } else { Ok(()) }
            }
            result => result,
        }
    }

    /// The timeouts. One the kernel does not tell, because it lacks the protocol, is 0.
    pub(super) fn timeouts(&mut self) -> Result<Timeouts, Error> {
        let mut timeouts = Timeouts::default();
        for attribute in self.query(Attempt::GetTimeouts, Command::GetConfig, Vec::new())? {
            match attribute {
                Attribute::TimeoutTcp(seconds) => timeouts.tcp = seconds,
                Attribute::TimeoutTcpFin(seconds) => timeouts.tcp_fin = seconds,
                Attribute::TimeoutUdp(seconds) => timeouts.udp = seconds,
                _ => {}
            }
        }
        Ok(timeouts)
    }
}

/// The number in the controller's description of a family. Read by hand, because the rest of that
/// description is long and nothing here needs it.
fn family_number(payload: &[u8]) -> Result<Option<u16>, DecodeError> {
    for attribute in NlasIterator::new(payload.get(GENL_HDRLEN..).unwrap_or_default()) {
        let attribute = attribute?;
        if attribute.kind() == CTRL_ATTR_FAMILY_ID {
            return parse_u16(attribute.value()).map(Some);
        }
    }
    Ok(None)
}
