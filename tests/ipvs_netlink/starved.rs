//! A socket with so little room that the kernel drops answers: no result may be lost with them.

use std::fs;
use std::os::fd::OwnedFd;

use ipvs_netlink::Client;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use super::scale;
use super::tools::Outcome;

/// Number of generic netlink in `/proc/net/netlink`.
const GENERIC: &str = "16";

/// A batch over a socket that was made small behind the client's back. Returns how many answers the
/// kernel dropped.
pub(super) fn batch(_: &mut Client) -> Outcome<u64> {
    let before = sockets()?;
    let mut client = Client::open()?;
    let is_new = |socket: &Socket| before.iter().all(|old| old.inode != socket.inode);
    let opened = sockets()?.into_iter().find(is_new);
    let inode = opened.ok_or("the client has no socket")?.inode;
    // The kernel makes that the least it allows.
    set_socket_recv_buffer_size(handle(&inode)?, 0)?;
    // The result of each dropped answer is looked up in a list of its own.
    scale::batch_of(3_000, &mut client)?;
    let ours = |socket: &Socket| socket.inode == inode;
    let socket = sockets()?.into_iter().find(ours);
    Ok(socket.ok_or("the client's socket is gone")?.dropped)
}

/// A generic netlink socket of this network namespace.
struct Socket {
    inode: String,
    /// Messages the kernel had no room for.
    dropped: u64,
}

fn sockets() -> Outcome<Vec<Socket>> {
    let table = fs::read_to_string("/proc/thread-self/net/netlink")?;
    let mut lines = table.lines();
    let head = lines.next().unwrap_or_default();
    let column = |name: &str| {
        let mut names = head.split_whitespace();
        names.position(|found| found == name)
    };
    let (Some(protocol), Some(drops), Some(inode)) =
        (column("Eth"), column("Drops"), column("Inode"))
    else {
        return Err(format!("unknown columns: {head}").into());
    };
    let mut sockets = Vec::new();
    for line in lines {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or_default();
        if field(protocol) == GENERIC {
            sockets.push(Socket {
                inode: field(inode).to_owned(),
                dropped: field(drops).parse()?,
            });
        }
    }
    Ok(sockets)
}

/// A descriptor of our own for a socket of this process.
fn handle(inode: &str) -> Outcome<OwnedFd> {
    let link = format!("socket:[{inode}]");
    for entry in fs::read_dir("/proc/self/fd")? {
        let path = entry?.path();
        if fs::read_link(&path).is_ok_and(|found| found.as_os_str() == link.as_str()) {
            let number = path.file_name().and_then(|name| name.to_str());
            let number = number.unwrap_or_default().parse()?;
            let this = pidfd_open(getpid(), PidfdFlags::empty())?;
            return Ok(pidfd_getfd(this, number, PidfdGetfdFlags::empty())?);
        }
    }
    Err(format!("no {link} in this process").into())
}
