//! A network as data: hosts, switches, and the wires between them.

use crate::error::{Error, Result};
use std::net::IpAddr;

/// Linux's limit for the name of an interface, without the closing NUL.
const INTERFACE_NAME: usize = 15;

/// A network to build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// The names of the switches. A switch is a bridge without spanning tree.
    pub switches: Vec<String>,
    /// The hosts.
    pub hosts: Vec<HostPlan>,
}

impl Topology {
    /// An empty network.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a switch.
    #[must_use]
    pub fn switch(mut self, name: impl Into<String>) -> Self {
        self.switches.push(name.into());
        self
    }

    /// Adds a host.
    #[must_use]
    pub fn host(mut self, host: HostPlan) -> Self {
        self.hosts.push(host);
        self
    }

    /// Refuses what the kernel would refuse with less to say about it.
    pub(crate) fn check(&self) -> Result<()> {
        for host in &self.hosts {
            for wire in &host.wires {
                if !self.switches.contains(&wire.switch) {
                    return Err(Error::Unknown {
                        kind: "switch",
                        name: wire.switch.clone(),
                    });
                }
                let port = port_name(&host.name, &wire.interface);
                if port.len() > INTERFACE_NAME {
                    return Err(Error::broken(format!(
                        "{port}: host and interface make a name longer than {INTERFACE_NAME} bytes"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The name of a wire's end at the switch.
pub(crate) fn port_name(host: &str, interface: &str) -> String {
    format!("{host}.{interface}")
}

/// A host to build: network and mount namespaces with a `/run` and a syslog of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPlan {
    /// Its name.
    pub name: String,
    /// Its wires, each to a switch.
    pub wires: Vec<WirePlan>,
    /// Where its default route leads.
    pub gateway: Option<IpAddr>,
    /// Kernel settings: names as `sysctl` takes them, below `net.`.
    pub settings: Vec<(String, String)>,
}

/// A wire from a host to a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WirePlan {
    /// The interface in the host.
    pub interface: String,
    /// The switch at the other end.
    pub switch: String,
    /// Addresses with prefix length, as `ip address add` takes them.
    pub addresses: Vec<String>,
}

impl HostPlan {
    /// A host without wires.
    pub fn new(name: impl Into<String>) -> Self {
        HostPlan {
            name: name.into(),
            wires: Vec::new(),
            gateway: None,
            settings: Vec::new(),
        }
    }

    /// Adds an interface with one address, wired to `switch`.
    #[must_use]
    pub fn wire(mut self, interface: &str, switch: &str, address: &str) -> Self {
        self.wires.push(WirePlan {
            interface: interface.to_owned(),
            switch: switch.to_owned(),
            addresses: vec![address.to_owned()],
        });
        self
    }

    /// Sets the default route.
    #[must_use]
    pub fn default_via(mut self, gateway: impl Into<IpAddr>) -> Self {
        self.gateway = Some(gateway.into());
        self
    }

    /// Sets a kernel setting of the host's network: `net.ipv4.ip_forward`, `1`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_needs_its_switch_and_a_short_name() {
        let host = HostPlan::new("lvs1").wire("eth0", "public", "1.2.3.2/24");
        let error = Topology::new().host(host.clone()).check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the topology has no switch called public"
        );
        assert!(Topology::new().switch("public").host(host).check().is_ok());
        let long = HostPlan::new("a-long-name").wire("eth0", "public", "1.2.3.2/24");
        assert!(Topology::new().switch("public").host(long).check().is_err());
    }
}
