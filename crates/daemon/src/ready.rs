//! Readiness notification by the systemd protocol (sd_notify(3)): lvsd notifies pulse, pulse the
//! service manager.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::cmsg_space;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, UnixCredentials,
    bind, recvmsg, setsockopt, socket, sockopt,
};

/// The environment variable that names the socket.
pub const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

/// Notifies the parent that this process is ready, if `NOTIFY_SOCKET` is set.
///
/// # Errors
/// The message cannot be sent to the socket named in the environment.
pub fn notify() -> io::Result<()> {
    let Some(name) = std::env::var_os(NOTIFY_SOCKET) else {
        return Ok(());
    };
    // sd_notify(3): a leading `@` stands for the NUL byte of the abstract namespace.
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(b"READY=1\n", &address)?;
    Ok(())
}

/// A socket that receives the readiness notification of a child.
#[derive(Debug)]
pub struct Listener {
    socket: UnixDatagram,
    name: Vec<u8>,
}

impl Listener {
    /// Binds a fresh socket in the abstract namespace, non-blocking, close-on-exec.
    ///
    /// # Errors
    /// The system has no socket left.
    pub fn bind() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
        // With an empty name the kernel chooses a free one (unix(7), autobind), so no other process
        // can take it beforehand.
        bind(socket.as_raw_fd(), &UnixAddr::new_unnamed())?;
        let socket = UnixDatagram::from(socket);
        setsockopt(&socket, sockopt::PassCred, &true)?;
        let name = socket
            .local_addr()?
            .as_abstract_name()
            .map(<[u8]>::to_vec)
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { socket, name })
    }

    /// The value of `NOTIFY_SOCKET` for the child's environment.
    #[must_use]
    pub fn address(&self) -> OsString {
        let mut address = b"@".to_vec();
        address.extend_from_slice(&self.name);
        OsString::from_vec(address)
    }

    /// Duplicates the socket, for an event loop to wait on. Read with [`Listener::receive`].
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub fn waiter(&self) -> io::Result<UnixDatagram> {
        self.socket.try_clone()
    }

    /// Reads one message; returns whether `sender` sent `READY=1`. Any process can write to the
    /// socket, so only messages with the kernel's credentials of `sender` count.
    ///
    /// # Errors
    /// `WouldBlock` without a message; else the system error.
    pub fn receive(&self, sender: u32) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        let mut control = cmsg_space!(UnixCredentials);
        let mut slices = [io::IoSliceMut::new(&mut buffer)];
        let message = recvmsg::<()>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut control),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        let length = message.bytes;
        // A message with control data other than credentials is not from the child.
        let Ok(mut controls) = message.cmsgs() else {
            return Ok(false);
        };
        let from_sender = controls.any(|control| {
            matches!(control, ControlMessageOwned::ScmCredentials(credentials)
                if u32::try_from(credentials.pid()) == Ok(sender))
        });
        let is_ready = buffer[..length]
            .split(|&b| b == b'\n')
            .any(|line| line == b"READY=1");
        Ok(from_sender && is_ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(listener: &Listener, text: &[u8]) {
        let address = SocketAddr::from_abstract_name(&listener.name).expect("a name");
        let socket = UnixDatagram::unbound().expect("a socket");
        socket.send_to_addr(text, &address).expect("sent");
    }

    #[test]
    fn accepts_ready_from_expected_sender_only() {
        let listener = Listener::bind().expect("bound");
        let own = std::process::id();
        let empty = listener.receive(own).expect_err("nothing was sent");
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);

        send(&listener, b"STATUS=loading\nREADY=1\n");
        assert!(listener.receive(own).expect("a message"));
        send(&listener, b"READY=1");
        assert!(
            !listener.receive(own + 1).expect("a message"),
            "the sender is another process"
        );
        send(&listener, b"READY=0\nXREADY=1\n");
        assert!(!listener.receive(own).expect("a message"));
        send(&listener, &[0xff; 5000]);
        assert!(
            !listener.receive(own).expect("a message"),
            "the message is too long"
        );
    }

    #[test]
    fn child_notifies_through_environment() {
        let listener = Listener::bind().expect("bound");
        const ROLE: &str = "DAEMON_READY_TEST_CHILD";
        if std::env::var_os(ROLE).is_some() {
            notify().expect("sent");
            return;
        }
        let mut child = std::process::Command::new(std::env::current_exe().expect("own path"))
            .args([
                "--exact",
                "ready::tests::child_notifies_through_environment",
            ])
            .env(ROLE, "1")
            .env(NOTIFY_SOCKET, listener.address())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("runs");
        let pid = child.id();
        assert!(child.wait().expect("ends").success());
        assert!(listener.receive(pid).expect("a message"));
    }
}
