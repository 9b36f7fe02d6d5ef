//! How often verdicts are wrong, and how often they are right: many experiments with seeds of their own
//! on queues whose truth is known. Small ones here; the long ones are ignored, and run by `.ci/full`.

#[path = "support/compile.rs"]
mod compile;
#[path = "support/experiments.rs"]
mod experiments;
#[path = "coverage/truth.rs"]
mod truth;

use compile::compile;
use experiments::{crew, differ, rules};
use simulate::{
    experiment::{
        compare::{Renewed, Side, against, compare},
        rounds::{Running, round},
    },
    model::blueprint::{Blueprint, Objective},
    slo::{
        evidence::Evidence,
        gate::{Gate, Rules, Verdict},
        sides::{Day, Sides, days, on},
    },
    stats::comparison::Direction,
};
use truth::Queue;

/// ln(20) / (100/s - 80/s): P(sojourn >= this) is 5% at load 0.8.
const P95_S: f64 = 0.149_786_614;
/// The same of 1%.
const P99_S: f64 = 0.230_258_509;

/// For so many seconds.
fn queue(
    (rate, seconds): (f64, u32),
    service: &str,
    seed: u64,
    promises: &str,
    speed: f64,
) -> Blueprint {
    let text = format!(
        "[scenario]\nduration = \"{seconds}s\"\nwarm_up = \"10s\"\nseed = {seed}\n\
         [network]\nlatency = 0\nloopback = 0\n\
         [hardware.one]\ncores = 1\nspeed = {speed}\ndiscipline = \"fifo\"\n\
         [service.{service}]\nkind = \"service\"\nhardware = \"one\"\nworkers = 1\n\
         [service.{service}.endpoint.serve]\nsteps = [ {{ cpu = {{ exponential = \"10ms\" }} }} ]\n\
         [request.customer]\nto = \"{service}.serve\"\n\
         [workload.customers]\narrivals = {{ poisson = \"{rate}/s\" }}\nmix = {{ customer = 1 }}\n{promises}\n"
    );
    compile(&text)
}

/// What is promised of a site, whose truth is known.
struct Kind {
    name: &'static str,
    /// With this limit; in TOML, but for its name.
    promise: fn(f64) -> String,
    truth: f64,
    /// A share of the limit.
    margin: f64,
    /// It is kept above its limit.
    is_kept_above: bool,
    /// It is told how near the limit nobody needs to know; of a recovery this changes what being well
    /// is, and so the truth.
    has_margin: bool,
}

impl Kind {
    /// At the limit, and at twice the margin on either side of it, with what is right to say.
    fn cases(&self) -> [(String, Option<Verdict>); 3] {
        let at = (self.promise)(self.truth);
        let beside = [-1.0, 1.0].map(|side| {
            let promise = (self.promise)(self.truth / (1.0 + 2.0 * side * self.margin));
            let is_kept = (side > 0.0) == self.is_kept_above;
            let right = if is_kept { Verdict::Met } else { Verdict::Missed };
            let margin = if self.has_margin { self.margin } else { 0.0 };
            (format!("{promise}\nmargin = {margin}"), Some(right))
        });
        let [below, above] = beside;
        [(at, None), below, above]
    }
}

/// Sites, with seeds and promises, and how many replications say what.
struct Bench<'a> {
    site: &'a dyn Fn(u64, &str) -> Blueprint,
    /// How many seeds in a row, from the first one on.
    experiments: u64,
    budget: u32,
}

/// At most so many sites are kept at once.
const AT_ONCE: u64 = 40;

impl Bench<'_> {
    /// The verdicts on each promise, each as if it were the only one of its site: the replications are
    /// the same for all, and the rounds are gone through for each.
    fn verdicts(&self, promises: &[String]) -> Vec<Vec<Verdict>> {
        let rules = rules(self.budget);
        self.of_records(promises, |objective, sides| {
            let mut gate = Gate::new(1, &rules);
            for round in 1..=rules.rounds() {
                let count = rules.replications(round) as usize;
                let quiet = &sides.quiet[..sides.quiet.len().min(count)];
                let sides = Sides { quiet, ..Sides::alone(&sides.whole[..count]) };
                let evidence = [Evidence::of(objective.0, objective.1, &sides)];
                if !gate.look(&evidence) || round == rules.rounds() {
                    return gate.close(&evidence, false, false)[0];
                }
            }
            unreachable!("the last round ends it")
        })
    }

    /// The truth about each promise, as far as many replications know it.
    fn pilot(&self, promises: &[String]) -> Vec<f64> {
        let estimate = |(objective, index): (&Objective, usize), sides: &Sides<'_>| {
            Evidence::of(objective, index, sides).estimate(0.95).expect("something happened").0
        };
        let mean = |all: &Vec<f64>| all.iter().sum::<f64>() / all.len() as f64;
        self.of_records(promises, estimate).iter().map(mean).collect()
    }

    fn of_records<T>(
        &self,
        promises: &[String],
        of: impl Fn((&Objective, usize), &Sides<'_>) -> T,
    ) -> Vec<Vec<T>> {
        let named =
            |(number, it): (usize, &String)| format!("[[slo]]\nname = \"{number}\"\n{it}\n");
        let told: String = promises.iter().enumerate().map(named).collect();
        let mut found: Vec<Vec<T>> = promises.iter().map(|_| Vec::new()).collect();
        for first in (0..self.experiments).step_by(AT_ONCE as usize) {
            let seeds = first..(first + AT_ONCE).min(self.experiments);
            let sites: Vec<Blueprint> = seeds.map(|seed| (self.site)(seed, &told)).collect();
            let is_paired = days(&sites[0]).contains(&Day::Quiet);
            let each = if is_paired { 2 } else { 1 };
            let plans: Vec<Blueprint> = sites
                .iter()
                .flat_map(|site| {
                    [Day::Whole, Day::Quiet].into_iter().take(each).map(|it| on(site, it))
                })
                .collect();
            let labelled = |(number, plan)| Running::labelled(plan, format!("{number}"));
            let mut running: Vec<Running<'_>> = plans.iter().enumerate().map(labelled).collect();
            let numbers = 0..u64::from(self.budget);
            let work: Vec<(usize, u64)> = (0..plans.len())
                .flat_map(|plan| numbers.clone().map(move |number| (plan, number)))
                .collect();
            round(&mut running, &work, crew(), |_| ()).expect("threads");
            let records = |plan: usize| &running[plan].fold.as_ref().expect("it ran").records[..];
            for (number, site) in sites.iter().enumerate() {
                let quiet = if is_paired { records(each * number + 1) } else { &[] };
                let sides = Sides { quiet, ..Sides::alone(records(each * number)) };
                for (index, objective) in site.objectives.iter().enumerate() {
                    found[index].push(of((objective, index), &sides));
                }
            }
        }
        found
    }

    /// Of all kinds: seldom wrong at the limit, mostly right at twice the margin.
    fn judge(&self, kinds: &[Kind]) {
        let cases: Vec<(String, Option<Verdict>)> = kinds.iter().flat_map(Kind::cases).collect();
        let promises: Vec<String> = cases.iter().map(|(promise, _)| promise.clone()).collect();
        let mut is_wrong = false;
        let mut say = |says: String, is_right: bool| {
            eprintln!("{says}{}", if is_right { "" } else { ": too many are wrong" });
            is_wrong |= !is_right;
        };
        let names = kinds.iter().flat_map(|kind| [kind.name; 3]);
        for ((found, (_, right)), name) in self.verdicts(&promises).iter().zip(&cases).zip(names) {
            let all = self.experiments;
            let count = |it: Verdict| found.iter().filter(|verdict| **verdict == it).count() as u64;
            if let Some(right) = right {
                let found = count(*right);
                let says = format!("{name}: {found} of {all} {}", right.name());
                say(says, found >= all - at_most(0.1, all));
            } else {
                let (met, missed) = (count(Verdict::Met), count(Verdict::Missed));
                let says = format!("{name} at its limit: {met} met, {missed} missed of {all}");
                say(says, met + missed <= at_most(0.05, all));
            }
        }
        assert!(!is_wrong);
    }
}

/// More than this of so many are no accident where at most a share is to be expected (five in a
/// thousand are). Of 5,000 it is 5.8% where 5% may be, and 11.1% where 10% may be.
fn at_most(share: f64, experiments: u64) -> u64 {
    let mean = share * experiments as f64;
    (mean + 2.6 * (mean * (1.0 - share)).sqrt()).ceil() as u64
}

/// Two servers and room for ten more, which turn away 4%; it begins empty, and there are 850
/// arrivals a replication.
const LOSSY: Queue = Queue { servers: 2, places: 12, speed: 100.0 };

const HERE: &str = "where = { service = \"queue\" }";

fn all_kinds(experiments: u64, budget: u32) {
    let truth = LOSSY.truth((1.0, 5.0), |_| 170.0);
    let early = LOSSY.truth((1.0, 1.0), |_| 170.0);
    let kind = |name, promise, truth, margin| Kind {
        name,
        promise,
        truth,
        margin,
        is_kept_above: false,
        has_margin: true,
    };
    let kinds = [
        kind(
            "mean",
            |limit| format!("require = \"mean < {:.6}ms\"", 1e3 * limit),
            truth.sojourn_mean_s,
            0.05,
        ),
        kind(
            "p50",
            |limit| format!("require = \"p(50) < {:.6}ms\"\ncounting = \"successes\"", 1e3 * limit),
            truth.quantile_s(0.5),
            0.05,
        ),
        // The limit, and so its margin, is one of what may fail.
        kind(
            "success",
            |limit| format!("require = \"success > {:.8}%\"", 100.0 * (1.0 - limit)),
            truth.refused_share,
            0.2,
        ),
        Kind {
            name: "throughput",
            promise: |limit| format!("require = \"throughput > {limit:.6}/s\""),
            truth: LOSSY.speed * truth.level(|here| here.min(2)),
            margin: 0.01,
            is_kept_above: true,
            has_margin: true,
        },
        kind(
            "utilisation",
            |limit| format!("require = \"utilisation < {:.6}%\"\n{HERE}", 100.0 * limit),
            truth.level(|here| here.min(2)) / 2.0,
            0.013,
        ),
        kind(
            "queue",
            |limit| format!("require = \"queue < {limit:.6}\"\n{HERE}"),
            truth.level(|here| here.saturating_sub(2)),
            0.1,
        ),
        // It is emptier at the beginning.
        kind(
            "mean of the first second",
            |limit| format!("require = \"mean < {:.6}ms\"\nwindow = \"0s..1s\"", 1e3 * limit),
            early.sojourn_mean_s,
            0.1,
        ),
    ];
    let site = |seed: u64, promises: &str| {
        let head = format!("duration = \"5s\"\nwarm_up = \"1s\"\nseed = {seed}\n");
        compile(&LOSSY.scenario(170.0, &head, promises))
    };
    Bench { site: &site, experiments, budget }.judge(&kinds);
}

/// Seeds of pilots are none of the experiments'.
const PILOT: u64 = 1 << 32;

/// What takes so long is known from a pilot that is many times as long as an experiment.
fn with_pilots(recovery: (u64, u32), lagging: (u64, u32), pilots: u64) {
    let kinds = |truths: &[f64]| {
        [Kind {
            name: "recovery",
            promise: |share| {
                format!(
                    "require = \"recovery < 110ms\"\nof = \"success > 95%\"\nhold = \"500ms\"\n\
                         clock = \"begin\"\nshare = {share:.8}"
                )
            },
            truth: truths[0],
            margin: 0.22,
            is_kept_above: true,
            has_margin: false,
        }]
    };
    let lossy = |seed: u64, promises: &str| {
        let head = format!("duration = \"1s\"\nwarm_up = \"500ms\"\nseed = {seed}\n");
        let event = "[[event]]\nat = \"100ms\"\n\
                     spike = { workload = \"customers\", extra = \"x6\", hold = \"100ms\" }\n";
        compile(&LOSSY.scenario(150.0, &head, &format!("{event}{promises}")))
    };
    let far = |seed: u64, promises: &str| lossy(PILOT + seed, promises);
    let pilot = Bench { site: &far, experiments: pilots, budget: 100 };
    let told = kinds(&[0.5]).map(|kind| (kind.promise)(kind.truth));
    let truths = pilot.pilot(&told);
    eprintln!("a share of {:.4} is well again in time", truths[0]);
    // So that twice the margin on either side is a share, too.
    assert!((0.35..0.55).contains(&truths[0]), "{truths:?}");
    let (experiments, budget) = recovery;
    Bench { site: &lossy, experiments, budget }.judge(&kinds(&truths));

    let lag = |truth| Kind {
        name: "lag",
        promise: |limit| {
            format!("require = \"lag < {:.6}ms\"\nwhere = {{ service = \"db\" }}", 1e3 * limit)
        },
        truth,
        margin: 0.08,
        is_kept_above: false,
        has_margin: true,
    };
    let far = |seed: u64, promises: &str| replicated(PILOT + seed, promises);
    let pilot = Bench { site: &far, experiments: pilots / 2, budget: 100 };
    let truth = pilot.pilot(&[(lag(1.0).promise)(1.0)])[0];
    eprintln!("a lag of {:.4} ms", 1e3 * truth);
    let (experiments, budget) = lagging;
    Bench { site: &replicated, experiments, budget }.judge(&[lag(truth)]);
}

/// A database whose replica has work of its own kind of luck.
fn replicated(seed: u64, promises: &str) -> Blueprint {
    compile(&format!(
        "[scenario]\nduration = \"4s\"\nwarm_up = \"1s\"\nseed = {seed}\n\
         [network]\nlatency = \"100us\"\n\
         [hardware.one]\ncores = 2\ndisk = {{ read = \"1ms\", parallel = 4 }}\n\
         [service.app]\nkind = \"service\"\nhardware = \"one\"\nworkers = 8\n\
         [service.app.endpoint.page]\n\
         steps = [ {{ cpu = {{ exponential = \"1ms\" }} }}, {{ query = \"db.put\" }} ]\n\
         [service.db]\nkind = \"mysql\"\nhardware = \"one\"\ninstances = 2\n\
         [service.db.query.put]\naccess = \"write\"\ncpu = {{ exponential = \"5ms\" }}\n\
         [request.page]\nto = \"app.page\"\n\
         [workload.customers]\narrivals = {{ poisson = \"50/s\" }}\nmix = {{ page = 1 }}\n{promises}"
    ))
}

/// Of M/M/1 at load 0.8, in so many seconds: bursts of late requests, many of them and few.
fn bursts(experiments: u64, budget: u32, seconds: u32) {
    let site = |seed: u64, promises: &str| queue((80.0, seconds), "queue", seed, promises, 1.0);
    let kind = |name, promise, truth, margin| {
        let (is_kept_above, has_margin) = (false, true);
        Kind { name, promise, truth, margin, is_kept_above, has_margin }
    };
    let kinds = [
        kind("p95", |limit| format!("require = \"p(95) < {:.6}ms\"", 1e3 * limit), P95_S, 0.12),
        kind("p99", |limit| format!("require = \"p(99) < {:.6}ms\"", 1e3 * limit), P99_S, 0.3),
    ];
    Bench { site: &site, experiments, budget }.judge(&kinds);
}

const MEAN: &str = "[[slo]]\nname = \"it\"\nrequire = \"mean < 60ms\"";

fn alike(experiments: u64, budget: u32, seconds: u32) {
    let is_found = |verdict| matches!(verdict, Direction::Better | Direction::Worse);
    let independent = |seed: u64| {
        let side = |seed| queue((70.0, seconds), "queue", seed, MEAN, 1.0);
        (side(2 * seed), side(2 * seed + 1))
    };
    let found = differ(experiments, budget, independent, is_found);
    assert!(found <= at_most(0.05, experiments), "{found} of {experiments} by other luck alone");
    // A service by another name has other draws for its own steps, on the same visitors.
    let renamed = |seed: u64| {
        (
            queue((70.0, seconds), "queue", seed, MEAN, 1.0),
            queue((70.0, seconds), "another", seed, MEAN, 1.0),
        )
    };
    let found = differ(experiments, budget, renamed, is_found);
    assert!(found <= at_most(0.05, experiments), "{found} of {experiments} by another name");
}

fn slower(experiments: u64, budget: u32) {
    let seconds = 100;
    let sides = |seed: u64| {
        (
            queue((70.0, seconds), "queue", seed, MEAN, 1.0),
            queue((70.0, seconds), "queue", seed, MEAN, 0.95),
        )
    };
    let found = differ(experiments, budget, sides, |verdict| verdict == Direction::Worse);
    let least = experiments - at_most(0.1, experiments);
    assert!(found >= least, "{found} of {experiments} slower by 5%");
}

#[test]
fn bursts_are_judged_right() {
    bursts(40, 60, 20);
}

#[test]
fn promises_of_all_kinds_are_judged_right() {
    all_kinds(40, 60);
}

#[test]
fn recoveries_and_lags_are_judged_right() {
    with_pilots((40, 120), (40, 40), 10);
}

#[test]
fn alike_is_seldom_told_apart() {
    alike(30, 40, 100);
}

#[test]
fn slower_processors_are_found() {
    slower(20, 20);
}

/// As many at once as there are, and of each what would have come of it alone.
#[test]
fn several_are_held_against_their_records_as_one_list_of_work() {
    let sites = [(70.0, 20), (60.0, 10)].map(|(rate, count)| {
        let site = |speed| queue((rate, 100), "queue", 1, MEAN, speed);
        let (before, now) = (site(1.0), site(0.9));
        let side = Side::Live(&before, "");
        let rules = Rules { round: count, budget: count, ..rules(count) };
        let ran = compare(side, (&before, ""), &rules, crew(), |_, _| ());
        (ran.expect("threads").expect("not interrupted").other, now)
    });
    let all: Vec<Renewed<'_>> =
        sites.iter().map(|(saved, now)| Renewed { saved, now: (now, "") }).collect();
    let mut seen = Vec::new();
    let ran = against(&all, &rules(20), crew(), |done, planned| seen.push((done, planned)));
    assert!(seen.iter().all(|&(_, planned)| planned == 30), "{seen:?}");
    assert_eq!(seen.last(), Some(&(30, 30)));
    for (ran, one) in ran.expect("threads").into_iter().zip(&all) {
        let (ran, side) = (ran.expect("not interrupted"), Side::Saved(one.saved));
        let alone = compare(side, one.now, &rules(20), crew(), |_, _| ());
        let alone = alone.expect("threads").expect("not interrupted");
        assert_eq!(ran.other, alone.other);
        assert_eq!(ran.versus.objectives, alone.versus.objectives);
        assert_eq!(ran.versus.figures, alone.versus.figures);
        assert_eq!(ran.versus.objectives[0].verdict, Direction::Worse);
    }
}

#[test]
#[ignore = "minutes"]
fn bursts_are_judged_right_long() {
    bursts(5_000, 60, 20);
}

#[test]
#[ignore = "minutes"]
fn promises_of_all_kinds_are_judged_right_long() {
    all_kinds(5_000, 60);
}

#[test]
#[ignore = "minutes"]
fn recoveries_and_lags_are_judged_right_long() {
    with_pilots((3_000, 160), (5_000, 40), 400);
}

#[test]
#[ignore = "minutes"]
fn alike_is_seldom_told_apart_long() {
    alike(5_000, 20, 5);
    slower(2_700, 20);
}
