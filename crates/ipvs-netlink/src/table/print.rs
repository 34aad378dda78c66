//! Tables, plans and what they are made of, in the words of `ipvsadm`.

use std::fmt;

use super::{Change, Plan, Table};
use crate::{Destination, Forwarding, Netmask, Service, ServiceFlags, Tunnel, TunnelChecksum};

/// The service as options of `ipvsadm -A`, in the order `ipvsadm -S` prints them.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -s {}", self.key, self.scheduler)?;
        if self.persistence > 0 {
            write!(f, " -p {}", self.persistence)?;
            if self.netmask != Netmask::host(self.key.family()) {
                write!(f, " -M {}", self.netmask)?;
            }
        }
        if let Some(name) = &self.pe_name {
            write!(f, " --pe {name}")?;
        }
        if self.flags.contains(ServiceFlags::ONE_PACKET) {
            f.write_str(" -o")?;
        }
        let names = match self.scheduler.as_str() {
            "sh" => ["sh-fallback", "sh-port", "flag-3"],
            "mh" => ["mh-fallback", "mh-port", "flag-3"],
            _ => ["flag-1", "flag-2", "flag-3"],
        };
        let flags = [
            ServiceFlags::SCHEDULER_1,
            ServiceFlags::SCHEDULER_2,
            ServiceFlags::SCHEDULER_3,
        ];
        let mut separator = " -b ";
        for (flag, name) in flags.into_iter().zip(names) {
            if self.flags.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = ",";
            }
        }
        Ok(())
    }
}

/// A destination as options of `ipvsadm -a`, as far as `ipvsadm -S` prints them.
struct Saved<'a>(&'a Destination);

impl fmt::Display for Saved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Destination {
            key,
            forwarding,
            weight,
            tunnel,
            ..
        } = self.0;
        let method = match forwarding {
            Forwarding::Masquerade => " -m",
            Forwarding::Tunnel => " -i",
            // ipvsadm cannot set local forwarding, and prints it like this.
            Forwarding::Direct | Forwarding::Local => " -g",
            // It cannot set this one either, and prints an accident of its C library.
            Forwarding::Bypass => "",
        };
        write!(f, "-r {key}{method} -w {weight}")?;
        if *forwarding == Forwarding::Tunnel {
            write!(f, " {}", Encapsulation(*tunnel))?;
        }
        Ok(())
    }
}

/// A tunnel as options of `ipvsadm`.
struct Encapsulation(Tunnel);

impl fmt::Display for Encapsulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option = |checksum| match checksum {
            TunnelChecksum::None => "--tun-nocsum",
            TunnelChecksum::Checksum => "--tun-csum",
            TunnelChecksum::Remote => "--tun-remcsum",
        };
        match self.0 {
            Tunnel::Ipip => f.write_str("--tun-type ipip"),
            Tunnel::Gue { port, checksum } => {
                write!(f, "--tun-type gue --tun-port {port} {}", option(checksum))
            }
            Tunnel::Gre { checksum } => write!(f, "--tun-type gre {}", option(checksum)),
        }
    }
}

/// The destination as options of `ipvsadm -a`, thresholds included.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Saved(self).fmt(f)?;
        if self.upper_threshold > 0 || self.lower_threshold > 0 {
            write!(
                f,
                " -x {} -y {}",
                self.upper_threshold, self.lower_threshold
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddService(service) => write!(f, "-A {service}"),
            Self::EditService(service) => write!(f, "-E {service}"),
            Self::DeleteService(key) => write!(f, "-D {key}"),
            Self::AddDestination(service, destination) => write!(f, "-a {service} {destination}"),
            Self::EditDestination(service, destination) => write!(f, "-e {service} {destination}"),
            Self::DeleteDestination(service, key) => write!(f, "-d {service} -r {key}"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes
            .iter()
            .try_for_each(|change| writeln!(f, "ipvsadm {change}"))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.services.values() {
            writeln!(f, "-A {}", row.service)?;
            for destination in row.destinations.values() {
                writeln!(f, "-a {} {}", row.service.key, Saved(destination))?;
            }
        }
        Ok(())
    }
}
