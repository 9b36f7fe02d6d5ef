//! Laws that hold for every site, whatever is built, however it is loaded, whatever breaks: nothing
//! is lost, Little's law is exact, no device does more than it can, and once all is over nothing is
//! held.
//!
//! Scenarios are drawn at random in the scenario language, the same ones every time. The larger
//! number of them is run by `cargo test --release --test properties -- --ignored`.

#[path = "properties/areas.rs"]
mod areas;
#[path = "support/compile.rs"]
mod compile;
#[path = "properties/plain.rs"]
mod plain;
#[path = "properties/world.rs"]
mod world;

use areas::Areas;
use compile::compile;
use plain::{Plain, plain_sites};
use proptest::strategy::Strategy;
use proptest::test_runner::{
    Config, RngAlgorithm, TestCaseError, TestCaseResult, TestRng, TestRunner,
};
use simulate::{
    engine::{
        sample::Law,
        time::{Instant, Span},
    },
    measure::recorder::Silent,
    model::{
        blueprint::{Arrivals, Blueprint},
        run::{Run, replicate},
        site::Site,
    },
};
use world::{World, worlds};

/// Everything has been repaired by then, and nobody comes any more.
const END: Span = Span::from_millis(4_000);
/// Longer than any time-out of the scenarios.
const REST: Span = Span::from_millis(300_000);
/// `MySQL` keeps idle connections for eight hours; here for as long as this.
const WAIT_TIMEOUT: Span = Span::from_millis(20_000);

fn at(span: Span) -> Instant {
    Instant::ZERO + span
}

/// The site with nobody coming after `END`, and connections that are not kept for hours.
fn that_ends(world: &World) -> Blueprint {
    let mut plan = compile(&world.scenario());
    for delay in &mut plan.delays {
        if *delay > REST {
            *delay = WAIT_TIMEOUT;
        }
    }
    for workload in &mut plan.workloads {
        if let Arrivals::Open { rate, .. } = &mut workload.arrivals {
            let last = rate.knots[rate.knots.len() - 1].1;
            rate.knots.push((at(END), last));
            rate.knots.push((at(END), 0.0));
        }
    }
    plan
}

/// The same with users who think for ever after their present request.
fn that_rests(plan: &Blueprint) -> Blueprint {
    let mut plan = plan.clone();
    for workload in &plan.workloads {
        if let Arrivals::Closed { think, .. } = workload.arrivals {
            plan.laws[think.index()] = Law::constant(1e9).unwrap();
        }
    }
    plan
}

fn law(holds: bool, says: impl FnOnce() -> String) -> TestCaseResult {
    if holds { Ok(()) } else { Err(TestCaseError::fail(says())) }
}

/// Nothing is lost: the run's own audit, and that of whoever listens.
fn conserves(world: &World) -> TestCaseResult {
    // So slow that a host is lost and back before it would have sent what it had to.
    let plan = compile(&world.scenario().replace("100Mbit/s", "2Mbit/s"));
    let mut areas = Areas::new(&plan);
    let result = replicate(&plan, 0, &mut areas);
    law(result.is_ok(), || result.unwrap_err().says)?;
    let (begun, over) = (areas.begun, areas.over);
    law(begun == over, || format!("{begun} visits began, {over} ended"))?;
    areas.check_devices(&plan).map_err(TestCaseError::fail)
}

/// All is given back, and what passed through obeys Little's law to the nanosecond.
fn ends_as_it_began(world: &World) -> TestCaseResult {
    let plan = that_ends(world);
    let mut site = Site::new(&plan, 0);
    let mut areas = Areas::new(&plan);
    Run { plan: &plan, site: &mut site, tape: &mut areas }.until(at(END));
    let rests = that_rests(&plan);
    Run { plan: &rests, site: &mut site, tape: &mut areas }.until(at(END + REST));
    // Health checks come and go; between two of them nothing is held.
    let mut leaks = site.leaks(&rests);
    for step in 1..40 {
        if leaks.is_empty() {
            break;
        }
        let until = at(END + REST + Span::from_millis(37 * step));
        Run { plan: &rests, site: &mut site, tape: &mut areas }.until(until);
        leaks = site.leaks(&rests);
    }
    law(leaks.is_empty(), || leaks.join("\n"))?;
    if !world.keeps_for_ever() {
        let idle = site.idle_connections();
        law(idle == 0, || format!("{idle} connections lie idle for ever"))?;
    }
    areas.check(&plan, world.is_undisturbed()).map_err(TestCaseError::fail)
}

/// A copy goes on as the original does.
fn forks_alike(world: &World) -> TestCaseResult {
    let plan = compile(&world.scenario());
    let mut site = Site::new(&plan, 3);
    Run { plan: &plan, site: &mut site, tape: &mut Silent }.until(at(Span::from_millis(700)));
    let mut copy = site.fork(0);
    let ends = [&mut site, &mut copy].map(|site| {
        let mut areas = Areas::new(&plan);
        Run { plan: &plan, site, tape: &mut areas }.until(at(Span::from_millis(1_500)));
        (areas.digest, site.events())
    });
    law(ends[0] == ends[1], || "a copy went another way".to_owned())
}

/// Direct calls are ordinary ones at a lower price: the same things happen at the same time.
fn directly_or_not(site: &Plain) -> TestCaseResult {
    alike_directly_or_not(&compile(&site.scenario()))
}

fn alike_directly_or_not(plan: &Blueprint) -> TestCaseResult {
    let ends = [plan.clone(), plan.with_ordinary_calls()].map(|plan| {
        let mut areas = Areas::new(&plan);
        let result = replicate(&plan, 0, &mut areas).map(|site| site.events());
        (result, areas.digest, areas.begun, areas.over)
    });
    law(ends[0] == ends[1], || format!("{:?}\n{:?}", ends[0], ends[1]))?;
    law(ends[0].0.is_ok(), || "something was lost".to_owned())
}

fn check(cases: u32, seed: u8, holds: impl Fn(&World) -> TestCaseResult) {
    check_all(cases, seed, &worlds(), World::scenario, holds);
}

fn check_all<S: Strategy>(
    cases: u32,
    seed: u8,
    sites: &S,
    scenario: impl Fn(&S::Value) -> String,
    holds: impl Fn(&S::Value) -> TestCaseResult,
) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let result = TestRunner::new_with_rng(config, rng).run(sites, |site| holds(&site));
    if let Err(failure) = result {
        let text = match &failure {
            proptest::test_runner::TestError::Fail(_, site) => scenario(site),
            proptest::test_runner::TestError::Abort(_) => String::new(),
        };
        panic!("{failure}\n{text}");
    }
}

#[test]
fn direct_calls_are_ordinary_ones_at_a_lower_price() {
    check_all(300, 4, &plain_sites(), Plain::scenario, directly_or_not);
}

#[test]
fn nothing_is_lost() {
    check(400, 1, conserves);
}

#[test]
fn all_is_given_back_and_littles_law_is_exact() {
    check(1_000, 2, ends_as_it_began);
}

#[test]
fn a_copy_goes_on_as_the_original() {
    check(300, 3, forks_alike);
}

#[test]
#[ignore = "minutes; run by the full checks"]
fn many_more_sites() {
    for seed in 10..20 {
        check(1_000, seed, conserves);
        check(2_000, seed + 10, ends_as_it_began);
        check(300, seed + 20, forks_alike);
    }
    check_all(6_000, 14, &plain_sites(), Plain::scenario, directly_or_not);
}

/// So many calls are under way that what the next events need is fetched ahead.
#[test]
fn a_crowd() {
    let plan = compile(
        r#"
[scenario]
duration = "1500ms"
[network]
latency = "1ms"
[hardware.one]
cores = 1
discipline = "fifo"
[service.web]
kind = "service"
hardware = "one"
instances = 9
[service.web.endpoint.serve]
steps = [ { cpu = { exponential = "0.2ms" } }, { wait = { uniform = ["0.5s", "1.5s"] } } ]
[request.request]
to = "web.serve"
[workload.visitors]
arrivals = { poisson = "10000/s" }
mix = { request = 1 }
"#,
    );
    alike_directly_or_not(&plan).unwrap();
}
