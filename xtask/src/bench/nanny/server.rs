//! The server that is watched: it counts who comes.

use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What it does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Closes.
    Closes,
    /// Reads a request and answers like a web server.
    Answers,
}

/// A server on loopback, down when dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    manner: Manner,
    accepted: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn up(manner: Manner) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen")?;
        let address = listener.local_addr().context("no address")?;
        let accepted = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (counter, stopped) = (Arc::clone(&accepted), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A check that has seen enough resets its connection.
                if let Ok(connection) = connection {
                    counter.fetch_add(1, Ordering::Relaxed);
                    let _ = serve(connection, manner);
                }
            }
        });
        Ok(Self {
            address,
            manner,
            accepted,
            stop,
            thread: Some(thread),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The virtual port that makes a nanny ask what this server answers.
    pub(super) fn virtual_port(&self) -> u16 {
        match self.manner {
            Manner::Closes => 21,
            Manner::Answers => 80,
        }
    }

    /// How many connections it has accepted.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Waits until it has accepted so many.
    pub(super) fn wait_for(&self, count: u64, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        while self.accepted() < count {
            if Instant::now() >= end {
                bail!("{} of {count} checks within {limit:?}", self.accepted());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It looks at that when somebody comes.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut connection: TcpStream, manner: Manner) -> std::io::Result<()> {
    if manner == Manner::Answers {
        connection.set_read_timeout(Some(Duration::from_secs(1)))?;
        let _ = connection.read(&mut [0; 256])?;
        connection.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n")?;
    }
    Ok(())
}
