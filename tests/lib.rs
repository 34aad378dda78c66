//! What the scenarios share: the five-node cluster of the HOWTO's figure 3, and its configuration.
//!
//! ```text
//! ---+----------------------------------+------------+--- public network 1.2.3.0/24
//!    | eth0 1.2.3.2                     | 1.2.3.3    | 1.2.3.100
//!    | eth0:1 1.2.3.1 (vs1)             |            |
//!   lvs1                               lvs2        client
//!    | eth1 192.168.1.1                 | 192.168.1.2
//!    | eth1:1 192.168.1.254 (gateway)   |
//! ---+-----+------------+------------+--+---------------- private network 192.168.1.0/24
//!          | .3         | .4         | .5
//!         rs1          rs2          rs3
//! ```

pub mod one_router;
pub mod real_servers;
mod settings;

pub use settings::Settings;

use lab::{
    Client, Error, Host, HostPlan, Lab, OwnerWatch, Polling, Process, Program, Result, Server,
    Table, Topology,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

/// The virtual server's address.
pub const VIP: Ipv4Addr = Ipv4Addr::new(1, 2, 3, 1);
/// The real servers' gateway, which floats as the VIP does.
pub const NAT_ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 254);
/// The two routers, the primary first.
pub const ROUTERS: [&str; 2] = ["lvs1", "lvs2"];
/// The real servers.
pub const SERVERS: [&str; 3] = ["rs1", "rs2", "rs3"];

/// Overrides where the programs under test are.
const BIN_VARIABLE: &str = "LVS_BIN_DIR";

/// Figure 3 as data, with a client on the public network.
pub fn figure_3() -> Topology {
    let router = |name: &str, number: u8| {
        HostPlan::new(name)
            .wire("eth0", "public", &format!("1.2.3.{}/24", number + 1))
            .wire("eth1", "private", &format!("192.168.1.{number}/24"))
            .setting("net.ipv4.ip_forward", "1")
            // A router that told a client of a better way would show it the real servers.
            .setting("net.ipv4.conf.all.send_redirects", "0")
            .setting("net.ipv4.conf.default.send_redirects", "0")
    };
    let mut topology = Topology::new()
        .switch("public")
        .switch("private")
        .host(router(ROUTERS[0], 1))
        .host(router(ROUTERS[1], 2))
        .host(HostPlan::new("client").wire("eth0", "public", "1.2.3.100/24"));
    for (name, number) in SERVERS.iter().zip(3..) {
        let host = HostPlan::new(*name)
            .wire("eth0", "private", &format!("192.168.1.{number}/24"))
            .default_via(NAT_ROUTER);
        topology = topology.host(host);
    }
    topology
}

/// The address of a real server's web server.
pub fn real_server(name: &str) -> Result<SocketAddr> {
    let unknown = || Error::broken(format!("there is no real server called {name}"));
    let index = SERVERS
        .iter()
        .position(|server| *server == name)
        .ok_or_else(unknown)?;
    let number = u8::try_from(index + 3).map_err(|_| unknown())?;
    Ok(SocketAddr::from(([192, 168, 1, number], 80)))
}

/// The VIP's web service.
pub fn service() -> SocketAddr {
    SocketAddr::from((VIP, 80))
}

/// A program of the suite, as built by `cargo xtask test`.
pub fn program(name: &str) -> Result<PathBuf> {
    lab::built_program(BIN_VARIABLE, name)
}

/// The cluster, up and wired, its web servers answering, its routers configured and idle. What the
/// lab can do, the cluster can: it dereferences to [`Lab`].
#[derive(Debug)]
pub struct FiveNodes<'lab> {
    lab: &'lab Lab,
    servers: Vec<(&'static str, Server)>,
}

impl Deref for FiveNodes<'_> {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        self.lab
    }
}

impl<'lab> FiveNodes<'lab> {
    /// Builds the network and starts the web servers. The routers have no configuration yet.
    pub fn wired(lab: &'lab mut Lab) -> Result<Self> {
        lab.build(&figure_3())?;
        let lab: &Lab = lab;
        let mut servers = Vec::new();
        for name in SERVERS {
            servers.push((name, lab.host(name)?.serve(80)?));
        }
        Ok(FiveNodes { lab, servers })
    }

    /// The same, configured with [`Settings::quick`].
    pub fn up(lab: &'lab mut Lab) -> Result<Self> {
        Self::up_with(lab, &Settings::quick())
    }

    /// The same, configured with `settings`.
    pub fn up_with(lab: &'lab mut Lab, settings: &Settings) -> Result<Self> {
        let cluster = Self::wired(lab)?;
        for router in ROUTERS {
            cluster.configure(router, settings)?;
        }
        Ok(cluster)
    }

    /// Writes a router's `lvs.cf`.
    pub fn configure(&self, router: &str, settings: &Settings) -> Result<()> {
        let monitor = program("nanny")?;
        self.configure_text(router, &settings.file(&monitor.display().to_string()))
    }

    /// Writes any text as a router's `lvs.cf`, with a copy among the logs.
    pub fn configure_text(&self, router: &str, text: &str) -> Result<()> {
        let copy = self.host(router)?.dir().join("lvs.cf");
        for path in [self.configuration(router)?, copy] {
            std::fs::write(&path, text).map_err(|source| Error::Io {
                doing: format!("write {}", path.display()),
                source,
            })?;
        }
        Ok(())
    }

    /// Where a router's `lvs.cf` is: in memory, for a file on a guest's share takes a time to open
    /// that differs from run to run.
    pub fn configuration(&self, router: &str) -> Result<PathBuf> {
        Ok(lab::memory_dir().join(format!("{router}.cf")))
    }

    /// Starts pulse on a router, in the foreground.
    pub fn start_pulse(&self, router: &str) -> Result<Process> {
        self.start_pulse_with(router, &["-n"])
    }

    /// Starts pulse on a router with these arguments, and those that name its file and its lvsd.
    pub fn start_pulse_with(&self, router: &str, args: &[&str]) -> Result<Process> {
        let pulse = Program::new("pulse", program("pulse")?)
            .args(args)
            .arg("-c")
            .arg(self.configuration(router)?)
            .arg(format!("--lvsd={}", program("lvsd")?.display()));
        self.host(router)?.start(pulse)
    }

    /// The web server of a real server.
    pub fn server(&self, name: &str) -> Result<&Server> {
        let found = self.servers.iter().find(|(server, _)| *server == name);
        let unknown = || Error::broken(format!("there is no real server called {name}"));
        found.map(|(_, server)| server).ok_or_else(unknown)
    }

    /// The client's host.
    pub fn client(&self) -> Result<Host> {
        self.host("client")
    }

    /// Starts to ask the VIP for a page every 20 ms.
    pub fn poll_vip(&self) -> Result<Client> {
        self.client()?.poll_http(service(), Polling::default())
    }

    /// Waits until a client has had so many answers.
    pub fn wait_answers(&self, client: &Client, count: usize) -> Result<()> {
        self.wait(&format!("{count} answers"), Duration::from_secs(40), || {
            Ok(client.view().shares().values().sum::<usize>() >= count)
        })
        .map(drop)
    }

    /// Watches which router has the VIP.
    pub fn watch_vip(&self) -> Result<OwnerWatch> {
        self.watch_address(VIP.into())
    }

    /// Watches which router has an address.
    pub fn watch_address(&self, address: IpAddr) -> Result<OwnerWatch> {
        OwnerWatch::start(address, &[self.host(ROUTERS[0])?, self.host(ROUTERS[1])?])
    }

    /// Whether a router has the VIP.
    pub fn has_vip(&self, router: &str) -> Result<bool> {
        self.host(router)?.has_address(VIP.into())
    }

    /// A router's IPVS table.
    pub fn table(&self, router: &str) -> Result<Table> {
        self.host(router)?.ipvs()
    }

    /// Waits until a router has the VIP, and all three real servers are in its table.
    pub fn wait_active(&self, router: &str, limit: Duration) -> Result<()> {
        self.wait(
            &format!("{router} has the VIP and all real servers"),
            limit,
            || {
                let table = self.table(router)?;
                let mut all = true;
                for name in SERVERS {
                    all &= table.has(real_server(name)?);
                }
                Ok(all && self.has_vip(router)?)
            },
        )
        .map(drop)
    }
}
