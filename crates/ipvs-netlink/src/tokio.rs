//! The client for tasks of a tokio runtime (feature `tokio`).
//!
//! The kernel carries out a request, and queues its answer, before the send returns: there is
//! nothing on this socket that a runtime could wait for. What holds up the other tasks of a thread
//! is work, not waiting: a table of thousands. So this adapter needs no thread and no place in the
//! reactor. It cuts the long calls into pieces, and lets other tasks run between them: one list of
//! destinations or one send of changes each, some milliseconds unless a list has thousands.

use ::tokio::task::yield_now;

use crate::client::{Application, Batch};
use crate::table::Reading;
use crate::{Change, Client, Error, Plan, Results, Table};

/// A [`Client`] whose long calls let other tasks run in between.
///
/// Dropping one of its futures half-way leaves the connection in order: what was begun is whole
/// pieces, each with its answers read.
///
/// ```no_run
/// # async fn example() -> Result<(), ipvs_netlink::Error> {
/// use ipvs_netlink::{AsyncClient, Table};
///
/// let mut client = AsyncClient::open()?;
/// let wanted = Table::new();
/// let plan = client.table().await?.diff(&wanted);
/// client.apply(&plan).await.into_result()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncClient {
    client: Client,
}

impl AsyncClient {
    /// Opens a socket and looks up the family, as [`Client::open`]. Where the module `ip_vs` is
    /// not loaded yet, the thread waits for the kernel to load it.
    ///
    /// # Errors
    /// As [`Client::open`].
    pub fn open() -> Result<Self, Error> {
        Client::open().map(Self::from)
    }

    /// The client itself, for single requests: they are over at once.
    ///
    /// The one that is not is [`Client::stop_daemon`], of a daemon that had not begun to run: it
    /// waits two seconds for an answer that does not come.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Reads the whole table, as [`Table::read`]; other tasks run after every list of
    /// destinations.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub async fn table(&mut self) -> Result<Table, Error> {
        let mut reading = Reading::default();
        loop {
            if let Some(table) = reading.advance(&mut self.client)? {
                return Ok(table);
            }
            yield_now().await;
        }
    }

    /// Makes many changes, as [`Client::batch`]; other tasks run after every few hundred.
    pub async fn batch(&mut self, changes: &[Change]) -> Results {
        let mut batch = Batch::new(changes);
        while self.client.advance(&mut batch) {
            yield_now().await;
        }
        batch.results
    }

    /// Makes the changes of a plan, as [`Plan::apply`]; other tasks run after every few hundred.
    pub async fn apply(&mut self, plan: &Plan) -> Results {
        let mut application = Application::new(&plan.changes);
        while self.client.go_on(&mut application) {
            yield_now().await;
        }
        application.into_results()
    }
}

impl From<Client> for AsyncClient {
    fn from(client: Client) -> Self {
        Self { client }
    }
}
