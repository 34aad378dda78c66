//! Tables, plans and what they are made of, in the words of `ipvsadm`.
//!
//! There are two forms. What `ipvsadm -S` prints leaves some things out: thresholds, the mask of a
//! service without persistence, some flags. A table is printed like that. A command has all of it,
//! so that running a plan makes the table the plan is for.

use std::fmt;

use super::ipvsadm;
use super::{Change, Plan, Table};
use crate::{Destination, Forwarding, Netmask, Service, ServiceFlags, Tunnel, TunnelChecksum};

/// The service as options of `ipvsadm -A`, in the order `ipvsadm -S` prints them.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mask = (self.netmask != Netmask::host(self.key.family())).then_some(self.netmask);
        service_head(f, self, mask)?;
        let names = match self.scheduler.as_str() {
            "sh" => ["sh-fallback", "sh-port", "flag-3"],
            "mh" => ["mh-fallback", "mh-port", "flag-3"],
            _ => ["flag-1", "flag-2", "flag-3"],
        };
        scheduler_flags(f, self.flags, &names)
    }
}

/// A service as `ipvsadm -S` prints it.
struct SavedService<'a>(&'a Service);

impl fmt::Display for SavedService<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.0;
        let is_host = service.netmask == Netmask::host(service.key.family());
        let mask = (is_persistent(service) && !is_host).then_some(service.netmask);
        service_head(f, service, mask)?;
        // It has no name for the third flag of these two.
        let names: &[&str] = match service.scheduler.as_str() {
            "sh" => &["sh-fallback", "sh-port"],
            "mh" => &["mh-fallback", "mh-port"],
            _ => &["flag-1", "flag-2", "flag-3"],
        };
        scheduler_flags(f, service.flags, names)
    }
}

/// What comes before the flags of the scheduler.
fn service_head(
    f: &mut fmt::Formatter<'_>,
    service: &Service,
    mask: Option<Netmask>,
) -> fmt::Result {
    write!(f, "{} -s {}", service.key, Word(&service.scheduler))?;
    if is_persistent(service) {
        write!(f, " -p {}", service.persistence)?;
    }
    if let Some(mask) = mask {
        write!(f, " -M {mask}")?;
    }
    if let Some(name) = &service.pe_name {
        write!(f, " --pe {}", Word(name))?;
    }
    if service.flags.contains(ServiceFlags::ONE_PACKET) {
        f.write_str(" -o")?;
    }
    Ok(())
}

/// Whether the kernel has the flag of persistence set.
fn is_persistent(service: &Service) -> bool {
    service.persistence > 0 || service.flags.contains(ServiceFlags::PERSISTENT)
}

/// The flags of the scheduler, by their names. One without a name leaves the option bare, as it
/// does in what `ipvsadm` prints.
fn scheduler_flags(f: &mut fmt::Formatter<'_>, flags: ServiceFlags, names: &[&str]) -> fmt::Result {
    let all = [
        ServiceFlags::SCHEDULER_1,
        ServiceFlags::SCHEDULER_2,
        ServiceFlags::SCHEDULER_3,
    ];
    if !all.into_iter().any(|flag| flags.contains(flag)) {
        return Ok(());
    }
    f.write_str(" -b ")?;
    let named = all.into_iter().zip(names);
    let mut separator = "";
    for (_, name) in named.filter(|(flag, _)| flags.contains(*flag)) {
        write!(f, "{separator}{name}")?;
        separator = ",";
    }
    Ok(())
}

/// A name as one word of a shell's, on one line.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.+".contains(&byte);
        if !self.0.is_empty() && self.0.bytes().all(is_plain) {
            f.write_str(self.0)
        } else {
            // No scheduler has a control character in its name; printed it could begin a line.
            let name = self.0.replace(char::is_control, "\u{fffd}");
            write!(f, "'{}'", name.replace('\'', r"'\''"))
        }
    }
}

/// A destination as options of `ipvsadm -a`, as far as `ipvsadm -S` prints them.
struct SavedDestination<'a>(&'a Destination);

impl fmt::Display for SavedDestination<'_> {
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
            // It cannot set these either, and prints an accident of its C library.
            Forwarding::Bypass | Forwarding::Other(_) => "",
        };
        write!(f, "-r {key}{method} -w {weight}")?;
        if *forwarding == Forwarding::Tunnel {
            write!(f, "{}", Encapsulation(*tunnel))?;
        }
        Ok(())
    }
}

/// A tunnel as options of `ipvsadm`.
struct Encapsulation(Tunnel);

impl fmt::Display for Encapsulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option = |checksum| match checksum {
            TunnelChecksum::None => " --tun-nocsum",
            TunnelChecksum::Checksum => " --tun-csum",
            TunnelChecksum::Remote => " --tun-remcsum",
            // ipvsadm has no word for it, and crashes when it prints one.
            TunnelChecksum::Other(_) => "",
        };
        match self.0 {
            Tunnel::Ipip => f.write_str(" --tun-type ipip"),
            Tunnel::Gue { port, checksum } => {
                write!(f, " --tun-type gue --tun-port {port}{}", option(checksum))
            }
            Tunnel::Gre { checksum } => write!(f, " --tun-type gre{}", option(checksum)),
            // ipvsadm has no words for it.
            Tunnel::Other { .. } => Ok(()),
        }
    }
}

/// The destination as options of `ipvsadm -a`, thresholds included.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SavedDestination(self).fmt(f)?;
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
        self.changes.iter().try_for_each(|change| {
            let start = if ipvsadm::can_make(change) {
                "ipvsadm"
            } else {
                "# ipvsadm cannot:"
            };
            writeln!(f, "{start} {change}")
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.services.values() {
            writeln!(f, "-A {}", SavedService(&row.service))?;
            for destination in row.destinations.iter() {
                writeln!(
                    f,
                    "-a {} {}",
                    row.service.key,
                    SavedDestination(destination)
                )?;
            }
        }
        Ok(())
    }
}
