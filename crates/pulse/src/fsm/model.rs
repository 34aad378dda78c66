//! Model checking: every order of deliveries, losses, deaths and starts of two routers within a
//! horizon, explored exhaustively.
//!
//! Time goes in ticks. Whatever is in the network at a tick is delivered within it or lost, in
//! every combination; a router may die, stop cleanly or lose its lvsd at any tick, as long as
//! the budget of faults lasts.

use stateright::{Checker, Model, Property};

use super::*;
use State::{Running, Stopped};

/// Length of a tick.
const TICK: Duration = Duration::from_secs(1);
/// Timers in ticks: a heartbeat at every second one, death after the sixth.
const KEEPALIVE: Duration = Duration::from_secs(2);
const DEADTIME: Duration = Duration::from_secs(6);
/// Ticks a pair needs to settle when nothing happens any more.
const SETTLING: u32 = 2 * 6 + 2;

const ROLES: [Role; 2] = [Role::Primary, Role::Backup];

/// A pair, and what the checker may do to it.
struct Pair {
    /// When each router starts, in ticks.
    starts: [u32; 2],
    /// Heartbeats that may be lost.
    losses: u32,
    /// Deaths, clean stops and failures of lvsd.
    faults: u32,
    /// The last tick at which something may happen; then the pair has [`SETTLING`] ticks.
    trouble_until: u32,
}

/// A state of the pair.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    tick: u32,
    machines: [Option<Machine>; 2],
    /// What is under way to each router, in the order it was sent.
    network: [Vec<State>; 2],
    losses: u32,
    faults: u32,
    /// For how many ticks on end both were active.
    both: u32,
    /// Whether anything was lost or failed yet.
    quiet: bool,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Happening {
    Deliver(usize),
    Lose(usize),
    Die(usize),
    Stop(usize),
    FailLvsd(usize),
    Tick,
}

impl Pair {
    fn now(tick: u32) -> Time {
        TICK * tick
    }

    fn apply(world: &mut World, router: usize, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Send(state) => world.network[1 - router].push(*state),
                Action::Exit => world.machines[router] = None,
                Action::DiscardHeartbeats => world.network[router].clear(),
                Action::Activate(_) | Action::Deactivate(_) | Action::AnnounceAgain => {}
            }
        }
    }

    fn step(world: &mut World, router: usize, event: Event) {
        if let Some(machine) = &mut world.machines[router] {
            let actions = machine.step(event, Self::now(world.tick));
            Self::apply(world, router, &actions);
        }
    }

    fn start_due(&self, world: &mut World) {
        for router in [0, 1] {
            if self.starts[router] == world.tick {
                let rules = Rules {
                    role: ROLES[router],
                    has_partner: true,
                    keepalive: KEEPALIVE,
                    deadtime: DEADTIME,
                };
                let (machine, actions) = Machine::start(rules, false, Self::now(world.tick));
                world.machines[router] = Some(machine);
                Self::apply(world, router, &actions);
            }
        }
    }
}

fn active(world: &World) -> [bool; 2] {
    [0, 1].map(|router| {
        world.machines[router]
            .as_ref()
            .is_some_and(Machine::is_active)
    })
}

impl Model for Pair {
    type State = World;
    type Action = Happening;

    fn init_states(&self) -> Vec<World> {
        let mut world = World {
            tick: 0,
            machines: [None, None],
            network: [Vec::new(), Vec::new()],
            losses: self.losses,
            faults: self.faults,
            both: 0,
            quiet: true,
        };
        self.start_due(&mut world);
        vec![world]
    }

    fn actions(&self, world: &World, happenings: &mut Vec<Happening>) {
        let troubled = world.tick <= self.trouble_until;
        for router in [0, 1] {
            if !world.network[router].is_empty() {
                happenings.push(Happening::Deliver(router));
                if troubled && world.losses > 0 {
                    happenings.push(Happening::Lose(router));
                }
            }
            if troubled && world.faults > 0 && world.machines[router].is_some() {
                happenings.push(Happening::Die(router));
                happenings.push(Happening::Stop(router));
                if active(world)[router] {
                    happenings.push(Happening::FailLvsd(router));
                }
            }
        }
        // Time goes on when everything under way has arrived or is lost: latency is below a tick.
        if world.network.iter().all(Vec::is_empty) && world.tick < self.trouble_until + SETTLING {
            happenings.push(Happening::Tick);
        }
    }

    fn next_state(&self, world: &World, happening: Happening) -> Option<World> {
        let mut world = world.clone();
        match happening {
            Happening::Deliver(router) => {
                let state = world.network[router].remove(0);
                Self::step(&mut world, router, Event::Heard(state));
            }
            Happening::Lose(router) => {
                world.network[router].remove(0);
                world.losses -= 1;
                world.quiet = false;
            }
            Happening::Die(router) => {
                world.machines[router] = None;
                world.faults -= 1;
                world.quiet = false;
            }
            Happening::Stop(router) => {
                world.faults -= 1;
                world.quiet = false;
                Self::step(&mut world, router, Event::Terminate);
            }
            Happening::FailLvsd(router) => {
                world.faults -= 1;
                world.quiet = false;
                Self::step(&mut world, router, Event::LvsdFailed);
            }
            Happening::Tick => {
                world.both = if active(&world) == [true, true] {
                    world.both + 1
                } else {
                    0
                };
                world.tick += 1;
                for router in [0, 1] {
                    let due = world.machines[router].as_ref().and_then(Machine::next_wake);
                    if due.is_some_and(|due| due <= Self::now(world.tick)) {
                        Self::step(&mut world, router, Event::Wake);
                    }
                }
                self.start_due(&mut world);
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "two owners find out within three heartbeats",
                |pair: &Pair, world: &World| {
                    // A heartbeat that was lost delays the discovery by a keepalive.
                    world.both <= 6 + 2 * (pair.losses - world.losses)
                },
            ),
            Property::always(
                "undisturbed, the backup never takes the role",
                |pair: &Pair, world: &World| {
                    // A primary that starts within the backup's patience wins.
                    let close = pair.starts[0].abs_diff(pair.starts[1]) < 6;
                    !(world.quiet && close && active(world)[1])
                },
            ),
            Property::always(
                "when all is over exactly one router serves",
                |pair: &Pair, world: &World| {
                    let settled = world.tick == pair.trouble_until + SETTLING
                        && world.network.iter().all(Vec::is_empty);
                    let alive = world.machines.iter().flatten().count();
                    let serving = active(world).iter().filter(|active| **active).count();
                    !settled || serving == usize::from(alive > 0)
                },
            ),
            Property::always("a partner told of every change", |_, world: &World| {
                // What a router last sent is what it is: nothing under way contradicts it.
                [0, 1].into_iter().all(|router| {
                    let is = if active(world)[router] {
                        Running
                    } else {
                        Stopped
                    };
                    world.machines[router].is_none()
                        || world.network[1 - router]
                            .last()
                            .is_none_or(|last| *last == is)
                })
            }),
            Property::sometimes("a failover happens", |_, world: &World| {
                active(world) == [false, true]
            }),
        ]
    }
}

fn check(pair: Pair, expect_failover: bool) -> usize {
    let checker = pair.checker().threads(2).spawn_bfs().join();
    for property in checker.model().properties() {
        match property.name {
            "a failover happens" if !expect_failover => {}
            "a failover happens" => {
                checker.assert_any_discovery(property.name);
            }
            name => checker.assert_no_discovery(name),
        }
    }
    checker.unique_state_count()
}

#[test]
fn an_undisturbed_start_at_any_offset_ends_with_one_router() {
    for offset in 0..12 {
        for starts in [[0, offset], [offset, 0]] {
            check(
                Pair {
                    starts,
                    losses: 0,
                    faults: 0,
                    trouble_until: 14,
                },
                starts[0] > 6,
            );
        }
    }
}

#[test]
fn losses_deaths_stops_and_failures_in_every_order_end_with_one_router() {
    let mut states = 0;
    for starts in [[0, 0], [0, 1], [1, 0], [0, 3], [3, 0]] {
        states += check(
            Pair {
                starts,
                losses: 3,
                faults: 1,
                trouble_until: 8,
            },
            true,
        );
        states += check(
            Pair {
                starts,
                losses: 1,
                faults: 2,
                trouble_until: 8,
            },
            true,
        );
    }
    println!("{states} states");
    assert!(
        states > 10_000,
        "the model must have something to explore: {states}"
    );
}
