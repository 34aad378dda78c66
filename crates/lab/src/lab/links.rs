//! Wires: cut and restored, unplugged and plugged in, lossy and slow.

use super::{Lab, Wire};
use crate::error::{Error, Result};
use crate::host::run_tool;
use crate::rtnl::{self, LinkChange};
use crate::topology::port_name;
use std::time::{Duration, Instant};

/// What a wire does to packets, in each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Impairment {
    /// How many of a hundred packets are lost, at random.
    pub loss_percent: f64,
    /// How much later each packet arrives.
    pub delay: Duration,
}

impl Lab {
    /// Cuts every wire of a host at one instant, which is returned: nothing gets through, but the
    /// host still sees a carrier, as when the far side of a switch dies.
    pub fn cut(&self, host: &str) -> Result<Instant> {
        self.change(&self.wires_of(host)?, Act::Cut)
    }

    /// Restores every wire of a host.
    pub fn restore(&self, host: &str) -> Result<Instant> {
        self.change(&self.wires_of(host)?, Act::Restore)
    }

    /// Cuts one wire: see [`Lab::cut`].
    pub fn cut_wire(&self, host: &str, interface: &str) -> Result<Instant> {
        self.change(&[self.wire(host, interface)?], Act::Cut)
    }

    /// Restores one wire.
    pub fn restore_wire(&self, host: &str, interface: &str) -> Result<Instant> {
        self.change(&[self.wire(host, interface)?], Act::Restore)
    }

    /// Pulls one wire's plug: the host's interface loses its carrier.
    pub fn unplug(&self, host: &str, interface: &str) -> Result<Instant> {
        self.change(&[self.wire(host, interface)?], Act::Unplug)
    }

    /// Plugs one wire in again.
    pub fn plug(&self, host: &str, interface: &str) -> Result<Instant> {
        self.change(&[self.wire(host, interface)?], Act::Plug)
    }

    /// Makes one wire lossy or slow, in both directions, until [`Lab::repair`].
    pub fn impair(&self, host: &str, interface: &str, how: Impairment) -> Result<()> {
        let wire = self.wire(host, interface)?;
        let netem = |device: &str| {
            let micros = how.delay.as_micros();
            let line = format!(
                "tc qdisc replace dev {device} root netem limit 10000 delay {micros}us loss {}%",
                how.loss_percent
            );
            words(&line)
        };
        self.both_ends(&wire, netem)
    }

    /// Undoes [`Lab::impair`].
    pub fn repair(&self, host: &str, interface: &str) -> Result<()> {
        let wire = self.wire(host, interface)?;
        self.both_ends(&wire, |device| {
            words(&format!("tc qdisc delete dev {device} root"))
        })
    }

    /// Runs a command for the switch's end of a wire, then for the host's.
    fn both_ends(&self, wire: &Wire, command: impl Fn(&str) -> Vec<String>) -> Result<()> {
        let at_switch = command(&port_name(&wire.host, &wire.interface));
        self.fabric.inside(move || run_tool(&at_switch))?;
        let at_host = command(&wire.interface);
        self.host(&wire.host)?.inside(move || run_tool(&at_host))?;
        Ok(())
    }

    /// Runs `act` where the switch's end of a wire is, with the name of that port.
    pub(crate) fn at_port<T: Send + 'static>(
        &self,
        host: &str,
        interface: &str,
        act: impl FnOnce(&str) -> T + Send + 'static,
    ) -> Result<T> {
        let wire = self.wire(host, interface)?;
        let port = port_name(&wire.host, &wire.interface);
        Ok(self.fabric.inside(move || act(&port)))
    }

    fn wires_of(&self, host: &str) -> Result<Vec<Wire>> {
        let host = self.host(host)?;
        Ok(self
            .wires
            .iter()
            .filter(|wire| wire.host == host.name())
            .cloned()
            .collect())
    }

    fn wire(&self, host: &str, interface: &str) -> Result<Wire> {
        let wires = self.wires_of(host)?;
        wires
            .into_iter()
            .find(|wire| wire.interface == interface)
            .ok_or_else(|| Error::Unknown {
                kind: "interface",
                name: interface.to_owned(),
            })
    }

    fn change(&self, wires: &[Wire], act: Act) -> Result<Instant> {
        let wires = wires.to_vec();
        self.fabric.inside(move || {
            let mut changes = Vec::new();
            for wire in &wires {
                let port = rtnl::index(&port_name(&wire.host, &wire.interface))?;
                changes.push(match act {
                    // The port stays up, or the kernel would take the carrier from the host's end.
                    Act::Cut => LinkChange::Master {
                        link: port,
                        bridge: 0,
                    },
                    Act::Restore => LinkChange::Master {
                        link: port,
                        bridge: rtnl::index(&wire.switch)?,
                    },
                    Act::Unplug => LinkChange::Up {
                        link: port,
                        up: false,
                    },
                    Act::Plug => LinkChange::Up {
                        link: port,
                        up: true,
                    },
                });
            }
            let at = Instant::now();
            rtnl::change_links(&changes)?;
            Ok(at)
        })
    }
}

#[derive(Clone, Copy)]
enum Act {
    Cut,
    Restore,
    Unplug,
    Plug,
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
