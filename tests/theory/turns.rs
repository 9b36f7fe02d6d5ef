//! Smooth weighted round robin: one request after the other, and who served it. All visitors come
//! from one process, so they share one rotation, and a request is over long before the next.

use simulate::{
    engine::time::{Instant, Span},
    measure::{
        outcome::Outcome,
        recorder::{Device, Finished, Level, Recorder, Served},
    },
    model,
    scenario::{self, Source},
};

use super::cases;

pub(super) const IDS: [&str; 4] = ["swrr-5-1-1", "swrr-4-2-1", "swrr-3-3-2", "swrr-1-1-1"];

/// Notes which instance has served each call.
#[derive(Default)]
struct Turns(String);

impl Recorder for Turns {
    fn finished(&mut self, _: Finished, _: Instant) {}
    fn served(&mut self, call: Served, _: Instant) {
        assert!(call.outcome.is_ok());
        self.0.push(char::from(b'a' + call.instance as u8));
    }
    fn attempt_failed(&mut self, _: u32, _: Outcome, _: Instant) {}
    fn level(&mut self, _: Level, _: u32, _: Instant) {}
    fn busy(&mut self, _: Device, _: Instant, _: Instant, _: Instant) {}
    fn page_cache(&mut self, _: u32, _: bool, _: Instant) {}
    fn applied(&mut self, _: u32, _: Span, _: Instant) {}
    fn flushed(&mut self, _: u32, _: u32, _: Instant) {}
}

fn check(id: &str, weights: [u32; 3]) {
    let [a, b, c] = weights;
    let text = format!(
        r#"
[scenario]
duration = "10s"
[hardware.machine]
cores = 1
[service.server]
kind = "service"
hardware = "machine"
instances = 3
instance.1 = {{ weight = {a} }}
instance.2 = {{ weight = {b} }}
instance.3 = {{ weight = {c} }}
[service.server.endpoint.job]
steps = [ {{ cpu = "1ms" }} ]
[request.job]
to = "server.job"
[workload.visitors]
mix = {{ job = 1 }}
arrivals = {{ even = "10/s" }}
balance = "round_robin"
"#
    );
    let source = Source { path: "turns.toml".to_owned(), text };
    let plan = scenario::compile(&source, &[]).unwrap_or_else(|it| panic!("{}", it.draw(false)));
    let mut turns = Turns::default();
    model::run::replicate(&plan, 0, &mut turns).expect("conservation");
    let cycle = cases::text(id);
    assert!(turns.0.len() > 5 * cycle.len());
    assert!(cycle.repeat(100).starts_with(&turns.0), "{id}: {cycle} again and again, {}", turns.0);
}

#[test]
fn everybody_has_their_turns() {
    let [first, second, third, fourth] = IDS;
    check(first, [5, 1, 1]);
    check(second, [4, 2, 1]);
    check(third, [3, 3, 2]);
    check(fourth, [1, 1, 1]);
}
