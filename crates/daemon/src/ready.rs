//! Readiness by the systemd notify protocol (sd_notify(3)): lvsd tells pulse, pulse tells the
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

/// The variable that names the socket.
pub const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

/// Tells whoever started this process that it is ready, if they asked for it.
///
/// # Errors
/// If the socket named in the environment does not take the message.
pub fn tell() -> io::Result<()> {
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

/// A socket on which a child says that it is ready.
#[derive(Debug)]
pub struct Listener {
    socket: UnixDatagram,
    name: Vec<u8>,
}

impl Listener {
    /// Binds a fresh socket in the abstract namespace, non-blocking, close-on-exec.
    ///
    /// # Errors
    /// If the system has no socket to give.
    pub fn bind() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
        // Without a name given the kernel chooses one that is free (unix(7), autobind): nobody can
        // take it beforehand.
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

    /// The value of `NOTIFY_SOCKET` for the child.
    #[must_use]
    pub fn address(&self) -> OsString {
        let mut address = b"@".to_vec();
        address.extend_from_slice(&self.name);
        OsString::from_vec(address)
    }

    /// Another handle of the socket, for an event loop to wait on. Read with
    /// [`Listener::receive`].
    ///
    /// # Errors
    /// If the system has no descriptor to give.
    pub fn waiter(&self) -> io::Result<UnixDatagram> {
        self.socket.try_clone()
    }

    /// Reads one message: whether `sender` said `READY=1`. Anybody can write to the socket; only
    /// what the kernel vouches to be from that process counts.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; else what the system says.
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
        // Somebody who sends more than credentials is not our child.
        let Ok(mut controls) = message.cmsgs() else {
            return Ok(false);
        };
        let from_sender = controls.any(|control| {
            matches!(control, ControlMessageOwned::ScmCredentials(credentials)
                if u32::try_from(credentials.pid()) == Ok(sender))
        });
        let says_ready = buffer[..length]
            .split(|&b| b == b'\n')
            .any(|line| line == b"READY=1");
        Ok(from_sender && says_ready)
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
    fn hears_only_the_process_it_waits_for() {
        let listener = Listener::bind().expect("bound");
        let own = std::process::id();
        let silence = listener.receive(own).expect_err("nothing was said");
        assert_eq!(silence.kind(), io::ErrorKind::WouldBlock);

        send(&listener, b"STATUS=loading\nREADY=1\n");
        assert!(listener.receive(own).expect("a message"));
        send(&listener, b"READY=1");
        assert!(
            !listener.receive(own + 1).expect("a message"),
            "a stranger is not believed"
        );
        send(&listener, b"READY=0\nXREADY=1\n");
        assert!(!listener.receive(own).expect("a message"));
        send(&listener, &[0xff; 5000]);
        assert!(!listener.receive(own).expect("a message"), "a flood is cut");
    }

    #[test]
    fn a_child_told_by_environment_is_heard() {
        let listener = Listener::bind().expect("bound");
        const ROLE: &str = "DAEMON_READY_TEST_CHILD";
        if std::env::var_os(ROLE).is_some() {
            tell().expect("told");
            return;
        }
        let mut child = std::process::Command::new(std::env::current_exe().expect("own path"))
            .args([
                "--exact",
                "ready::tests::a_child_told_by_environment_is_heard",
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
