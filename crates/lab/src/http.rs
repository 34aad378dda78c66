//! Real servers that say who they are: a small HTTP server per host, which can refuse, hang, or
//! answer with any bytes.

use crate::error::{Error, Result};
use crate::host::Host;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// The longest request that is waited for.
const REQUEST: usize = 8_192;

/// What a server does with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Manner {
    /// Answers `200 OK` with the host's name as the body.
    Answer,
    /// Accepts, and never says a word.
    Hang,
    /// Answers every request with these bytes.
    Say(Vec<u8>),
}

enum Order {
    Behave(Manner),
    Refuse,
    Listen,
}

/// A web server in a host. Its body is the host's name and a line feed.
#[derive(Debug)]
pub struct Server {
    orders: Mutex<(Sender<Order>, Receiver<Result<()>>, UnixStream)>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    requests: AtomicU64,
}

impl Host {
    /// Starts a web server on `port` of every address of this host.
    pub fn serve(&self, port: u16) -> Result<Server> {
        let (send_order, orders) = channel();
        let (send_done, done) = channel();
        let (bell, ringer) = UnixStream::pair().map_err(Error::io("make a socket pair"))?;
        bell.set_nonblocking(true)
            .map_err(Error::io("set up a socket pair"))?;
        let counts = Arc::new(Counts::default());
        let mut worker = Worker {
            port,
            name: self.name().to_owned(),
            manner: Manner::Answer,
            listener: None,
            talks: BTreeMap::new(),
            next_talk: 0,
            counts: Arc::clone(&counts),
        };
        // From the host's own thread, so that the server's thread is in the host as well.
        self.inside(move || -> Result<()> {
            worker.listen()?;
            std::thread::Builder::new()
                .name(format!("{}:{port}", worker.name))
                .spawn(move || worker.run(&orders, &send_done, &bell))
                .map_err(Error::io("start a server's thread"))?;
            Ok(())
        })?;
        Ok(Server {
            orders: Mutex::new((send_order, done, ringer)),
            counts,
        })
    }
}

impl Server {
    /// Closes the port and every open connection: new ones are refused.
    pub fn refuse(&self) -> Result<()> {
        self.order(Order::Refuse)
    }

    /// Opens the port again.
    pub fn listen(&self) -> Result<()> {
        self.order(Order::Listen)
    }

    /// From now on: accept, and never answer.
    pub fn hang(&self) -> Result<()> {
        self.order(Order::Behave(Manner::Hang))
    }

    /// From now on: answer with the host's name. Connections that hang are answered too.
    pub fn answer(&self) -> Result<()> {
        self.order(Order::Behave(Manner::Answer))
    }

    /// From now on: answer every request with exactly these bytes, and close.
    pub fn say(&self, bytes: impl Into<Vec<u8>>) -> Result<()> {
        self.order(Order::Behave(Manner::Say(bytes.into())))
    }

    /// Connections accepted so far, checks included.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// Requests answered so far.
    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    fn order(&self, order: Order) -> Result<()> {
        let gone = || Error::broken("the server's thread has gone");
        let guard = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let (orders, done, ringer) = &*guard;
        orders.send(order).map_err(|_| gone())?;
        let mut ringer: &UnixStream = ringer;
        ringer.write_all(&[0]).map_err(Error::io("wake a server"))?;
        done.recv().map_err(|_| gone())?
    }
}

struct Talk {
    stream: TcpStream,
    heard: Vec<u8>,
}

struct Worker {
    port: u16,
    name: String,
    manner: Manner,
    listener: Option<TcpListener>,
    talks: BTreeMap<u64, Talk>,
    next_talk: u64,
    counts: Arc<Counts>,
}

impl Worker {
    fn listen(&mut self) -> Result<()> {
        let every = [
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, self.port)),
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port)),
        ];
        // The first that works: IPv6 takes both, where there is IPv6.
        let listener = TcpListener::bind(&every[..])
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(Error::io(format!(
                "listen on port {} of {}",
                self.port, self.name
            )))?;
        self.listener = Some(listener);
        Ok(())
    }

    fn run(mut self, orders: &Receiver<Order>, done: &Sender<Result<()>>, bell: &UnixStream) {
        loop {
            let ready = self.wait(bell);
            if ready.contains(&Ready::Bell) && !self.obey(orders, done, bell) {
                return;
            }
            for event in ready {
                match event {
                    Ready::Bell => {}
                    Ready::Caller => self.accept(),
                    Ready::Talk(id) => self.hear(id),
                }
            }
        }
    }

    fn wait(&self, bell: &UnixStream) -> Vec<Ready> {
        let mut what = vec![Ready::Bell];
        let mut fds = vec![PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
        if let Some(listener) = &self.listener {
            what.push(Ready::Caller);
            fds.push(PollFd::new(listener.as_fd(), PollFlags::POLLIN));
        }
        for (id, talk) in &self.talks {
            what.push(Ready::Talk(*id));
            fds.push(PollFd::new(talk.stream.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => return Vec::new(),
            // Out of memory for the call: nothing better to do than to try again.
            Err(_) => std::thread::yield_now(),
            Ok(_) => {}
        }
        what.into_iter()
            .zip(&fds)
            .filter(|(_, fd)| fd.any().unwrap_or(false))
            .map(|(what, _)| what)
            .collect()
    }

    /// False when the handle has gone.
    fn obey(
        &mut self,
        orders: &Receiver<Order>,
        done: &Sender<Result<()>>,
        mut bell: &UnixStream,
    ) -> bool {
        if matches!(bell.read(&mut [0; 64]), Ok(0)) {
            return false;
        }
        for order in orders.try_iter() {
            let result = match order {
                Order::Behave(manner) => {
                    self.manner = manner;
                    self.answer_waiting();
                    Ok(())
                }
                Order::Refuse => {
                    self.listener = None;
                    self.talks.clear();
                    Ok(())
                }
                Order::Listen if self.listener.is_some() => Ok(()),
                Order::Listen => self.listen(),
            };
            if done.send(result).is_err() {
                return false;
            }
        }
        true
    }

    fn accept(&mut self) {
        while let Some(Ok((stream, _))) = self.listener.as_ref().map(TcpListener::accept) {
            self.counts.connections.fetch_add(1, Ordering::Relaxed);
            if stream.set_nonblocking(true).is_ok() {
                self.talks.insert(
                    self.next_talk,
                    Talk {
                        stream,
                        heard: Vec::new(),
                    },
                );
                self.next_talk += 1;
            }
        }
    }

    fn hear(&mut self, id: u64) {
        let Some(talk) = self.talks.get_mut(&id) else {
            return;
        };
        let mut buffer = [0; 2_048];
        match talk.stream.read(&mut buffer) {
            Ok(length) if length > 0 => {
                talk.heard.extend_from_slice(&buffer[..length]);
                if talk.heard.len() > REQUEST {
                    self.talks.remove(&id);
                } else {
                    self.maybe_answer(id);
                }
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // The end, or an error: either way nothing more comes.
            _ => {
                self.talks.remove(&id);
            }
        }
    }

    fn answer_waiting(&mut self) {
        for id in self.talks.keys().copied().collect::<Vec<_>>() {
            self.maybe_answer(id);
        }
    }

    /// Answers and closes, if the request is whole.
    fn maybe_answer(&mut self, id: u64) {
        let answer = match &self.manner {
            Manner::Hang => return,
            Manner::Say(bytes) => bytes.clone(),
            Manner::Answer => {
                let body = format!("{}\n", self.name);
                format!(
                    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes()
            }
        };
        let whole = |heard: &[u8]| {
            heard.windows(4).any(|four| four == b"\r\n\r\n")
                || heard.windows(2).any(|two| two == b"\n\n")
        };
        if self.talks.get(&id).is_some_and(|talk| whole(&talk.heard))
            && let Some(mut talk) = self.talks.remove(&id)
            // A short answer fits into any socket's buffer. A caller that has gone is its own fault.
            && talk.stream.write_all(&answer).is_ok()
        {
            self.counts.requests.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    Bell,
    Caller,
    Talk(u64),
}
