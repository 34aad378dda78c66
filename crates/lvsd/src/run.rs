//! The event loop: signals and monitors in, log lines, readiness and the table out.

use std::io;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use daemon::{exit, ready};
use ipvs_netlink::{Client, Error as IpvsError};
use nix::sys::signal::SigSet;
use nix::unistd::getppid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval_at};

use crate::fd_limit::FdLimit;
use crate::log::Message;
use crate::monitors::{Event, Monitors, Spec, Stream};
use crate::passthrough::Passthrough;
use crate::readiness::Readiness;
use crate::table::clear;
use crate::telling::{Telling, Told};
use crate::verdict::Verdict;
use crate::wanted::{WantedMonitor, WantedService};
use crate::watch::{self, Watch};

/// How long monitors have to end before they are killed. Pulse waits for ten seconds in all.
const BOUND: Duration = Duration::from_secs(5);

/// What there is to run once the services are in the table.
pub(crate) struct Job {
    pub(crate) client: Client,
    pub(crate) services: Vec<WantedService>,
    pub(crate) watch: Watch,
    pub(crate) monitors: Vec<WantedMonitor>,
    /// How to start each of `monitors`.
    pub(crate) specs: Vec<Spec>,
    pub(crate) limit: FdLimit,
    /// Whether a monitor's death ends everything.
    pub(crate) hard_shutdown: bool,
    /// Whether the monitors' lines go to stdout.
    pub(crate) foreground: bool,
}

/// Runs until a signal or a monitor's death ends it. The signals in `held` are let through once
/// they are listened to.
///
/// Call it on the main thread: the monitors die with the thread that started them.
pub(crate) fn run_to_the_end(job: Job, held: &SigSet) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let parent = getppid();
    runtime.block_on(async {
        let mut supervisor = Supervisor::new(job)?;
        let outcome = supervisor.serve(held).await;
        if getppid() != parent {
            // pulse is dead. Its successor may have filled the table by the time that the last
            // monitor has ended, so the table is its, and the monitors leave it alone as well:
            // they see that lvsd has died.
            Message::Orphaned.log();
            return outcome.map(|_| ExitCode::FAILURE);
        }
        let all_gone = supervisor.stop().await;
        outcome.map(|status| final_status(status, all_gone))
    })
}

/// The exit status, given what ended everything and whether the services are out of the table. If
/// they are not the stop is no clean one: pulse clears the table after those.
fn final_status(status: ExitCode, all_gone: bool) -> ExitCode {
    if all_gone { status } else { ExitCode::FAILURE }
}

/// Everything that runs.
struct Supervisor {
    client: Client,
    services: Vec<WantedService>,
    watch: Watch,
    wanted: Vec<WantedMonitor>,
    monitors: Monitors,
    readiness: Readiness,
    /// Per service, the monitor to start if the first one finds its real server down.
    substitutes: Vec<Option<usize>>,
    telling: Telling,
    hard_shutdown: bool,
    passthrough: Passthrough,
}

impl Supervisor {
    fn new(job: Job) -> io::Result<Self> {
        let mut monitors = Monitors::new(job.limit, job.foreground)?;
        for spec in job.specs {
            monitors.add(spec);
        }
        let standing = job.monitors.iter().map(|m| (m.service, m.adopted));
        let readiness = Readiness::new(job.services.len(), standing);
        let (first, later) = start_order(&job.monitors, job.services.len());
        let mut substitutes = vec![None; job.services.len()];
        for number in later.iter().rev() {
            substitutes[job.monitors[*number].service] = Some(*number);
        }
        first.into_iter().for_each(|number| monitors.start(number));
        later
            .into_iter()
            .for_each(|number| monitors.start_later(number));
        Ok(Self {
            readiness,
            client: job.client,
            services: job.services,
            watch: job.watch,
            wanted: job.monitors,
            monitors,
            substitutes,
            telling: Telling::default(),
            hard_shutdown: job.hard_shutdown,
            passthrough: Passthrough::default(),
        })
    }

    async fn serve(&mut self, held: &SigSet) -> io::Result<ExitCode> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut reload = signal(SignalKind::hangup())?;
        held.thread_unblock()?;
        self.tell_if_ready();
        let mut look = interval_at((Instant::now() + watch::INTERVAL).into(), watch::INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let stop_by = tokio::select! {
                biased;
                _ = terminate.recv() => SignalKind::terminate(),
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = reload.recv() => {
                    Message::NoReload.log();
                    continue;
                }
                Some(event) = self.monitors.next() => match self.on_event(event) {
                    ControlFlow::Continue(()) => {
                        self.tell_if_ready();
                        continue;
                    }
                    ControlFlow::Break(status) => return Ok(status),
                },
                _ = look.tick() => {
                    self.watch.put_back(&mut self.client);
                    continue;
                }
            };
            let number = stop_by.as_raw_value();
            Message::Signal { number }.log();
            return Ok(ExitCode::SUCCESS);
        }
    }

    fn on_event(&mut self, event: Event) -> ControlFlow<ExitCode> {
        match event {
            Event::Verdict(monitor, verdict) => {
                self.heard(monitor, verdict);
            }
            Event::Started(monitor, pid) => Message::MonitorStarted {
                label: &self.wanted[monitor].label,
                pid,
            }
            .log(),
            Event::NotStarted(monitor, error) => {
                Message::MonitorNotStarted {
                    label: &self.wanted[monitor].label,
                    error: &exit::chain(&error),
                }
                .log();
                return self.on_death(monitor);
            }
            Event::Ended(monitor, pid, status) => {
                Message::MonitorEnded {
                    label: &self.wanted[monitor].label,
                    pid,
                    status,
                }
                .log();
                return self.on_death(monitor);
            }
            other => self.on_output(other),
        }
        ControlFlow::Continue(())
    }

    /// What needs no decision, and goes on while everything stops.
    fn on_output(&mut self, event: Event) {
        match event {
            Event::Line(_, Stream::Stdout, line) => self.passthrough.write(&line),
            Event::Line(monitor, Stream::Stderr, line) => Message::MonitorSaid {
                label: &self.wanted[monitor].label,
                line: &String::from_utf8_lossy(&line),
            }
            .log(),
            Event::Dropped(monitor, lines) => Message::MonitorFloods {
                label: &self.wanted[monitor].label,
                lines,
            }
            .log(),
            Event::Killed(count) => Message::MonitorsKilled {
                count,
                bound: BOUND,
            }
            .log(),
            Event::Left(count) => Message::MonitorsLeft { count }.log(),
            Event::Started(..) | Event::NotStarted(..) | Event::Ended(..) | Event::Verdict(..) => {}
        }
    }

    /// A monitor is gone, so nobody watches its real server.
    fn on_death(&mut self, monitor: usize) -> ControlFlow<ExitCode> {
        let label = &self.wanted[monitor].label;
        if self.hard_shutdown {
            Message::MonitorDiedShuttingDown { label }.log();
            return ControlFlow::Break(ExitCode::FAILURE);
        }
        let wait = self.monitors.restart(monitor);
        Message::MonitorDiedRestarting { label, wait }.log();
        self.take_out(monitor);
        self.heard(monitor, Verdict::Down);
        ControlFlow::Continue(())
    }

    fn take_out(&mut self, monitor: usize) {
        let wanted = &self.wanted[monitor];
        let service = &self.services[wanted.service].key;
        let result = match &wanted.quiesced {
            Some(quiesced) => self.client.edit_destination(service, quiesced),
            None => self.client.delete_destination(service, &wanted.destination),
        };
        match result {
            Ok(()) | Err(IpvsError::NoSuchDestination { .. } | IpvsError::NoSuchService { .. }) => {
            }
            Err(error) => Message::Table {
                error: &exit::chain(&error),
            }
            .log(),
        }
    }

    fn heard(&mut self, monitor: usize, verdict: Verdict) {
        self.readiness.heard(monitor, verdict);
        if verdict == Verdict::Down {
            match self.substitutes[self.wanted[monitor].service].take() {
                Some(substitute) => self.monitors.start_next(substitute),
                None => self.monitors.start_all(),
            }
        }
    }

    fn tell_if_ready(&mut self) {
        if !self.readiness.is_ready() {
            return;
        }
        if self.telling.is_untried() {
            // pulse raises the addresses now: that comes before the other monitors.
            self.monitors.start_all_soon();
        }
        match self.telling.tell(Instant::now(), ready::notify) {
            Some(Told::Now) => Message::Ready.log(),
            Some(Told::NotYet(error)) => Message::NotTold {
                error: &error.to_string(),
            }
            .log(),
            None => {}
        }
    }

    /// Ends all monitors, then takes this file's services out of the table. Says whether they are
    /// gone.
    async fn stop(&mut self) -> bool {
        self.monitors.terminate(BOUND);
        while let Some(event) = self.monitors.next().await {
            self.on_output(event);
        }
        let all_gone = clear(&mut self.client, &self.services);
        for service in &self.services {
            Message::ServiceStopped {
                name: &service.name,
            }
            .log();
        }
        all_gone
    }
}

/// Which monitors to start first and which later, in order. First come those whose verdicts the
/// addresses wait for: one of every service. Then the second of every service, and so on.
fn start_order(monitors: &[WantedMonitor], services: usize) -> (Vec<usize>, Vec<usize>) {
    let mut seen = vec![0_usize; services];
    let mut order: Vec<(usize, usize)> = monitors
        .iter()
        .enumerate()
        .map(|(number, monitor)| {
            let place = seen[monitor.service];
            seen[monitor.service] += 1;
            (place, number)
        })
        .collect();
    order.sort_unstable();
    let first = order.iter().take_while(|(place, _)| *place == 0).count();
    let mut order: Vec<usize> = order.into_iter().map(|(_, number)| number).collect();
    let later = order.split_off(first);
    (order, later)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{config, server, service};
    use crate::wanted::wanted;
    use ipvs_netlink::Table;

    #[test]
    fn a_stop_that_leaves_services_behind_is_no_clean_one() {
        let (clean, died) = (ExitCode::SUCCESS, ExitCode::FAILURE);
        assert_eq!(final_status(clean, true), clean);
        assert_eq!(final_status(clean, false), died);
        assert_eq!(final_status(died, true), died);
        assert_eq!(final_status(died, false), died);
    }

    #[test]
    fn one_monitor_of_every_service_goes_first() {
        let pool = |sizes: &[usize]| {
            let blocks = sizes
                .iter()
                .enumerate()
                .map(|(number, size)| {
                    let servers = (0..*size).map(|s| server("rs", &format!("10.0.0.{s}")));
                    service("vs", &format!("1.2.3.{number}"), servers.collect())
                })
                .collect();
            wanted(&config(blocks), &Table::new(), false).monitors
        };
        assert_eq!(
            start_order(&pool(&[3, 0, 1, 2]), 4),
            (vec![0, 3, 4], vec![1, 5, 2])
        );
        assert_eq!(start_order(&[], 0), (vec![], vec![]));
    }
}
