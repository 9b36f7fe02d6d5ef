//! A view against the definition: every server looked at for every pick, under random histories.

use super::*;
use crate::{
    engine::{luck::mix, time::Span},
    model::blueprint::{
        Check, Derived, InstanceId, Keeps, Next, Retry, Reuse, ServiceId, Statuses,
    },
};

const SPAN: Span = Span::from_millis(40_000);

/// What the definition needs to know of a server.
#[derive(Clone, Default)]
struct Naive {
    weight: u64,
    sent: u64,
    queued: Vec<u32>,
    is_down: bool,
    is_passed_over: bool,
    fails: u32,
    failed_at: Instant,
    looked_at: Instant,
    sum: i64,
}

impl Naive {
    fn is_fit(&self, upstream: &Upstream, now: Instant) -> bool {
        let is_banned = upstream.ban.is_some_and(|ban| {
            self.fails >= ban.fails_max && whole_seconds(self.looked_at, now) <= ban.span
        });
        self.weight > 0 && !self.is_down && !self.is_passed_over && !is_banned
    }

    fn load(&self) -> u64 {
        self.sent + self.queued.len() as u64
    }

    fn is_usable(&self, upstream: &Upstream, now: Instant) -> bool {
        self.is_fit(upstream, now) && self.load() < u64::from(room(upstream))
    }
}

/// As a clock sees it that shows no more than seconds.
fn whole_seconds(then: Instant, now: Instant) -> Span {
    Span::from_seconds(now.seconds().floor() - then.seconds().floor())
}

fn naive_pick(
    upstream: &Upstream,
    servers: &mut [Naive],
    turn: &mut usize,
    now: Instant,
) -> Option<usize> {
    let count = servers.len();
    let usable = |it: usize, servers: &[Naive]| servers[it].is_usable(upstream, now);
    if let Balance::LeastConnections { .. } = upstream.balance {
        let mut best: Option<usize> = None;
        for it in (1..=count).map(|step| (*turn + step) % count) {
            let is_better = best.is_none_or(|best| {
                servers[it].load() * servers[best].weight
                    < servers[best].load() * servers[it].weight
            });
            if usable(it, servers) && is_better {
                best = Some(it);
            }
        }
        *turn = best.unwrap_or(*turn);
        return best;
    }
    let usable: Vec<usize> = (0..count).filter(|&it| usable(it, servers)).collect();
    let total: u64 = usable.iter().map(|&it| servers[it].weight).sum();
    for &it in &usable {
        servers[it].sum += servers[it].weight as i64;
    }
    let best = usable
        .into_iter()
        .reduce(|best, it| if servers[it].sum > servers[best].sum { it } else { best })?;
    servers[best].sum -= total as i64;
    Some(best)
}

fn upstream(balance: Balance, slots: u32, servers: &[Server]) -> Upstream {
    let mut upstream = Upstream {
        name: String::new(),
        place: 0,
        caller: ServiceId(0),
        callee: ServiceId(0),
        first_server: 0,
        servers: servers.len() as u32,
        are_weights_equal: servers.windows(2).all(|pair| pair[0].weight == pair[1].weight),
        keeps: Keeps::default(),
        balance,
        slots,
        server_queue: 1,
        queues: true,
        queue_timeout: None,
        queue_delay: None,
        connect_timeout: None,
        response_timeout: None,
        retry: Retry {
            attempts: 1,
            on_connect: true,
            on_connect_timeout: true,
            on_reset: true,
            on_timeout: true,
            unsafe_too: true,
            forgives_reused: false,
            next: Next::Other,
            turnaround: None,
        },
        idle_max: 0,
        idle_all_max: 0,
        idle: None,
        reuse: Reuse::Always,
        purge: None,
        handshake_rounds: 0,
        opening: None,
        ban: Some(Ban { fails_max: 2, span: SPAN }),
        check: None::<Check>,
        statuses: Statuses { unreachable: 0, connect_timeout: 0, queue: 0, timeout: 0, reset: 0 },
        derived: Derived::default(),
        buffers: true,
    };
    upstream.keeps = Keeps::new(&upstream, servers, false);
    upstream.keeps.loads = true;
    upstream
}

/// One random thing that happens to a server, told to both.
fn happen(
    view: &mut View,
    it: &mut Naive,
    links: &mut Links,
    ban: Ban,
    [server, weight, choice, call]: [u32; 4],
    now: Instant,
) {
    match choice {
        7.. if it.sent > 0 => {
            it.sent -= 1;
            view.free_slot(server, weight);
            if it.failed_at < it.looked_at {
                it.fails = 0;
            }
            view.forgive(server);
        }
        2 => {
            it.fails += 1;
            (it.failed_at, it.looked_at) = (now, now);
            view.blame(server, ban, now);
        }
        3 => {
            it.is_down = !it.is_down;
            if it.is_down { view.goes_down(server) } else { view.comes_up(server) }
        }
        4 => {
            it.is_passed_over = !it.is_passed_over;
            if it.is_passed_over { view.pass_over(server) } else { view.consider_again(server) }
        }
        5 if !view.queues.is_empty() && it.queued.len() < 2 => {
            it.queued.push(call);
            view.enqueue(links, server, weight, call);
        }
        6 => {
            if let Some(call) = it.queued.pop() {
                view.dequeue(links, server, weight, call);
            }
        }
        _ => {}
    }
}

fn check(balance: Balance, slots: u32, weights: &[u32]) {
    let mut weight_up_to = 0;
    let server = |&weight: &u32| {
        weight_up_to += u64::from(weight);
        Server { instance: InstanceId(0), weight, weight_up_to }
    };
    let servers: Vec<Server> = weights.iter().map(server).collect();
    let upstream = upstream(balance, slots, &servers);
    let ban = upstream.ban.unwrap();
    let mut view = View::new(&upstream, &servers, [0; 3]);
    let mut links = Links::default();
    let mut naive: Vec<Naive> = weights
        .iter()
        .map(|&weight| Naive { weight: u64::from(weight), ..Naive::default() })
        .collect();
    let (mut turn, mut now, mut picks) = (0, Instant::ZERO, 0);
    for step in 0..20_000 {
        let word = mix(step, mix(u64::from(slots), weights.len() as u64));
        now = now + Span::from_millis(word % 8_000);
        let index = (word >> 40) as usize % weights.len();
        let choice = (word >> 32) as u32 % 24;
        let what = [index as u32, weights[index], choice, step as u32];
        happen(&mut view, &mut naive[index], &mut links, ban, what, now);
        view.end_bans(ban, now);
        let expected = naive_pick(&upstream, &mut naive, &mut turn, now);
        let picked = view.pick(&upstream, &servers, word).map(|picked| picked as usize);
        assert_eq!(picked, expected, "step {step} of {balance:?}, {weights:?}");
        assert_eq!(view.is_any_fit(), naive.iter().any(|it| it.is_fit(&upstream, now)));
        assert_eq!(view.up as usize, naive.iter().filter(|it| !it.is_down).count());
        let Some(picked) = picked else { continue };
        picks += 1;
        let it = &mut naive[picked];
        if whole_seconds(it.looked_at, now) > ban.span {
            it.looked_at = now;
        }
        view.look_at(picked as u32, ban, now);
        if it.sent < u64::from(slots) {
            it.sent += 1;
            view.take_slot(picked as u32, weights[picked]);
        }
        assert_eq!(u64::from(view.sent(picked as u32)), naive[picked].sent);
    }
    assert!(picks > 1_000, "{picks}");
}

#[test]
fn picks_are_those_of_a_scan() {
    let in_turn = Balance::LeastConnections { random_ties: false, counts_next: false };
    for balance in [Balance::RoundRobin, in_turn] {
        for slots in [2, u32::MAX] {
            check(balance, slots, &[1, 1]);
            check(balance, slots, &[3; 7]);
            check(balance, slots, &[1; 100]);
            check(balance, slots, &[5, 1, 1, 0]);
            check(balance, slots, &[2, 3, 256, 255, 7, 100]);
        }
    }
}
