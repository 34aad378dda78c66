//! Test servers with various behaviors.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use crate::nanny::LONG;

/// Behavior of a server on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// Reads the request, sends these bytes, then closes.
    Answers(&'static [u8]),
    /// The same, a byte at a time, with a pause after each.
    ByteByByte(&'static [u8], Duration),
    /// Sends these bytes, then closes, without waiting for a request.
    Greets(&'static [u8]),
    /// Sends the second bytes in reply to the first, and closes without a reply to any others.
    Demands(&'static [u8], &'static [u8]),
    /// Sends `HTTP` and ten million bytes more.
    Floods,
    /// Keeps the connection and sends nothing.
    Hangs,
    /// Closes right after the accept.
    Closes,
    /// Resets right after the accept.
    Resets,
}

/// Maximum number of connections that a silent server keeps.
const MOST_KEPT: usize = 32;

pub(crate) const PAGE: Behavior = Behavior::Answers(b"HTTP/1.0 200 OK\r\n\r\n");

/// A server on loopback, closed on drop.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

/// A port of loopback reserved for these tests, also while its server is down: it refuses
/// connections then.
fn own_port() -> SocketAddr {
    let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    // A listening server may be bound beside it, since it has this option set too.
    socket.set_reuse_address(true).expect("set");
    socket.bind(&any.into()).expect("bound");
    let bound = socket.local_addr().expect("an address");
    // Open until the tests end.
    std::mem::forget(socket);
    bound.as_socket().expect("an IP address")
}

impl Server {
    pub(crate) fn up(behavior: Behavior) -> Self {
        Self::up_at(own_port(), behavior)
    }

    pub(crate) fn up_at(address: SocketAddr, behavior: Behavior) -> Self {
        let listener = TcpListener::bind(address).expect("bound");
        listener.set_nonblocking(true).expect("non-blocking");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let accepted = Arc::new(AtomicU64::new(0));
        let (stopped, counter) = (Arc::clone(&stop), Arc::clone(&accepted));
        let thread = std::thread::spawn(move || {
            let mut kept = VecDeque::new();
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((connection, _)) => {
                        counter.fetch_add(1, Ordering::Relaxed);
                        // The nanny resets the connection after a decision: no error here.
                        kept.extend(serve(connection, behavior).ok().flatten());
                        // A nanny has at most one, and the descriptors of this process are limited.
                        if kept.len() > MOST_KEPT {
                            kept.pop_front();
                        }
                    }
                    Err(_) => std::thread::sleep(Duration::from_micros(200)),
                }
            }
        });
        Self {
            address,
            stop,
            accepted,
            thread: Some(thread),
        }
    }

    /// Number of accepted connections.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves one connection; returns it if it is to be kept open.
fn serve(mut connection: TcpStream, behavior: Behavior) -> std::io::Result<Option<TcpStream>> {
    connection.set_nonblocking(false)?;
    connection.set_nodelay(true)?;
    connection.set_write_timeout(Some(LONG))?;
    connection.set_read_timeout(Some(LONG))?;
    let mut request = [0; 1024];
    match behavior {
        Behavior::Answers(text) => {
            let _ = connection.read(&mut request)?;
            connection.write_all(text)?;
        }
        Behavior::ByteByByte(text, pause) => {
            let _ = connection.read(&mut request)?;
            for byte in text {
                connection.write_all(&[*byte])?;
                std::thread::sleep(pause);
            }
        }
        Behavior::Greets(text) => connection.write_all(text)?,
        Behavior::Demands(wanted, text) => {
            let mut request = vec![0; wanted.len()];
            connection.read_exact(&mut request)?;
            if request == wanted {
                connection.write_all(text)?;
            }
        }
        Behavior::Floods => {
            let _ = connection.read(&mut request)?;
            connection.write_all(b"HTTP")?;
            for _ in 0..1000 {
                connection.write_all(&[b'x'; 10_000])?;
            }
        }
        Behavior::Hangs => return Ok(Some(connection)),
        Behavior::Closes => {}
        Behavior::Resets => SockRef::from(&connection).set_linger(Some(Duration::ZERO))?,
    }
    Ok(None)
}

/// A port of loopback that refuses connections.
pub(crate) fn refusing() -> SocketAddr {
    own_port()
}

/// A port of this address that refuses datagrams, reserved while the socket is open: the socket is
/// connected to itself.
pub(crate) fn refusing_datagrams(any: SocketAddr) -> (SocketAddr, UdpSocket) {
    let socket = UdpSocket::bind(any).expect("bound");
    let address = socket.local_addr().expect("an address");
    socket.connect(address).expect("connected");
    (address, socket)
}

/// A server with a full queue: the kernel drops connection requests, as a dead host does.
pub(crate) struct Blackhole {
    pub(crate) address: SocketAddr,
    _listener: Socket,
    _queued: Vec<Socket>,
}

impl Blackhole {
    pub(crate) fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        listener.bind(&any.into()).expect("bound");
        listener.listen(0).expect("listening");
        let bound = listener.local_addr().expect("an address");
        let address = bound.as_socket().expect("an IP address");
        let queued = (0..8)
            .map(|_| {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
                socket.set_nonblocking(true).expect("non-blocking");
                let _ = socket.connect(&bound);
                socket
            })
            .collect();
        Self {
            address,
            _listener: listener,
            _queued: queued,
        }
    }
}
