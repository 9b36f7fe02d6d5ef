//! What gives in first. By the utilisation law, demand on a resource grows in proportion to the
//! load, so a resource that is busy a share u of the time at load X saturates at X / u.
//!
//! For workers that are held while something behind them is slow this is an upper bound: the time
//! they are held grows with the load. A mix that changes with the load is left out. Where events
//! take machines away or bring more visitors, the mean over the window is no law's.

use serde::Serialize;

use super::{
    piling::{Pile, agree, asks_beyond, grows, luckiness, pile, waiting_per_s},
    summary::{Instance, Summary},
    used::used,
};
use crate::{
    engine::sample::Law,
    measure::{
        fold::Fold,
        series::{Section, Series},
        tally::{HostTally, Tally},
    },
    model::{
        blueprint::{
            Arrivals, Balance, Blueprint, Gaps, Host, Instruction, LawId, Op, Upstream, Workload,
        },
        operational::{Kind, Operational, Station},
    },
};

/// From here on a resource counts as saturated.
const SATURATED: f64 = 0.99;
/// Overload shows where fewer than this succeed.
const FAILING: f64 = 0.99;
/// Arrivals and departures differ by so many standard deviations by bad luck alone.
const LUCK: f64 = 3.0;
/// What is held runs out first if its bound lies below this share of what was measured.
const EARLIER: f64 = 0.95;
/// Of what the law says is in use so much at least is, or the law does not hold.
const IN_USE: f64 = 0.95;
/// Failures explain that a station is less busy if they are at least this share of what is missing.
const FAILS_LEAST: f64 = 0.5;
/// Where so many times as many wait as would at random, a station is full at times, however idle it is at others.
const LONG: f64 = 10.0;
/// Loads and bounds are sums of products: this close they are the same.
const ROUNDING: f64 = 1e-9;
/// Replicas that fall behind by this, in seconds a second, will never catch up.
const FALLING_BEHIND: f64 = 0.01;

/// A resource that may run out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    /// `CPU`, `NIC out`, `NIC in`, `disk`, `workers`, `loops`.
    pub kind: &'static str,
    /// Of which host or instance.
    pub of: String,
    /// Share of it in use.
    pub utilisation: f64,
    /// The load, in requests a second, at which all of it is; `None` if it is not used at all, or
    /// if events change the site or its load.
    pub saturates_at_per_s: Option<f64>,
}

/// How the site bears its load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stability {
    /// No resource is saturated.
    #[default]
    Stable,
    /// A resource is always busy, and what it cannot serve is turned away or gives up.
    Saturated,
    /// A resource is always busy, and unfinished work piles up for as long as the load lasts.
    Unstable,
}

/// What gives in first, and whether it has.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diagnosis {
    /// How the site bears its load.
    pub stability: Stability,
    /// Requests a second by which work in flight grew in the second half of the window.
    pub growth_per_s: f64,
    /// Where calls pile up for which no visitor waits any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub piles_up: Option<PilesUp>,
    /// Seconds a second by which replicas fell behind in the second half of the window, if they surely
    /// did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub falling_behind: Option<f64>,
    /// Requests that had not ended when the runs did.
    pub unfinished: u64,
    /// The busiest resources, the busiest first.
    pub busiest: Vec<Resource>,
    /// Where more arrives than can be served whatever is busy now, and it shows: what can …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beyond_per_s: Option<f64>,
    /// … and what runs out: `slots from lb to app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beyond_of: Option<String>,
    /// Where nothing is that busy: where calls wait, more and more of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// What is full before the busiest resource is, by operational analysis: a pool, appliers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_out: Option<RunsOut>,
    /// What operational analysis says is full first, where it is clearly less busy than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eased: Option<Eased>,
}

/// A station that is less busy than the utilisation law says: what fails or ends on its way asks less of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Eased {
    /// `CPU of db-1`.
    pub of: String,
    /// How busy it was.
    pub utilisation: f64,
    /// How busy it should have been.
    pub by_law: f64,
}

/// What is full at a load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunsOut {
    /// `appliers of db.2`.
    pub of: String,
    /// Requests a second, at most.
    pub at_per_s: f64,
}

/// Below this share of its time nothing is in the way of what waits.
const BUSY: f64 = 0.8;

/// Calls that become more and more though no more visitors are under way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PilesUp {
    /// The service.
    pub at: String,
    /// Calls a second by which there are more.
    pub per_s: f64,
}

const NAMED_MAX: usize = 10;

/// Looks for what gives in first.
///
/// Above capacity is a load that exceeds the operational bound, or is it while anything is left to chance (a
/// theorem, where nothing changes and visitors come whatever happens), or one under which unfinished work grows while something is busy all the time, or
/// while most of what is more of it waits somewhere, be it that visitors wait for it or that nobody does. Work that grows without waiting only fills a site whose
/// visits are long.
pub fn diagnose(site: &Blueprint, summary: &Summary, fold: &Fold) -> Diagnosis {
    let pool = &fold.pool;
    let mut busiest = resources(site, summary);
    // Stable: among equals the first of the scenario is named.
    busiest.sort_by(|one, other| other.utilisation.total_cmp(&one.utilisation));
    busiest.truncate(NAMED_MAX);
    let unfinished = summary.site.failures.iter().find(|failures| failures.cause == "unfinished");
    let unfinished = unfinished.map_or(0, |failures| failures.count);
    let success = summary.site.figures.rates.success_share.value.unwrap_or(1.0);
    let known = Operational::of(site);
    let growth = Growth::of(site, fold, asks_beyond(site, &known, pool));
    // Users who wait give way to others: of these alone there is a bound on what comes.
    let is_mixed = known.is_mixed();
    let known = if is_mixed { Operational::of_open(site) } else { known };
    let offered = match summary.site.figures.rates.offered_per_s.value {
        // As the scenario says, whatever luck made of it.
        Some(_) if site.is_steady() && known.users == 0 => known.open_per_s,
        // Those who wait are among them.
        Some(_) if is_mixed => 0.0,
        sampled => sampled.unwrap_or(0.0),
    };
    let eased = known.stations.first().filter(|_| site.is_steady() && !known.is_closed());
    let eased = eased.and_then(|it| eased_at(site, (summary, pool), it, offered));
    let first = known.stations.first().filter(|_| eased.is_none());
    let first = first.map(|it| (it.saturates_at_per_s(), it.name(site)));
    let beyond = first.clone().filter(|(bound, _)| {
        // What comes exactly as fast as it can be served piles up, too, if only as the root of time,
        // unless nothing is left to chance.
        let slack = if is_random(site) { -ROUNDING } else { ROUNDING };
        let is_beyond = offered > *bound * (1.0 + slack);
        is_beyond && !known.is_closed() && (site.is_steady() || success < FAILING)
    });
    let falling_behind = mean(&fold.falling_behind).filter(|it| *it > FALLING_BEHIND);
    let falling_behind = falling_behind.filter(|_| site.is_steady() && grows(&fold.falling_behind));
    let is_busy = busiest.first().is_some_and(|first| first.utilisation >= SATURATED)
        // It may have begun empty.
        || growth.is_known() && latest_cpu(site, pool) >= SATURATED;
    let visitors_grow =
        growth.piles_up || grows(&fold.growth) || unfinished > summary.site.count / 100;
    let grows = visitors_grow || growth.pile.is_some();
    let waits = site.is_steady() && growth.waits();
    let fails_enough = beyond.as_ref().map_or(success < FAILING, |(bound, _)| {
        // At least half of what is too much fails before it piles up.
        success < 1.0 && 1.0 - success >= 0.5 * (1.0 - bound / offered)
    });
    let is_turned_away = fails_enough && !grows;
    let is_overloaded = beyond.is_some() || is_busy && (grows || success < FAILING) || waits;
    // All users wait for an answer: more of them than there are cannot pile up, but what they leave behind can.
    let is_limited = known.is_closed() && (growth.pile.is_none() || visitors_grow);
    let stability = match (is_overloaded, falling_behind) {
        (true, _) if is_limited && success >= FAILING => Stability::Stable,
        (true, _) if is_limited || is_turned_away => Stability::Saturated,
        (true, _) | (false, Some(_)) => Stability::Unstable,
        (false, None) => Stability::Stable,
    };
    let runs_out = first.filter(|(bound, _)| {
        let measured = busiest.first().and_then(|it| it.saturates_at_per_s);
        site.episodes.is_empty() && !is_mixed && measured.is_none_or(|load| *bound < EARLIER * load)
    });
    let (beyond_per_s, beyond_of) = beyond.unzip();
    let is_idle = busiest.first().is_none_or(|it| it.utilisation < BUSY) && beyond_of.is_none();
    let waits = (is_idle && growth.piles_up).then(|| most_waits(site, pool)).flatten();
    let pile = growth.pile.filter(|_| stability == Stability::Unstable && !visitors_grow);
    let piles_up =
        pile.map(|it| PilesUp { at: site.services[it.service].name.clone(), per_s: it.per_s });
    Diagnosis {
        stability,
        growth_per_s: growth.per_s,
        piles_up,
        falling_behind,
        unfinished,
        busiest,
        beyond_per_s,
        beyond_of,
        waits,
        runs_out: runs_out.map(|(at_per_s, of)| RunsOut { of, at_per_s }),
        eased,
    }
}

/// Whether a station is clearly less busy than so many requests a second would make it, and enough of them fail to
/// explain that. Where as many come as can be served it is idle now and then, the less often the more it serves. One
/// that is full for a while, so that nobody is sent there for another, is not asked less on their way.
fn eased_at(
    site: &Blueprint,
    (summary, pool): (&Summary, &Tally),
    station: &Station,
    offered_per_s: f64,
) -> Option<Eased> {
    // What has no clock of its own is only known about.
    if matches!(station.kind, Kind::Pool | Kind::Connections | Kind::Appliers) {
        return None;
    }
    let utilisation = used(site, (summary, pool.replications), station)?;
    let failed = 1.0 - summary.site.figures.rates.success_share.value?;
    let by_law = station.utilisation(offered_per_s).min(1.0);
    let served = pool.window_s() * station.capacity / station.visit_s();
    let luck = if served > 0.0 { served.sqrt().recip() } else { 1.0 };
    let is_explained = failed >= FAILS_LEAST * (by_law - utilisation);
    let is_eased = is_explained
        && utilisation < IN_USE * by_law - luck
        && waiting(site, summary, station) * (1.0 - utilisation) < LONG * station.capacity;
    is_eased.then(|| Eased { of: station.name(site), utilisation, by_law })
}

/// How many calls wait on average where a station is.
fn waiting(site: &Blueprint, summary: &Summary, station: &Station) -> f64 {
    let is_there = |it: &&Instance| {
        station.at.iter().any(|&id| match station.kind {
            Kind::Loops | Kind::Workers => site.instances[id as usize].name == it.name,
            _ => site.hosts[id as usize].name == it.host,
        })
    };
    let there = summary.instances.iter().filter(is_there);
    there.filter_map(|it| it.figures.waiting_mean.value).sum()
}

/// Whether nothing that is measured of a site says what it would come to: work piles up, and is not only left over by
/// what has an end. It is where nothing changes, and where more comes all the time, spikes aside, than can be served.
pub fn has_no_end(site: &Blueprint, stability: Stability) -> bool {
    stability == Stability::Unstable && (site.is_steady() || is_outgrown(site))
}

fn is_outgrown(site: &Blueprint) -> bool {
    let is_constant = |it: &Workload| match &it.arrivals {
        Arrivals::Open { rate, .. } => rate.knots.len() == 1,
        Arrivals::Closed { .. } => true,
    };
    let mut lasting = site.workloads.iter().filter(|it| it.spike.is_none());
    let known = Operational::of_open(site);
    lasting.all(is_constant) && known.bound_per_s().is_some_and(|bound| known.open_per_s >= bound)
}

/// Whether who comes when, for what, or for how long is left to chance.
fn is_random(site: &Blueprint) -> bool {
    let law = |id: LawId| &site.laws[id.index()];
    let comes_at_random = |it: &Workload| match &it.arrivals {
        Arrivals::Open { gaps, batch, .. } => {
            it.mix.len() > 1 || *gaps != Gaps::Even || batch.map(law).is_some_and(is_drawn)
        }
        Arrivals::Closed { .. } => true,
    };
    let picks_at_random = |it: &Upstream| match it.balance {
        Balance::RoundRobin | Balance::LeastConnections { random_ties: false, .. } => false,
        Balance::LeastConnections { .. } | Balance::Random { .. } | Balance::Addresses => {
            it.servers > 1
        }
    };
    let is_drawn_op =
        |it: &Instruction| matches!(it.op, Op::Branch { .. } | Op::File { .. } | Op::Pages { .. });
    site.workloads.iter().any(comes_at_random)
        || site.upstreams.iter().any(picks_at_random)
        || site.program.iter().any(is_drawn_op)
        || site.laws.iter().any(is_drawn)
}

fn is_drawn(law: &Law) -> bool {
    !matches!(law, Law::Constant(_))
}

/// How unfinished work grows in the second half of the window.
struct Growth {
    /// Requests a second.
    per_s: f64,
    /// Calls a second by which what waits somewhere grows.
    waiting_per_s: f64,
    /// It does, and not by luck alone.
    piles_up: bool,
    /// Where calls do so, whoever still waits for them.
    pile: Option<Pile>,
}

impl Growth {
    fn is_known(&self) -> bool {
        self.piles_up || self.pile.is_some()
    }

    /// Whether half of what is more waits somewhere.
    fn waits(&self) -> bool {
        let is_most = |per_s: f64| self.waiting_per_s >= per_s / 2.0;
        self.piles_up && is_most(self.per_s) || self.pile.is_some_and(|it| is_most(it.per_s))
    }
}

impl Growth {
    fn of(site: &Blueprint, fold: &Fold, is_beyond: bool) -> Growth {
        let pool = &fold.pool;
        let parts = pool.request_ruler.parts();
        let (mut came, mut went) = (0, 0);
        for part in pool.requests.iter().flat_map(|it| &it.parts[parts / 2..]) {
            came += part.ok + part.failed;
            went += part.ended;
        }
        let (begin_s, _) = pool.request_ruler.edges_s(parts / 2);
        let seconds = (pool.window_s() - begin_s) * f64::from(pool.replications);
        let (came, stayed) = (came as f64, came as f64 - went as f64);
        Growth {
            per_s: stayed / seconds,
            waiting_per_s: waiting_per_s(pool),
            piles_up: stayed > 0.01 * came
                && stayed > 20.0
                && stayed > LUCK * luckiness(site, pool) * came.sqrt()
                && agree(&fold.growth),
            pile: pile(site, fold, is_beyond),
        }
    }
}

/// Where most calls wait in the last part of the window.
fn most_waits(site: &Blueprint, pool: &Tally) -> Option<String> {
    let name = |index: usize| site.services[index].name.as_str();
    let at_services = pool.services.iter().enumerate().map(|(index, it)| {
        let waiting = it.load_by_part.last().map_or(0, |it| it.waiting);
        (waiting, format!("at {}", name(index)))
    });
    let queued = pool.upstreams.iter().zip(&site.upstreams).map(|(it, view)| {
        let (from, to) = (name(view.caller.index()), name(view.callee.index()));
        (it.queued_by_part.last().map_or(0, |it| *it), format!("at {from} for {to}"))
    });
    let most = at_services.chain(queued).max_by_key(|it| it.0)?;
    (most.0 > 0).then_some(most.1)
}

/// Utilisation of the busiest host's cores in the second half of the window.
fn latest_cpu(site: &Blueprint, pool: &Tally) -> f64 {
    let ruler = &pool.usage_ruler;
    let half = ruler.parts() / 2;
    let (begin_s, _) = ruler.edges_s(half);
    let seconds = (pool.window_s() - begin_s) * f64::from(pool.replications);
    let share = |(host, tally): (&Host, &HostTally)| {
        let used: u64 = tally.runnable.used.by_part[half..].iter().sum();
        used as f64 / 1e9 / seconds / f64::from(host.cores)
    };
    site.hosts.iter().zip(&pool.hosts).map(share).fold(0.0, f64::max)
}

fn resources(site: &Blueprint, summary: &Summary) -> Vec<Resource> {
    let is_eventful = !site.episodes.is_empty();
    let rates = &summary.site.figures.rates;
    let offered = rates.offered_per_s.value.unwrap_or(0.0);
    let served = rates.throughput_per_s.value.unwrap_or(0.0);
    let resource = |kind, of: &str, utilisation: Option<f64>| {
        utilisation.map(|utilisation| {
            // What a saturated resource lets through is its capacity, whatever is offered.
            let load = if utilisation < SATURATED { offered } else { served };
            let is_known = utilisation > 0.0 && !is_eventful;
            let saturates_at_per_s = is_known.then(|| load / utilisation);
            Resource { kind, of: of.to_owned(), utilisation, saturates_at_per_s }
        })
    };
    let hosts = summary.hosts.iter().flat_map(|host| {
        let figures = &host.figures;
        [
            resource("CPU", &host.name, figures.cpu_utilisation.value),
            resource("NIC out", &host.name, figures.sending_utilisation.value),
            resource("NIC in", &host.name, figures.receiving_utilisation.value),
            resource("disk", &host.name, figures.disk_utilisation.value),
        ]
    });
    let instances = summary.instances.iter().map(|instance| {
        resource(instance.workers_kind, &instance.name, instance.own.utilisation.value)
    });
    hosts.chain(instances).flatten().collect()
}

fn mean(of: &Series) -> Option<f64> {
    let values: Vec<f64> = of.sections().iter().map(Section::value).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        sample,
        terminal::{Colour, render},
    };

    fn check(fold: &Fold, stability: Stability, says: &str) -> Diagnosis {
        let site = Blueprint { episodes: Vec::new(), ..sample::site() };
        let summary = Summary::new(&site, fold);
        assert_eq!(summary.diagnosis.stability, stability);
        let text = render(&summary, None, Colour::Off);
        assert!(text.contains(says), "{text}");
        summary.diagnosis
    }

    #[test]
    fn more_than_it_can_serve_piles_up() {
        let fold = sample::overloaded(80, 0);
        let diagnosis = check(&fold, Stability::Unstable, "UNSTABLE: CPU of app-1 is 100% busy");
        assert!((diagnosis.growth_per_s - 20.0).abs() < 0.5, "{}", diagnosis.growth_per_s);
        assert_eq!(diagnosis.unfinished, 2 * 20 * 120);
        // What it serves is what it can serve.
        let capacity = diagnosis.busiest[0].saturates_at_per_s.unwrap();
        assert!((capacity - 80.0).abs() < 0.5, "{capacity}");
    }

    #[test]
    fn what_is_turned_away_does_not_pile_up() {
        check(&sample::overloaded(80, 20), Stability::Saturated, "SATURATED: CPU of app-1");
    }

    #[test]
    fn a_site_that_holds_is_told_its_limit() {
        let diagnosis = check(&sample::fold(), Stability::Stable, "saturates at about");
        let first = &diagnosis.busiest[0];
        assert_eq!((first.kind, first.of.as_str()), ("CPU", "app-1"));
        let expected = 500.4 / first.utilisation;
        assert!((first.saturates_at_per_s.unwrap() - expected).abs() < 1.0);
    }
}
