//! The client: one blocking socket, one request or batch at a time.

mod apply;
mod change;
mod core;
mod exchange;
mod failure;
#[cfg(test)]
mod fake;
mod frame;
mod link;
mod list;
mod results;
#[cfg(test)]
mod tests;

use std::fmt;

#[cfg(feature = "tokio")]
pub(crate) use self::apply::Application;
#[cfg(feature = "tokio")]
pub(crate) use self::change::Batch;
use self::core::Core;
#[cfg(feature = "__fuzz")]
pub(crate) use self::exchange::decode;
#[cfg(feature = "__fuzz")]
pub(crate) use self::frame::{Content, next as next_frame};
use self::link::NetlinkSocket;
pub use self::results::{IntoIter, Results};
use crate::message::{Attribute, Command};
use crate::{
    Attempt, Change, Daemon, DaemonState, Destination, DestinationEntry, DestinationKey, Error,
    Info, Service, ServiceEntry, ServiceKey, Timeouts,
};

/// A connection to the kernel's IPVS in the network namespace it was opened in.
///
/// It holds one socket and at most a few KiB of buffers, starts no thread, and never waits longer
/// than two seconds for an answer. Everything but opening it needs `CAP_NET_ADMIN`.
///
/// ```no_run
/// use ipvs_netlink::{Client, Destination, Forwarding, Protocol, Service, ServiceKey};
///
/// let mut client = Client::open()?;
/// let key = ServiceKey::Address {
///     protocol: Protocol::Tcp,
///     address: [192, 168, 26, 1].into(),
///     port: 80,
/// };
/// client.add_service(&Service::new(key, "wlc"))?;
/// let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1);
/// client.add_destination(&key, &server)?;
/// for entry in client.destinations(&key)? {
///     println!("{} {}", entry.destination.key, entry.active_connections);
/// }
/// # Ok::<(), ipvs_netlink::Error>(())
/// ```
pub struct Client {
    core: Core<NetlinkSocket>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("family", &self.core.family)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Opens a socket and looks up the family. The kernel loads the module `ip_vs` for that if it
    /// is allowed to.
    ///
    /// # Errors
    /// [`Error::NoIpvs`] when there is no such family and no such module; [`Error::Socket`].
    pub fn open() -> Result<Self, Error> {
        let link = NetlinkSocket::open().map_err(|source| Error::Socket {
            attempt: Attempt::Open,
            call: "socket",
            source,
        })?;
        Core::open(link).map(|core| Self { core })
    }

    /// Version of IPVS and size of its connection table.
    ///
    /// # Errors
    /// [`Error::Permission`] and those of the socket.
    pub fn info(&mut self) -> Result<Info, Error> {
        self.core.info()
    }

    /// All services, in the kernel's order.
    ///
    /// # Errors
    /// [`Error::Permission`]; [`Error::Interrupted`] when the table kept changing; those of the
    /// socket.
    pub fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        self.core.services()
    }

    /// One service.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::Permission`] and those of the socket.
    pub fn service(&mut self, key: &ServiceKey) -> Result<ServiceEntry, Error> {
        self.core.service(key)
    }

    /// The destinations of a service, in the kernel's order. A service that does not exist has
    /// none: the kernel does not tell the difference.
    ///
    /// # Errors
    /// As [`Client::services`].
    pub fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        self.core.destinations(service)
    }

    /// The destinations of a service as they are configured, as [`Client::destinations`]. Their
    /// counters, most of what the kernel sends, are not looked at.
    pub(crate) fn configured(&mut self, service: &ServiceKey) -> Result<Vec<Destination>, Error> {
        self.core.configured(service)
    }

    /// One destination of a service, if it is there. Neither is one of a service that does not
    /// exist.
    ///
    /// The kernel is asked for all of them, having no other command, and everything but the one is
    /// dropped as it comes: this costs the time of [`Client::destinations`], and 8 KiB meanwhile, or
    /// 32 with a client that has read a list before.
    ///
    /// # Errors
    /// As [`Client::services`].
    pub fn destination(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Result<Option<DestinationEntry>, Error> {
        self.core.destination(service, key)
    }

    /// Adds a service.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::NoSuchScheduler`], [`Error::Invalid`],
    /// [`Error::Permission`] and those of the socket.
    pub fn add_service(&mut self, service: &Service) -> Result<(), Error> {
        self.core.change(&Change::AddService(service.clone()))
    }

    /// Changes everything but the key of a service.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::NoSuchScheduler`], [`Error::Invalid`],
    /// [`Error::Permission`] and those of the socket.
    pub fn edit_service(&mut self, service: &Service) -> Result<(), Error> {
        self.core.change(&Change::EditService(service.clone()))
    }

    /// Deletes a service and its destinations.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::Permission`] and those of the socket.
    pub fn delete_service(&mut self, key: &ServiceKey) -> Result<(), Error> {
        self.core.change(&Change::DeleteService(*key))
    }

    /// Adds a destination. It is sent as it is: see [`Destination::normalize`].
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::NoSuchService`], [`Error::Invalid`],
    /// [`Error::Permission`], [`Error::Kernel`] (`EINVAL`: the address is not that of one host, as
    /// 0.0.0.0, a broadcast or a multicast address, or a link-local one of IPv6; or it is of another
    /// family than the service's while a synchronization daemon runs) and those of the socket.
    pub fn add_destination(
        &mut self,
        service: &ServiceKey,
        destination: &Destination,
    ) -> Result<(), Error> {
        self.core
            .change(&Change::AddDestination(*service, destination.clone()))
    }

    /// Changes everything but the key of a destination.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::NoSuchDestination`], [`Error::Invalid`],
    /// [`Error::Permission`], [`Error::Kernel`] (`EINVAL`: it is of another family than the service's,
    /// and a synchronization daemon runs) and those of the socket.
    pub fn edit_destination(
        &mut self,
        service: &ServiceKey,
        destination: &Destination,
    ) -> Result<(), Error> {
        self.core
            .change(&Change::EditDestination(*service, destination.clone()))
    }

    /// Deletes a destination. Its connections are cut off when their next packet comes.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::NoSuchDestination`], [`Error::Permission`] and those of
    /// the socket.
    pub fn delete_destination(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Result<(), Error> {
        self.core.change(&Change::DeleteDestination(*service, *key))
    }

    /// Deletes every service and destination of the network namespace, whoever made them.
    ///
    /// # Errors
    /// [`Error::Permission`] and those of the socket.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.core
            .command(Attempt::Flush, Command::Flush, Vec::new())
    }

    /// Makes many changes, many to a send, and returns the result of each, in order. A change
    /// that fails does not stop those after it.
    ///
    /// Only refusals are answered, and the last change of each send. Never more changes are under
    /// way than the socket's buffer has room for the refusals of, so none is lost. Should the kernel
    /// drop answers all the same, the changes without one are made again one by one: then a
    /// deletion of what is gone, and an addition of what is there with the same values, count as
    /// done.
    pub fn batch(&mut self, changes: &[Change]) -> Results {
        self.core.batch(changes)
    }

    /// Makes the next changes of a batch. Returns whether there are more.
    #[cfg(feature = "tokio")]
    pub(crate) fn advance(&mut self, batch: &mut Batch<'_>) -> bool {
        self.core.advance(batch)
    }

    /// Makes the changes of a plan.
    pub(crate) fn apply(&mut self, changes: &[Change]) -> Results {
        self.core.apply(changes)
    }

    /// Makes the next changes of a plan. Returns whether there is more to do.
    #[cfg(feature = "tokio")]
    pub(crate) fn go_on(&mut self, application: &mut Application<'_>) -> bool {
        self.core.go_on(application)
    }

    /// Zeroes the counters of one service, or of all.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::Permission`] and those of the socket.
    pub fn zero(&mut self, service: Option<&ServiceKey>) -> Result<(), Error> {
        self.core.zero(service)
    }

    /// The timeouts of connections.
    ///
    /// # Errors
    /// [`Error::Permission`] and those of the socket.
    pub fn timeouts(&mut self) -> Result<Timeouts, Error> {
        self.core.timeouts()
    }

    /// Sets the timeouts of connections; a zero leaves that one as it is.
    ///
    /// # Errors
    /// [`Error::Kernel`] (`EINVAL`: too long for the kernel), [`Error::Permission`] and those of
    /// the socket.
    pub fn set_timeouts(&mut self, timeouts: &Timeouts) -> Result<(), Error> {
        let attributes = vec![
            Attribute::TimeoutTcp(timeouts.tcp),
            Attribute::TimeoutTcpFin(timeouts.tcp_fin),
            Attribute::TimeoutUdp(timeouts.udp),
        ];
        self.core
            .command(Attempt::SetTimeouts, Command::SetConfig, attributes)
    }

    /// The synchronization daemons that run: at most one of each state.
    ///
    /// # Errors
    /// [`Error::Permission`] and those of the socket.
    pub fn daemons(&mut self) -> Result<Vec<Daemon>, Error> {
        self.core.daemons()
    }

    /// Starts a synchronization daemon.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::NoSuchInterface`], [`Error::Invalid`],
    /// [`Error::Permission`], [`Error::Kernel`] (`EINVAL`: there is a destination of another family
    /// than its service's) and those of the socket.
    pub fn start_daemon(&mut self, daemon: &Daemon) -> Result<(), Error> {
        self.core.start_daemon(daemon)
    }

    /// Stops a synchronization daemon.
    ///
    /// The kernel answers nothing when the daemon's thread had not begun to run; then the list of
    /// daemons tells whether it was stopped.
    ///
    /// # Errors
    /// [`Error::NoSuchDaemon`], [`Error::Permission`] and those of the socket.
    pub fn stop_daemon(&mut self, state: DaemonState) -> Result<(), Error> {
        self.core.stop_daemon(state)
    }
}
