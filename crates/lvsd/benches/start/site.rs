//! A router, and one host that answers for all real servers.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lab::{Error, Host, HostPlan, Lab, Result, Server, Topology};

/// The VIP. No interface has it: nobody calls.
pub(crate) const VIP: Ipv4Addr = Ipv4Addr::new(1, 2, 3, 1);
/// The address of the host that answers.
const SERVER: &str = "10.0.0.2";
/// Where the real servers are: behind that host.
const NET: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 0);
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How often the table is looked at: seldom, for the guest has one processor.
const LOOK: Duration = Duration::from_millis(20);

/// The network, and how many real servers it has.
pub(crate) struct Site {
    pub(crate) router: Host,
    pub(crate) size: usize,
    /// Closed when it is dropped.
    _server: Server,
}

impl Site {
    /// Builds it.
    pub(crate) fn build(lab: &mut Lab, size: usize) -> Result<Self> {
        let topology = Topology::new()
            .switch("lan")
            .host(HostPlan::new("lvs").wire("eth0", "lan", "10.0.0.1/24"))
            .host(HostPlan::new("rs").wire("eth0", "lan", &format!("{SERVER}/24")));
        lab.build(&topology)?;
        let (router, servers) = (lab.host("lvs")?, lab.host("rs")?);
        let net = format!("{NET}/16");
        servers.tool(&["ip", "route", "add", "local", &net, "dev", "lo"])?;
        router.tool(&["ip", "route", "add", &net, "via", SERVER])?;
        Ok(Self {
            router,
            size,
            _server: servers.serve(80)?,
        })
    }

    /// The addresses of the real servers.
    pub(crate) fn servers(&self) -> impl Iterator<Item = Ipv4Addr> {
        let first = u32::from(NET) + 1;
        (first..).take(self.size).map(Ipv4Addr::from)
    }

    /// A program of the suite.
    pub(crate) fn program(name: &str) -> Result<PathBuf> {
        lab::built_program("LVS_BIN_DIR", name)
    }

    /// Waits until all real servers are in the table; how long that took since `start`.
    pub(crate) fn all_in(&self, start: Instant) -> Result<Duration> {
        loop {
            let text = self.router.read_file("/proc/thread-self/net/ip_vs")?;
            // The first of these lines is the heading.
            let count = text.matches("->").count().saturating_sub(1);
            if count >= self.size {
                return Ok(start.elapsed());
            }
            if start.elapsed() >= LIMIT {
                return Err(Error::broken(format!(
                    "{count} in the table after {LIMIT:?}"
                )));
            }
            std::thread::sleep(LOOK);
        }
    }
}
