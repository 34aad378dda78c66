//! One router and a few real servers on one network, for stories about single nannies: each is
//! started by the story itself, beside a table that the story made.

use crate::program;
use lab::{Error, Host, HostPlan, Lab, Process, Program, Result, Topology};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::time::{Duration, Instant};

/// The address that virtual servers have here. No interface has it: nobody calls.
pub const VIRTUAL: Ipv4Addr = Ipv4Addr::new(1, 2, 3, 1);
/// How long a change of the table may take.
const SOON: Duration = Duration::from_secs(15);
/// The router's name.
const ROUTER: &str = "lvs1";

/// The network. What the lab can do, it can: it dereferences to [`Lab`].
#[derive(Debug)]
pub struct OneRouter<'lab> {
    lab: &'lab Lab,
}

impl Deref for OneRouter<'_> {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        self.lab
    }
}

impl<'lab> OneRouter<'lab> {
    /// Builds it, with real servers `rs1` (10.0.0.11), `rs2` (10.0.0.12) and so on.
    pub fn up(lab: &'lab mut Lab, servers: u8) -> Result<Self> {
        let mut topology = Topology::new()
            .switch("lan")
            .host(HostPlan::new(ROUTER).wire("eth0", "lan", "10.0.0.1/24"));
        for number in 1..=servers {
            let address = format!("{}/24", address(number));
            let host = HostPlan::new(format!("rs{number}")).wire("eth0", "lan", &address);
            topology = topology.host(host);
        }
        lab.build(&topology)?;
        Ok(OneRouter { lab })
    }

    /// The router.
    pub fn router(&self) -> Result<Host> {
        self.host(ROUTER)
    }

    /// Makes a virtual service: `service` names it as ipvsadm does, `-t 1.2.3.1:80` or `-f 80`.
    pub fn make_service(&self, service: &str) -> Result<()> {
        self.ipvsadm(&format!("-A {service} -s rr"))
    }

    /// Runs ipvsadm on the router.
    pub fn ipvsadm(&self, arguments: &str) -> Result<()> {
        let mut command = vec!["ipvsadm"];
        command.extend(arguments.split_whitespace());
        self.router()?.tool(&command).map(drop)
    }

    /// Starts a nanny on the router, in the foreground, for a real server of [`VIRTUAL`].
    pub fn start_nanny(&self, server: u8, arguments: &str) -> Result<Process> {
        self.start_nanny_with(server, arguments.split_whitespace())
    }

    /// The same, with arguments that may have blanks in them.
    pub fn start_nanny_with<'a>(
        &self,
        server: u8,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Process> {
        let nanny = Program::new("nanny", program("nanny")?)
            .args(["-n", "--lvs", "-h"])
            .arg(address(server).to_string())
            .args(["-V", &VIRTUAL.to_string()])
            .args(arguments);
        self.router()?.start(nanny)
    }

    /// The weight that a real server has in the first service of the table that has it.
    pub fn weight(&self, server: SocketAddr) -> Result<Option<i64>> {
        Ok(self.router()?.ipvs()?.weight(server))
    }

    /// Waits until a real server has this weight, or is not in the table.
    pub fn wait_weight(&self, server: SocketAddr, weight: Option<i64>) -> Result<Instant> {
        self.wait(&format!("{server} with weight {weight:?}"), SOON, || {
            Ok(self.weight(server)? == weight)
        })
    }

    /// Runs iptables in a host.
    pub fn iptables(&self, host: &Host, rule: &str) -> Result<()> {
        let mut command = vec!["iptables-legacy"];
        command.extend(rule.split_whitespace());
        host.tool(&command).map(drop)
    }

    /// How many descriptors a process of the router has open, but for its standard ones.
    pub fn descriptors(&self, process: &Process) -> Result<usize> {
        let path = format!("/proc/{}/fd", process.pid());
        let entries = std::fs::read_dir(&path).map_err(|source| Error::Io {
            doing: format!("list {path}"),
            source,
        })?;
        Ok(entries.count().saturating_sub(3))
    }
}

/// The address of `rs1` and so on.
pub fn address(server: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, 10 + server)
}

/// A port of a real server.
pub fn at(server: u8, port: u16) -> SocketAddr {
    SocketAddr::from((address(server), port))
}
