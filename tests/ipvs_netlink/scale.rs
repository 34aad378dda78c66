//! Many changes at once, and lists of a table that changes under them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ipvs_netlink::{
    AsyncClient, Change, Client, Destination, Error, Family, Forwarding, Protocol, Service,
    ServiceKey, Table,
};

use super::tools::{Outcome, equal};

/// How long a table has to keep a reader from reading it.
const LONG: Duration = Duration::from_secs(20);

/// Applies 10,000 changes: see [`batch_of`].
pub(super) fn batch(client: &mut Client) -> Outcome<Duration> {
    batch_of(10_000, client)
}

/// Applies `count` changes, of which every seventh must fail, in its own place and in its own way,
/// and every other must succeed. Returns how long they took.
pub(super) fn batch_of(count: usize, client: &mut Client) -> Outcome<Duration> {
    let service = |number: usize| ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [10, 99, 0, number as u8].into(),
        port: 80,
    };
    let server = |number: usize| {
        let address = [10, 1, (number / 250) as u8, (number % 250) as u8];
        Destination::new(address.into(), 80, Forwarding::Masquerade, 1)
    };
    let mut changes: Vec<Change> = (0..100)
        .map(|number| Change::AddService(Service::new(service(number), "wlc")))
        .collect();
    let mut made = 0;
    while changes.len() < count {
        let number = changes.len();
        changes.push(if number.is_multiple_of(7) {
            Change::EditDestination(service(number % 100), server(20_000))
        } else {
            made += 1;
            Change::AddDestination(service(number % 100), server(number))
        });
    }

    let start = Instant::now();
    let results = client.batch(&changes);
    let spent = start.elapsed();
    equal("results", &results.len(), &changes.len())?;
    for (change, result) in changes.iter().zip(results.iter()) {
        let is_right = match change {
            Change::EditDestination(..) => matches!(result, Err(Error::NoSuchDestination { .. })),
            _ => result.is_ok(),
        };
        if !is_right {
            return Err(format!("{change}: {result:?}").into());
        }
    }
    let mut found = 0;
    for number in 0..100 {
        found += client.destinations(&service(number))?.len();
    }
    equal("destinations", &found, &made)?;
    // After such lists the kernel sends more at once than a search for one entry asks for.
    let one = client.destination(&service(1), &server(101).key)?;
    equal("one destination", &one.is_some(), &true)?;
    let none = client.destination(&service(1), &server(20_000).key)?;
    equal("no destination", &none, &None)?;
    Ok(spent)
}

/// Fills a table of 10,000 destinations, reads it and empties it, all in one task of a runtime with
/// one thread. Returns how often another task ran meanwhile.
pub(super) fn beside_other_tasks(client: &mut Client) -> Outcome<u32> {
    let mut wanted = Table::new();
    for number in 0..100_u8 {
        let key = ServiceKey::Address {
            protocol: Protocol::Tcp,
            address: [10, 99, 0, number].into(),
            port: 80,
        };
        wanted.insert_service(Service::new(key, "wlc"));
        for last in 0..100 {
            let address = [10, 1, number, last].into();
            wanted.insert_destination(
                &key,
                Destination::new(address, 80, Forwarding::Masquerade, 1),
            );
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let turns = runtime.block_on(async {
        let other = Arc::new(AtomicU32::new(0));
        let turns = Arc::clone(&other);
        let task = tokio::spawn(async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let mut client = AsyncClient::open()?;
        let plan = client.table().await?.diff(&wanted);
        // Given up half-way, what was begun is whole, and the client can be used.
        equal("given up", &is_given_up(client.apply(&plan)).await, &true)?;
        equal(
            "reading given up",
            &is_given_up(client.table()).await,
            &true,
        )?;
        let part = client.table().await?;
        let made = plan.changes.len() - part.diff(&wanted).changes.len();
        equal(
            "made in part",
            &(made > 0 && made < plan.changes.len()),
            &true,
        )?;
        let plan = part.diff(&wanted);
        for result in client.apply(&plan).await {
            result?;
        }
        let filled = other.load(Ordering::Relaxed);
        let found = client.table().await?;
        equal("the table", &found, &wanted)?;
        let turns = other.load(Ordering::Relaxed);
        for result in client.apply(&found.diff(&Table::new())).await {
            result?;
        }
        task.abort();
        equal("turns while it was filled", &(filled > 10), &true)?;
        equal("turns while it was read", &(turns - filled >= 100), &true)?;
        Outcome::Ok(turns)
    })?;
    equal("left", &client.services()?.len(), &0)?;
    Ok(turns)
}

/// Lets a task run up to its second break, and drops it. Whether it was not over by then.
async fn is_given_up<T>(task: impl Future<Output = T>) -> bool {
    tokio::select! {
        biased;
        _ = task => false,
        () = tokio::task::yield_now() => true,
    }
}

/// Lists services while another thread adds and deletes some: those that stay are in every list,
/// and none is there twice.
pub(super) fn changing(client: &mut Client) -> Outcome<String> {
    let service = |net: u8, number: u16| ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [10, net, (number >> 8) as u8, number as u8].into(),
        port: 80,
    };
    let stable: Vec<Change> = (0..500)
        .map(|number| Change::AddService(Service::new(service(1, number), "rr")))
        .collect();
    for result in client.batch(&stable) {
        result?;
    }
    let stop = AtomicBool::new(false);
    let (mut lists, mut given_up) = (0, 0);
    std::thread::scope(|scope| -> Outcome<String> {
        let churn = scope.spawn(|| -> Result<u32, Error> {
            let mut other = Client::open()?;
            // Longer than a list takes, or every list is interrupted.
            let pause = Duration::from_millis(200);
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                // Others each time: those of the round before, in step with the lists, could hide
                // the same services from two of them.
                let net = 2 + (rounds % 250) as u8;
                for number in 0..20 {
                    other.add_service(&Service::new(service(net, number), "rr"))?;
                }
                std::thread::sleep(pause);
                for number in 0..20 {
                    other.delete_service(&service(net, number))?;
                }
                std::thread::sleep(pause);
                rounds += 1;
            }
            Ok(rounds)
        });
        let result = (|| -> Outcome {
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(4) {
                match client.services() {
                    Err(Error::Interrupted { .. }) => given_up += 1,
                    Err(error) => return Err(error.into()),
                    Ok(entries) => {
                        lists += 1;
                        let mut keys: Vec<ServiceKey> =
                            entries.iter().map(|entry| entry.service.key).collect();
                        keys.sort_unstable();
                        let stays =
                            (0..500).filter(|n| keys.binary_search(&service(1, *n)).is_ok());
                        equal("services that stay", &stays.count(), &500)?;
                        let length = keys.len();
                        keys.dedup();
                        equal("services once", &keys.len(), &length)?;
                    }
                }
            }
            Ok(())
        })();
        stop.store(true, Ordering::Relaxed);
        let rounds = churn.join().map_err(|_| "the other thread panicked")??;
        if lists == 0 || rounds == 0 {
            return Err("never settled".into());
        }
        result?;
        Ok(format!(
            "{lists} lists right, {given_up} given up, in {rounds} rounds of changes"
        ))
    })
}

/// Lists a table that never rests until the client gives up.
pub(super) fn restless(client: &mut Client) -> Outcome {
    let service = |mark: u32| ServiceKey::Fwmark {
        family: Family::V4,
        mark,
    };
    let many: Vec<Change> = (1..=4000)
        .map(|number| Change::AddService(Service::new(service(number), "rr")))
        .collect();
    for result in client.batch(&many) {
        result?;
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| -> Outcome {
        let churn = scope.spawn(|| -> Result<(), Error> {
            let mut other = Client::open()?;
            // Never twice the same table.
            for mark in 5000.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                other.add_service(&Service::new(service(mark), "rr"))?;
                if mark > 5000 {
                    other.delete_service(&service(mark - 1))?;
                }
            }
            Ok(())
        });
        let start = Instant::now();
        let result = loop {
            match client.services() {
                Err(error @ Error::Interrupted { .. }) => break Ok(error.to_string()),
                Err(error) => break Err(error),
                Ok(_) if start.elapsed() > LONG => break Ok("it never was".to_owned()),
                Ok(_) => {}
            }
        };
        stop.store(true, Ordering::Relaxed);
        churn.join().map_err(|_| "the other thread panicked")??;
        equal(
            "interrupted",
            &result?.as_str(),
            &"cannot list services: the table kept changing in 10 readings",
        )
    })
}
