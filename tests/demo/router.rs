//! A router of the pair: its pulse, what it says, what it holds.

use crate::screen::broken;
use lab::{Error, Line, Process, Result};
use scenarios::{FiveNodes, NAT_ROUTER, VIP};
use std::time::{Duration, Instant};

/// How long anything may take that should be quick.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// How often a pulse that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A router whose pulse was started.
pub(crate) struct Router<'demo> {
    cluster: &'demo FiveNodes<'demo>,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its pulse.
    pub(crate) pulse: Process,
}

impl<'demo> Router<'demo> {
    /// Starts pulse on it.
    pub(crate) fn start(cluster: &'demo FiveNodes<'demo>, name: &'static str) -> Result<Self> {
        let pulse = cluster.start_pulse(name)?;
        Ok(Router {
            cluster,
            name,
            pulse,
        })
    }

    /// Waits for a line of its pulse after `since`. A pulse that ends says no more.
    pub(crate) fn says(&self, since: Instant, line: &str) -> Result<Line> {
        let deadline = Instant::now() + SOON;
        let expected = || format!("{}: pulse logs {line:?}", self.name);
        loop {
            // Looked at first: the log of a pulse that ended is whole.
            let exit = self.pulse.exit();
            match self.pulse.log().wait_line_after(since, line, LOOK) {
                Err(Error::TimedOut { .. }) => {}
                found => return found,
            }
            if let Some(exit) = exit {
                return Err(broken(&expected(), format!("it ended: {}", exit.status)));
            }
            if Instant::now() >= deadline {
                let seen = format!("no such line within {} s", SOON.as_secs());
                return Err(broken(&expected(), seen));
            }
        }
    }

    /// Waits until it has both floating addresses, and all real servers in its table.
    pub(crate) fn wait_active(&self) -> Result<Instant> {
        self.cluster.wait_active(self.name, SOON)?;
        let what = format!("{} has the gateway's address", self.name);
        self.cluster
            .wait(&what, SOON, || Ok(self.holds()? == [true, true]))
    }

    /// Whether it has the VIP, and the gateway's address.
    pub(crate) fn holds(&self) -> Result<[bool; 2]> {
        let host = self.cluster.host(self.name)?;
        Ok([
            host.has_address(VIP.into())?,
            host.has_address(NAT_ROUTER.into())?,
        ])
    }

    /// The labels under which `ip` shows the VIP and the gateway's address: a device, or an alias
    /// of one. Costs a fork.
    pub(crate) fn labels(&self) -> Result<[Option<String>; 2]> {
        let shown = self.cluster.host(self.name)?.tool(&["ip", "-4", "addr"])?;
        Ok([VIP, NAT_ROUTER].map(|address| label(&shown, &address.to_string())))
    }

    /// The number of virtual services in its table.
    pub(crate) fn services(&self) -> Result<usize> {
        Ok(self.cluster.table(self.name)?.services.len())
    }

    /// One line on its state.
    pub(crate) fn state(&self) -> Result<String> {
        let yes = |yes| if yes { "yes" } else { "no" };
        let [vip, gateway] = self.holds()?.map(yes);
        Ok(format!(
            "{:<8} {:<8} {vip:<9} {gateway:<15} {}\n",
            self.name,
            yes(self.pulse.is_running()),
            self.services()?
        ))
    }
}

/// The label of an address in the output of `ip addr`: the last word of the line
/// `inet ADDRESS/PREFIX ...`.
fn label(shown: &str, address: &str) -> Option<String> {
    let line = shown.lines().find(|line| {
        let mut words = line.split_whitespace();
        let found = words.nth(1).and_then(|word| word.split_once('/'));
        found.is_some_and(|(found, _)| found == address)
    })?;
    line.split_whitespace().last().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_last_word_of_the_line_of_its_address() {
        let shown = "\
2: eth1@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    inet 192.168.1.1/24 brd 192.168.1.255 scope global eth1
       valid_lft forever preferred_lft forever
    inet 192.168.1.254/24 brd 192.168.1.255 scope global secondary dynamic eth1:1
       valid_lft 4sec preferred_lft 4sec
";
        assert_eq!(label(shown, "192.168.1.1").as_deref(), Some("eth1"));
        assert_eq!(label(shown, "192.168.1.254").as_deref(), Some("eth1:1"));
        assert_eq!(label(shown, "192.168.1.2"), None);
    }
}
