//! The configuration of the five-node cluster: the file of the HOWTO's §9.2, with what stories vary.

use std::fmt::Write as _;

/// What a story may vary; everything else is the HOWTO's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Time between heartbeats.
    pub keepalive: String,
    /// Silence after which the partner is dead.
    pub deadtime: String,
    /// How long a real server may fail before it is taken out.
    pub timeout: String,
    /// How long it must pass before it is let in again.
    pub reentry: String,
    /// Where load data come from.
    pub load_monitor: String,
    /// The scheduler.
    pub scheduler: String,
    /// The weights of rs1, rs2 and rs3.
    pub weights: [u32; 3],
    /// The virtual server's address and device.
    pub address: String,
    /// Lines for the global section, as they are.
    pub more_global: String,
    /// Lines for the virtual server, as they are.
    pub more_virtual: String,
}

impl Settings {
    /// The HOWTO's own values: a dead router is noticed after 10 s, a server that came back waits
    /// 3 minutes.
    pub fn howto() -> Self {
        Settings {
            keepalive: "2".into(),
            deadtime: "10".into(),
            timeout: "10".into(),
            reentry: "180".into(),
            load_monitor: "ruptime".into(),
            scheduler: "wlc".into(),
            weights: [2000, 1000, 1000],
            address: "1.2.3.1".into(),
            more_global: String::new(),
            more_virtual: String::new(),
        }
    }

    /// The same with times that a test can wait for, the VIP's device as in figure 3, and weights
    /// left alone by load data.
    pub fn quick() -> Self {
        Settings {
            keepalive: "1".into(),
            deadtime: "3".into(),
            timeout: "3".into(),
            reentry: "3".into(),
            load_monitor: "none".into(),
            address: "1.2.3.1 eth0:1".into(),
            ..Settings::howto()
        }
    }

    /// The file. `monitor` is the path of nanny.
    pub fn file(&self, monitor: &str) -> String {
        let Settings {
            keepalive,
            deadtime,
            timeout,
            reentry,
            load_monitor,
            scheduler,
            ..
        } = self;
        let Settings {
            address,
            more_global,
            more_virtual,
            ..
        } = self;
        let mut text = format!(
            "\
# Global section
primary = 1.2.3.2
backup =  1.2.3.3
keepalive = {keepalive}
deadtime = {deadtime}
heartbeat_port = 1050
rsh_command = rsh
network = nat
nat_router = 192.168.1.254 eth1:1
{more_global}
# Per-virtual-server section
virtual server vs1 {{
 address = {address}
 active = 1
 load_monitor = {load_monitor}
 timeout = {timeout}
 reentry = {reentry}
 port = 80
 scheduler = {scheduler}
 client_monitor = {monitor}
{more_virtual}
# Per-real-server section
"
        );
        for (number, weight) in (1..).zip(self.weights) {
            let host = number + 2;
            let _ = write!(
                text,
                " server rs{number} {{
  address = 192.168.1.{host}
  active = 1
  weight = {weight}
 }}
"
            );
        }
        text.push_str("}\n");
        text
    }
}
