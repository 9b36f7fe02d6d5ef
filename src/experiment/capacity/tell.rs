//! What was found, as the document that reports are written from.

use super::{
    Results,
    bench::{Bench, Level, Work},
    bursts,
    fit::{Crossing, badness, holds},
    growth, known,
    losses::{self, REPLICATIONS},
    search::Found,
    sizes,
};
use crate::{
    measure::{fold::Fold, outcome::Cause},
    model::{
        blueprint::{
            Arrivals, Balance, Blueprint, Promise, Room, Scope, Serving, Upstream, Workload,
        },
        operational::{Kind, Operational},
    },
    report::{
        capacity::{
            Answer, Attempt, Busy, Capacity, Cost, Curves, Eased, Grown, Growth, Later, Left,
            Limit, Load, Loss, Losses, Method, Point, SCHEMA, Safe, Scenario, Size, Sized, Step,
            Turn, Unseen,
        },
        summary::Summary,
        used::used,
    },
    slo::gate::{Doubt, Verdict},
    stats::interval::{CONFIDENCE, six_digits},
};

/// Resources that were measured that are told.
const BUSY_MAX: usize = 6;
/// A stated time of fewer relaxation times is short.
const SHORT: f64 = 10.0;
/// From this share of the bound on it is asked whether what should be full is as busy as the law says.
const NEAR_FULL: f64 = 0.5;
/// Power falls clearly where it is below this share of the highest.
const FALLEN: f64 = 0.9;

pub(super) fn tell(it: &Results<'_>, work: &Work<'_>) -> Capacity {
    let plan = it.question.plan;
    Capacity {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        // Said by who wrote the charter.
        experiment: String::new(),
        scenario: Scenario {
            name: plan.name.clone(),
            title: plan.title.clone(),
            seed: plan.seed,
            sustained_s: plan.duration.seconds(),
            warm_up_s: it.warm_up.seconds(),
            load: it.load(1.0),
        },
        confidence: it.question.effort.confidence,
        answer: match (&it.found, it.safe()) {
            (Some(Found::EveryLoad), _) => Answer::EveryLoad,
            (Some(Found::NoLoad), _) => Answer::NoLoad,
            (_, Some(_)) => Answer::Found,
            (_, None) => Answer::Unconfirmed,
        },
        safe: it.told_safe(),
        objectives: it.limits(),
        islands: it.ladder.islands.iter().map(|&factor| it.load(factor)).collect(),
        operational: known::told(plan, &it.known),
        curve: it.curve(),
        knee: knee(&it.curve()),
        untried: it
            .ladder
            .untried
            .map(|left| Left { load: it.load(left.factor), requests: left.requests }),
        busiest: it.busiest(),
        eased: it.eased(),
        losses: it.told_losses(),
        growth: it.told_growth(),
        cost: it.cost(),
        method: Method {
            replications: work.replications,
            requests: work.requests,
            loads: work.loads,
            precision: it.question.effort.precision,
            attempts: it.told_attempts(),
        },
        unmodelled: unmodelled(plan, it.question.gone.is_some()),
    }
}

impl Results<'_> {
    fn load(&self, factor: f64) -> Load {
        known::load(&self.known, factor)
    }

    fn between(&self, crossing: &Crossing) -> [Load; 3] {
        let (low, high) = crossing.interval(CONFIDENCE);
        let [at, low, up_to] =
            [crossing.at.value, low.max(0.0), high].map(|factor| self.missing(factor));
        // What a jump leads to is missed itself.
        let is_jump = crossing.jump.is_some_and(|(_, missed)| missed == high);
        [at, low, if is_jump { self.load(high) } else { up_to }]
    }

    /// The same of a larger site, and no more than what its hardware bears: what a window of some length
    /// hides of a load beyond that could not be sustained.
    fn within(&self, crossing: &Crossing, bound_per_s: Option<f64>) -> [Load; 3] {
        let most = match bound_per_s {
            Some(bound) if self.known.users == 0 => bound / self.known.load_per_s(),
            Some(_) | None => f64::INFINITY,
        };
        let (low, high) = crossing.interval(CONFIDENCE);
        [crossing.at.value, low.max(0.0), high].map(|factor| self.missing(factor.min(most)))
    }

    /// The load at which an objective is missed that is kept up to `factor`: of whole users the next.
    fn missing(&self, factor: f64) -> Load {
        let load = self.load(factor);
        if !self.known.is_closed() {
            return load;
        }
        let held = (f64::from(self.known.users) * factor + 1e-6).floor() as u64;
        Load { users: Some(held + 1), ..load }
    }

    fn told_safe(&self) -> Option<Safe> {
        let tried = self.safe()?;
        let crossings = self.crossing()?;
        let objective = &self.question.plan.objectives[crossings.limiting];
        let rho = self.rho(tried.factor);
        let plan = self.question.plan;
        let relaxation_s = (!is_loss(plan, &self.known)).then(|| self.known.relaxation_s(rho));
        let confirmed = tried.fold.as_ref().map_or(0, |fold| fold.pool.replications);
        let (first, effort) = (&crossings.first.at, &self.question.effort);
        let below = 1.0 - tried.factor / first.value;
        // Users are whole, and what hardware bears at most is a bound of its own.
        let is_wide = effort.half(first) > effort.narrow() * first.value || self.attempts.len() > 1;
        let searched = self.near.as_ref().map_or(0, Bench::most_replications);
        let whole = if self.known.users > 0 { 1.0 / f64::from(self.known.users) } else { 0.0 };
        let cap = self.cap().unwrap_or(f64::INFINITY);
        let below_most = 1.0 - tried.factor / first.value.min(cap);
        let is_coarse = is_wide && below_most > effort.precision + 0.001 + whole / first.value;
        Some(Safe {
            load: self.load(tried.factor),
            missed_at: Some(self.between(&crossings.first)),
            limited_by: Some(objective.name.clone()),
            headroom: tried.factor - 1.0,
            utilisation: self.known.saturates_at().filter(|_| !self.known.is_closed()).map(|_| rho),
            relaxation_s,
            is_short: relaxation_s.is_some_and(|it| plan.duration.seconds() < SHORT * it),
            confirmed_by: confirmed,
            unseen: tried.is_even.then(|| self.unseen(confirmed)),
            below: below.max(0.0),
            is_coarse,
            is_spent: searched >= effort.budget,
            is_capped: tried.factor >= cap,
        })
    }

    /// What is not known after so many replications none of which went wrong.
    fn unseen(&self, replications: u32) -> Unseen {
        let (confidence, size) = (self.question.effort.confidence, self.burst());
        let is_enough = replications >= bursts::needed(size, confidence);
        Unseen {
            once_in: six_digits(bursts::once_in(replications, confidence)),
            breaks_it: (!is_enough).then(|| six_digits(size)),
        }
    }

    fn limits(&self) -> Vec<Limit> {
        let all = self.question.plan.objectives.iter().enumerate();
        all.map(|(index, objective)| {
            let crossing = self.crossing().and_then(|it| it.each[index].as_ref());
            Limit {
                name: objective.name.clone(),
                require: objective.require.clone(),
                missed_at: crossing.map(|it| self.between(it)),
                is_unfinished: self.is_unfinished(index),
            }
        })
        .collect()
    }

    /// Whether an objective is missed, where it is first missed, for requests that are not over when the
    /// run ends: most of what counts against it is that. How many these are is a matter of how
    /// long load has piled up and of the drain, not of latency.
    fn is_unfinished(&self, index: usize) -> bool {
        let missed = |level: &&Level| {
            let judgements = level.judgements(level.replications() as usize);
            judgements[index].badness().is_some_and(|it| it > 1.0)
        };
        let levels = self.levels();
        let Some(level) = levels.into_iter().find(missed) else { return false };
        let Some(fold) = level.fold() else { return false };
        let objective = &level.plan().objectives[index];
        let counts_failures = match objective.promise {
            Promise::Percentile { .. } => !objective.successes_only,
            Promise::Success { .. } => true,
            Promise::Mean { .. }
            | Promise::Throughput { .. }
            | Promise::Utilisation { .. }
            | Promise::Queue { .. }
            | Promise::Lag { .. }
            | Promise::Recovery(_)
            | Promise::Budget(_) => false,
        };
        let request = match objective.scope {
            Scope::Site => None,
            Scope::Request(id) => Some(id.index()),
            Scope::Workload(_) | Scope::Service(_) => return false,
        };
        // What is not over came late.
        let sees_the_end = objective.until >= fold.pool.request_ruler.until;
        let bad: u64 = fold.records.iter().map(|it| it.objectives[index].beyond[1]).sum();
        let tallies = fold.pool.requests.iter().enumerate();
        let unfinished: u64 = tallies
            .filter(|(number, _)| request.is_none_or(|it| it == *number))
            .map(|(_, it)| it.causes[Cause::Unfinished as usize])
            .sum();
        counts_failures && sees_the_end && 2 * unfinished > bad
    }

    fn curve(&self) -> Vec<Point> {
        self.levels().into_iter().map(|level| self.point(level)).collect()
    }

    /// The loads that are told, the lowest first: of each the bench that knows it best.
    fn levels(&self) -> Vec<&Level> {
        let mut levels: Vec<&Level> = self.ladder.bench.levels.iter().collect();
        if let Some(near) = &self.near {
            // Where loads lie close by each other those that are known best are enough, but for what misses
            // above the crossing: there is nothing else to show what happens there. What few
            // replications say against the crossing below it is bad luck.
            let many = near.most_replications();
            let crossing = self.crossing().map_or(0.0, |it| it.first.at.value);
            let misses =
                |level: &Level| !holds(&badness(&level.judgements(level.replications() as usize)));
            let is_told = |level: &&Level| {
                level.replications() == many || level.factor > crossing && misses(level)
            };
            let near: Vec<&Level> = near.levels.iter().filter(is_told).collect();
            levels.retain(|level| {
                let is_known = near.iter().any(|it| it.factor == level.factor);
                !is_known && (level.factor > crossing || !misses(level))
            });
            levels.extend(near);
        }
        levels.retain(|level| level.fold().is_some());
        levels.sort_by(|one, other| one.factor.total_cmp(&other.factor));
        levels
    }

    fn point(&self, level: &Level) -> Point {
        let fold = level.fold().expect("a level that was run");
        let figures = Summary::new(level.plan(), fold).site.figures;
        let ok = &figures.ok;
        let judgements = level.judgements(level.replications() as usize);
        let badness = judgements.iter().map(|it| {
            let value = it.badness()?;
            let (low, high) = it.badness_between().unwrap_or((value, value));
            Some([value, low.clamp(0.0, value), high.max(value)].map(six_digits))
        });
        Point {
            load: self.load(level.factor),
            replications: level.replications(),
            answered_per_s: figures.rates.throughput_per_s.value,
            latency_s: [ok.mean_s.value, ok.p50_s.value, ok.p95_s.value, ok.p99_s.value],
            badness: badness.collect(),
        }
    }

    fn busiest(&self) -> Vec<Busy> {
        let Some(fold) = self.confirmed() else { return Vec::new() };
        let summary = Summary::new(self.question.plan, fold);
        let replications = fold.pool.replications;
        let first = self.known.stations.first().and_then(|it| {
            let utilisation = used(self.question.plan, (&summary, replications), it)?;
            Some(Busy { name: it.name(self.question.plan), utilisation })
        });
        let all = summary.diagnosis.busiest.into_iter().take(BUSY_MAX);
        let mut busiest: Vec<Busy> = all
            .map(|it| Busy {
                name: format!("{} of {}", it.kind, it.of),
                utilisation: it.utilisation,
            })
            .collect();
        // What is full first by the law need not be among the busiest.
        busiest.extend(first.filter(|it| busiest.iter().all(|other| other.name != it.name)));
        busiest
    }

    /// What the law says is full first, where that was found less busy: at the load next to the bound.
    pub(super) fn eased(&self) -> Option<Eased> {
        let full = self.known.saturates_at().filter(|_| !self.known.is_closed())?;
        let levels = self.levels().into_iter().filter(|it| it.factor >= NEAR_FULL * full);
        let apart = |level: &&Level| (level.factor - full).abs();
        let level = levels.min_by(|one, other| apart(one).total_cmp(&apart(other)))?;
        let eased = Summary::new(level.plan(), level.fold()?).diagnosis.eased?;
        Some(Eased {
            name: eased.of,
            load: self.load(level.factor),
            utilisation: eased.utilisation,
            by_law: eased.by_law,
        })
    }

    fn told_losses(&self) -> Option<Losses> {
        let losses = self.losses.as_ref()?;
        let plan = self.question.plan;
        let names: Vec<&str> = plan
            .objectives
            .iter()
            .filter(|it| !matches!(it.promise, Promise::Recovery(_) | Promise::Budget(_)))
            .map(|it| it.name.as_str())
            .collect();
        let each = losses.iter().map(|(kind, borne)| {
            let worst = borne.worst();
            Loss {
                name: kind.name.clone(),
                alike: kind.alike,
                kept: borne.meanwhile(),
                worst: worst.map(|(index, _)| names[index].to_owned()),
                badness: worst.map(|(_, it)| it),
                failed_share: borne.failed_share,
                survives: borne.survives.map(|factor| self.load(factor)),
                not_even: borne.not_even.map(|factor| self.load(factor)),
                well_again: borne.again(),
                later: borne.later.map(told_later),
                ending: borne.ending.clone(),
            }
        });
        let gone_s = self.question.gone?.seconds();
        Some(Losses { gone_s, replications: REPLICATIONS, each: each.collect() })
    }

    fn told_growth(&self) -> Option<Growth> {
        let growth::Growth { services, turns, steps, curves } = self.growth.as_ref()?;
        let plan = self.question.plan;
        let sized = |it: &sizes::Sized| Sized {
            size: it.size,
            bound_per_s: it.bound,
            missed_at: it.missed_at.map(|missed| self.within(&missed, it.bound)),
        };
        let size = |it: &growth::Scaled| Size {
            size: it.size,
            alone_per_s: it.alone,
            site_per_s: it.site,
        };
        let curves = curves.iter().map(|it| Curves {
            service: plan.services[it.service.index()].name.clone(),
            wider: it.wider.iter().map(sized).collect(),
            taller: it.taller.iter().map(sized).collect(),
        });
        let services = services.iter().map(|it| {
            let service = &plan.services[it.service.index()];
            Grown {
                service: service.name.clone(),
                from: service.instances,
                wider: it.wider.iter().map(size).collect(),
                taller: it.taller.iter().map(size).collect(),
            }
        });
        let steps = steps.iter().map(|it| Step {
            what: it.what.clone(),
            relieves: it.relieves.clone(),
            bound_per_s: it.bound,
            missed_at: it.missed_at.map(|missed| self.within(&missed, Some(it.bound))[0]),
            skipped: it.skipped,
            cost_per_h: growth::price(&it.plan),
        });
        let turns = turns.iter().map(|it| Turn {
            relieved: it.relieved.clone(),
            next: it.next.clone(),
            full_at_per_s: it.full_at_per_s,
            tried: it.seen.as_ref().map(|seen| self.load(seen.factor)),
            busiest: it.seen.as_ref().map(|seen| {
                let (name, utilisation) = seen.busiest.clone();
                Busy { name, utilisation }
            }),
            is_next: it.seen.as_ref().map(|seen| seen.is_next),
        });
        Some(Growth {
            services: services.collect(),
            turns: turns.collect(),
            steps: steps.collect(),
            curves: curves.collect(),
        })
    }

    fn cost(&self) -> Option<Cost> {
        let plan = self.question.plan;
        let currency = plan.currency.clone()?;
        let per_h = growth::price(plan)?;
        let million = |factor: f64, fold: &Fold| {
            let answered = self.answered_per_s(factor, fold).filter(|it| *it > 0.0)?;
            Some(per_h / 3600.0 / answered * 1e6)
        };
        let now = self.ladder.bench.levels.iter().find(|level| level.factor == 1.0);
        let safe = self.safe().and_then(|it| Some((it.factor, it.fold.as_ref()?)));
        Some(Cost {
            currency,
            per_h,
            per_million: safe.and_then(|(factor, fold)| million(factor, fold)),
            per_million_now: now.and_then(Level::fold).and_then(|fold| million(1.0, fold)),
            unpriced: plan.hosts.iter().filter(|it| it.price_per_h.is_none()).count() as u32,
        })
    }

    /// Requests that are answered a second. Where they come from outside at one rate that is known, but for
    /// those that fail; how many came in a few replications is luck. Users make as many as are answered, and
    /// other rates change: there it is what was measured.
    fn answered_per_s(&self, factor: f64, fold: &Fold) -> Option<f64> {
        let plan = self.question.plan;
        let is_steady = |it: &Workload| {
            let is_one =
                matches!(&it.arrivals, Arrivals::Open { rate, .. } if rate.knots.len() == 1);
            is_one && it.spike.is_none()
        };
        if plan.workloads.iter().all(is_steady) {
            let causes = &fold.pool.site().causes;
            let (ok, all) = (causes[Cause::None as usize], causes.iter().sum::<u64>());
            return (all > 0).then(|| factor * self.known.open_per_s * ok as f64 / all as f64);
        }
        Summary::new(plan, fold).site.figures.rates.throughput_per_s.value
    }

    fn told_attempts(&self) -> Vec<Attempt> {
        let told = |it: &super::confirm::Tried| {
            let against = it.against.map(|(index, verdict)| {
                let name = &self.question.plan.objectives[index].name;
                let reason = verdict.reason().map(|reason| format!(", {reason}"));
                format!("`{name}` {}{}", verdict.name(), reason.unwrap_or_default())
            });
            Attempt {
                load: self.load(it.factor),
                replications: it.fold.as_ref().map_or(0, |fold| fold.pool.replications),
                is_met: it.is_met,
                says: against,
                piles_up: matches!(it.against, Some((_, Verdict::Undecided(Doubt::Unstable)))),
            }
        };
        self.attempts.iter().map(told).collect()
    }
}

fn told_later(it: losses::Later) -> Later {
    match it {
        losses::Later::Slow(within) => Later::Slow { within_s: within.seconds() },
        losses::Later::Draining(watched, more) => {
            Later::Draining { watched_s: watched.seconds(), more_s: more.seconds() }
        }
        losses::Later::Stays(watched) => Later::Stays { watched_s: watched.seconds() },
        losses::Later::Unknown(watched) => Later::Unknown { watched_s: watched.seconds() },
    }
}

/// Kleinrock's power is throughput over latency; at its highest more load begins to cost more than
/// it gains (Kleinrock 1979). `None`: no higher load was tried at which latency has clearly eaten up what is
/// gained, so that the highest may lie anywhere further up.
fn knee(curve: &[Point]) -> Option<Load> {
    let power = |point: &Point| {
        let mean_s = point.latency_s[0]?;
        Some((point.load, point.answered_per_s? / mean_s, mean_s))
    };
    let known: Vec<(Load, f64, f64)> = curve.iter().filter_map(power).collect();
    let best = known.iter().fold(None, |best: Option<&(Load, f64, f64)>, it| match best {
        Some(known) if known.1 >= it.1 => Some(known),
        Some(_) | None => Some(it),
    });
    let (load, most, mean_s) = best?;
    let falls = known.iter().any(|(other, power, slower_s)| {
        other.factor > load.factor && *power < FALLEN * most && slower_s > mean_s
    });
    falls.then_some(*load)
}

/// Whether what is full first turns away who would have to wait: nothing of a disturbance is left there once
/// what it began is done.
fn is_loss(plan: &Blueprint, known: &Operational) -> bool {
    known.stations.first().is_some_and(|first| {
        let serving = &plan.services[first.service.index()].serving;
        let refuses = matches!(serving, Serving::Slots { room: Room::Places(0), .. });
        first.kind == Kind::Workers && refuses
    })
}

/// What reality may add to what was simulated.
fn unmodelled(plan: &Blueprint, loses: bool) -> Vec<String> {
    let mut lines = vec![
        "packet loss, TCP's slow start and congestion control; headers of packets and frames"
            .to_owned(),
        "garbage collection, noisy neighbours and throttling of shared machines, unless the \
         scenario says so"
            .to_owned(),
        "a mix of requests that changes with the load, and visitors who come back more often when \
         they fail"
            .to_owned(),
    ];
    let has = |kind: &str| plan.services.iter().any(|it| it.kind == kind);
    if has("mysql") {
        lines.push(
            "row locks, semi-synchronous replication, and failover: a lost primary stays lost until \
             it is restored"
                .to_owned(),
        );
    }
    if has("haproxy") || has("nginx") {
        lines.push("response caches of proxies, stick tables, rate limits".to_owned());
    }
    let by_name = |it: &Upstream| it.balance == Balance::Addresses && it.servers > 1;
    if loses && plan.upstreams.iter().any(by_name) {
        lines.push(
            "DNS that stops naming what is lost: visitors keep trying all addresses".to_owned(),
        );
    }
    lines
}
