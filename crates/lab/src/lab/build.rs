//! Building a topology: one `ip -batch` for the switches and wires, one per host for its addresses.

use super::{Lab, Wire};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::topology::{HostPlan, Topology, port_name};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Every host: quiet about IPv6, and no reverse-path filter, which would drop what a cluster with
/// two routers rightly sends.
const SETTINGS: &[(&str, &str)] = &[
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv6.conf.all.accept_dad", "0"),
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.all.accept_ra", "0"),
    ("net.ipv6.conf.default.accept_ra", "0"),
    ("net.ipv6.conf.all.router_solicitations", "0"),
    ("net.ipv6.conf.default.router_solicitations", "0"),
];

impl Lab {
    /// The switches do not speak IPv6 themselves.
    pub(super) fn prepare_fabric(&self) -> Result<()> {
        self.fabric.inside(|| {
            set("net.ipv6.conf.all.disable_ipv6", "1")?;
            set("net.ipv6.conf.default.disable_ipv6", "1")
        })
    }

    /// Builds a network. May be called again for hosts and switches with other names; a wire to a
    /// switch of an earlier call is fine if that switch is named again.
    pub fn build(&mut self, topology: &Topology) -> Result<()> {
        topology.check()?;
        let mut batch = String::new();
        for switch in &topology.switches {
            if self.wires.iter().all(|wire| wire.switch != *switch) {
                let options = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";
                let _ = writeln!(batch, "link add name {switch} {options}");
                let _ = writeln!(batch, "link set {switch} up");
            }
        }
        for plan in &topology.hosts {
            let host = Host::new(&plan.name, &self.dir.join(&plan.name), self.epoch)?;
            for wire in &plan.wires {
                let port = port_name(&plan.name, &wire.interface);
                let (interface, switch) = (&wire.interface, &wire.switch);
                let namespace = host.net_file().display();
                let _ = writeln!(
                    batch,
                    "link add name {port} type veth peer name {interface} netns {namespace}"
                );
                let _ = writeln!(batch, "link set {port} master {switch} up");
                self.wires.push(Wire {
                    host: plan.name.clone(),
                    interface: interface.clone(),
                    switch: switch.clone(),
                });
            }
            self.hosts.push(host);
        }
        self.fabric.inside(move || ip_batch(&batch))?;
        for plan in &topology.hosts {
            let host = self.host(&plan.name)?;
            let plan = plan.clone();
            host.inside(move || settle(&plan))?;
        }
        Ok(())
    }
}

/// Addresses, routes and settings, from inside the host.
fn settle(plan: &HostPlan) -> Result<()> {
    let common = SETTINGS.iter().copied();
    let own = plan
        .settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in common.chain(own) {
        set(name, value)?;
    }
    let mut batch = String::from("link set lo up\n");
    for wire in &plan.wires {
        let interface = &wire.interface;
        for address in &wire.addresses {
            let broadcast = if address.contains(':') {
                ""
            } else {
                "broadcast +"
            };
            let _ = writeln!(batch, "address add {address} {broadcast} dev {interface}");
        }
        let _ = writeln!(batch, "link set {interface} up");
    }
    if let Some(gateway) = plan.gateway {
        let _ = writeln!(batch, "route add default via {gateway}");
    }
    ip_batch(&batch)
}

/// Writes a kernel setting of the calling thread's network namespace. IPv6 may be absent.
fn set(name: &str, value: &str) -> Result<()> {
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    match std::fs::write(&path, value) {
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && name.starts_with("net.ipv6.") =>
        {
            Ok(())
        }
        done => done.map_err(Error::io(format!("set {name} to {value}"))),
    }
}

fn ip_batch(batch: &str) -> Result<()> {
    let run = || -> std::io::Result<std::process::Output> {
        let mut child = Command::new("ip")
            .args(["-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(batch.as_bytes())?;
        }
        child.wait_with_output()
    };
    let output = run().map_err(Error::io("run ip -batch"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Tool {
        command: "ip -batch -".to_owned(),
        status: output.status.to_string(),
        said: format!("{}in:\n{batch}", String::from_utf8_lossy(&output.stderr)),
    })
}
