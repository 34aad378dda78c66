//! What is timed.

use std::error::Error;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ipvs_netlink::{Change, Client, Plan, Table};
use nix::time::{ClockId, clock_gettime};

use crate::bulk::{Acknowledge, Bulk};
use crate::world::World;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Rules that `ipvsadm` is started for, one each; the rest is extrapolated.
const SAMPLE: usize = 200;

/// What a case took.
pub(crate) struct Figures {
    pub(crate) wall: Duration,
    /// Processor time of this process, in the kernel and out of it; not that of its children.
    pub(crate) cpu: Duration,
}

/// One thing to time.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&World) -> Outcome<Figures>,
}

const fn case(name: &'static str, run: fn(&World) -> Outcome<Figures>) -> Case {
    Case { name, run }
}

/// All cases, in the order they are played.
pub(crate) const CASES: [Case; 13] = [
    case("fill-ipvsadm-each", fill_ipvsadm_each),
    case("fill-ipvsadm-restore", fill_ipvsadm_restore),
    case("fill-one-by-one", fill_one_by_one),
    case("fill-batch", fill_batch),
    case("fill-floor", fill_floor),
    case("fill-acknowledged", fill_acknowledged),
    case("dump", dump),
    case("dump-ipvsadm", dump_ipvsadm),
    case("diff-unchanged", diff_unchanged),
    case("adopt", adopt),
    case("adopt-flush", adopt_flush),
    case("delete-batch", delete_batch),
    case("flush", flush),
];

/// Times something.
fn time<T>(act: impl FnOnce() -> Outcome<T>) -> Outcome<(Figures, T)> {
    let used = || clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map(Duration::from);
    let (start, cpu) = (Instant::now(), used()?);
    let value = act()?;
    let figures = Figures {
        wall: start.elapsed(),
        cpu: used()?.saturating_sub(cpu),
    };
    Ok((figures, value))
}

/// The changes that make the table.
fn changes(world: &World) -> Vec<Change> {
    Table::new().diff(&world.table(1)).changes
}

/// Makes the table, untimed, and returns it.
fn filled(client: &mut Client, world: &World) -> Outcome<Table> {
    let table = world.table(1);
    apply(client, &Table::new().diff(&table))?;
    Ok(table)
}

fn apply(client: &mut Client, plan: &Plan) -> Outcome {
    Ok(plan.apply(client).into_result()?)
}

/// An error unless the kernel's table is this one.
fn must_be(client: &mut Client, wanted: &Table) -> Outcome {
    let missing = Table::read(client)?.diff(wanted);
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("{} changes are missing", missing.changes.len()).into())
    }
}

fn fill_ipvsadm_each(world: &World) -> Outcome<Figures> {
    let changes = changes(world);
    let (mut figures, ()) = time(|| {
        for change in &changes[..SAMPLE] {
            ipvsadm(&change.to_string().split(' ').collect::<Vec<_>>(), "")?;
        }
        Ok(())
    })?;
    let share = changes.len() as f64 / SAMPLE as f64;
    figures.wall = figures.wall.mul_f64(share);
    Ok(figures)
}

fn fill_ipvsadm_restore(world: &World) -> Outcome<Figures> {
    let rules: String = changes(world)
        .iter()
        .map(|change| format!("{change}\n"))
        .collect();
    let (figures, _) = time(|| ipvsadm(&["-R"], &rules))?;
    must_be(&mut Client::open()?, &world.table(1))?;
    Ok(figures)
}

fn fill_one_by_one(world: &World) -> Outcome<Figures> {
    let changes = changes(world);
    let mut client = Client::open()?;
    let (figures, ()) = time(|| {
        for change in &changes {
            match change {
                Change::AddService(service) => client.add_service(service)?,
                Change::AddDestination(key, server) => client.add_destination(key, server)?,
                other => return Err(format!("{other} does not fill a table").into()),
            }
        }
        Ok(())
    })?;
    must_be(&mut client, &world.table(1))?;
    Ok(figures)
}

fn fill_batch(world: &World) -> Outcome<Figures> {
    let table = world.table(1);
    let plan = Table::new().diff(&table);
    let mut client = Client::open()?;
    let (figures, ()) = time(|| apply(&mut client, &plan))?;
    must_be(&mut client, &table)?;
    Ok(figures)
}

fn fill_floor(world: &World) -> Outcome<Figures> {
    bulk(world, Acknowledge::Last)
}

fn fill_acknowledged(world: &World) -> Outcome<Figures> {
    bulk(world, Acknowledge::Each)
}

fn bulk(world: &World, acknowledge: Acknowledge) -> Outcome<Figures> {
    let bulk = Bulk::prepare(&changes(world), acknowledge)?;
    let (figures, ()) = time(|| Ok(bulk.send()?))?;
    must_be(&mut Client::open()?, &world.table(1))?;
    Ok(figures)
}

fn dump(world: &World) -> Outcome<Figures> {
    let mut client = Client::open()?;
    filled(&mut client, world)?;
    let (figures, text) = time(|| Ok(Table::read(&mut client)?.to_string()))?;
    has_all(&text, world)?;
    Ok(figures)
}

fn dump_ipvsadm(world: &World) -> Outcome<Figures> {
    filled(&mut Client::open()?, world)?;
    let (figures, text) = time(|| ipvsadm(&["-Sn"], ""))?;
    has_all(&text, world)?;
    Ok(figures)
}

/// An error unless a printed table has as many lines as it should.
fn has_all(text: &str, world: &World) -> Outcome {
    let (found, expected) = (text.lines().count(), changes(world).len());
    if found == expected {
        Ok(())
    } else {
        Err(format!("{found} lines in place of {expected}").into())
    }
}

/// Reads the table, compares it with what it should be, which it is, and does what is to be done.
fn diff_unchanged(world: &World) -> Outcome<Figures> {
    let mut client = Client::open()?;
    let wanted = filled(&mut client, world)?;
    let (figures, plan) = time(|| {
        let plan = Table::read(&mut client)?.diff(&wanted);
        apply(&mut client, &plan)?;
        Ok(plan)
    })?;
    if plan.is_empty() {
        Ok(figures)
    } else {
        Err(format!("{} changes where none were due", plan.changes.len()).into())
    }
}

/// Takes over a table in which one destination of a hundred has another weight.
fn adopt(world: &World) -> Outcome<Figures> {
    filled(&mut Client::open()?, world)?;
    let wanted = world.table(2);
    let (figures, mut client) = time(|| {
        let mut client = Client::open()?;
        let plan = Table::read(&mut client)?.diff(&wanted);
        apply(&mut client, &plan)?;
        Ok(client)
    })?;
    must_be(&mut client, &wanted)?;
    Ok(figures)
}

/// The same by deleting everything and making it again.
fn adopt_flush(world: &World) -> Outcome<Figures> {
    filled(&mut Client::open()?, world)?;
    let wanted = world.table(2);
    let (figures, mut client) = time(|| {
        let mut client = Client::open()?;
        client.flush()?;
        apply(&mut client, &Table::new().diff(&wanted))?;
        Ok(client)
    })?;
    must_be(&mut client, &wanted)?;
    Ok(figures)
}

/// Deletes every destination and service, one by one, in a batch.
fn delete_batch(world: &World) -> Outcome<Figures> {
    let mut client = Client::open()?;
    let table = filled(&mut client, world)?;
    let mut plan = Plan::default();
    for service in table.services() {
        let servers = table.destinations(&service.key);
        plan.changes
            .extend(servers.map(|server| Change::DeleteDestination(service.key, server.key)));
        plan.changes.push(Change::DeleteService(service.key));
    }
    let (figures, ()) = time(|| apply(&mut client, &plan))?;
    must_be(&mut client, &Table::new())?;
    Ok(figures)
}

fn flush(world: &World) -> Outcome<Figures> {
    let mut client = Client::open()?;
    filled(&mut client, world)?;
    let (figures, ()) = time(|| Ok(client.flush()?))?;
    must_be(&mut client, &Table::new())?;
    Ok(figures)
}

/// The output of `ipvsadm`; an error if it fails.
fn ipvsadm(arguments: &[&str], input: &str) -> Outcome<String> {
    let mut child = Command::new("ipvsadm")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("ipvsadm {arguments:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
