//! Requests, workloads, what happens, what was promised.

use crate::{
    engine::{luck::name_key, time::Instant},
    model::blueprint::{
        Arrivals, Choice, EndpointId, Episode, Happening, InstanceId, Objective, Rate, Request,
        RequestId, Scope, ServiceId, What, Workload, WorkloadId,
    },
    scenario::{
        compile::Build,
        mistake::At,
        schema::{self, Incident},
    },
};

/// Probabilities of a mix are whole numbers of this.
const WHOLE: u64 = 1 << 53;

impl Build<'_> {
    pub(super) fn load(&mut self) {
        for request in &self.site.requests {
            self.out.requests.push(Request {
                name: request.name.text.clone(),
                label: request.label.clone(),
                is_idempotent: request.is_idempotent,
                place: name_key(&request.name.text),
            });
        }
        for workload in &self.site.workloads {
            let compiled = self.workload(workload);
            for choice in &compiled.mix {
                self.out.endpoints[choice.endpoint.index()].request = choice.request;
            }
            self.out.workloads.push(compiled);
        }
    }

    fn workload(&mut self, workload: &schema::Workload) -> Workload {
        let patience = workload.patience.as_ref().map(|law| self.law_and_delay(law));
        let arrivals = match &workload.arrivals {
            schema::Arrivals::Open { gaps, knots, batch } => Arrivals::Open {
                gaps: *gaps,
                rate: Rate { knots: knots.clone() },
                batch: batch.as_ref().map(|law| self.law(law)),
            },
            schema::Arrivals::Closed { users, think } => {
                Arrivals::Closed { users: *users, think: self.law(think) }
            }
        };
        let is_drawn = workload.latency.as_constant().is_none();
        Workload {
            name: workload.name.text.clone(),
            place: name_key(&workload.name.text),
            service: ServiceId(workload.service as u32),
            arrivals,
            mix: self.mix(workload),
            patience: patience.map(|(law, _)| law),
            patience_delay: patience.and_then(|(_, delay)| delay),
            latency: is_drawn.then(|| self.law(&workload.latency)),
            bandwidth: workload.bandwidth,
            spike: workload.spike.map(|episode| episode as u32),
        }
    }

    fn mix(&self, workload: &schema::Workload) -> Vec<Choice> {
        let first = self.routes.first[workload.service];
        let total: f64 = workload.mix.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        let mut mix = Vec::new();
        for (number, (request, weight)) in workload.mix.iter().enumerate() {
            if *weight == 0.0 {
                continue;
            }
            sum += weight;
            mix.push(Choice {
                below: (sum / total * WHOLE as f64) as u64,
                request: RequestId(*request as u32),
                endpoint: EndpointId((first + number) as u32),
            });
        }
        mix.last_mut().expect("a mix is not empty").below = WHOLE;
        mix
    }

    /// What happens and what undoes it, by time, ties as in the file.
    pub(super) fn timeline(&mut self) {
        let start = Instant::ZERO + self.site.warm_up;
        for event in &self.site.events {
            let at = start + event.at;
            let what = match event.what {
                Incident::Crash(service, number) => What::Crash(self.instance(service, number)),
                Incident::Restart(service, number) => What::Restart(self.instance(service, number)),
                Incident::Lose(machinery) => What::Lose(self.machinery(machinery)),
                Incident::Restore(machinery) => What::Restore(self.machinery(machinery)),
            };
            let episode = event.episode as u32;
            self.out.timeline.push(Happening { at, what, episode });
            let undo = match what {
                What::Crash(instance) => What::Restart(instance),
                What::Lose(host) => What::Restore(host),
                What::Restart(_) | What::Restore(_) => continue,
            };
            if let Some(span) = event.undone_after {
                let (at, what) = (at + span, undo);
                self.out.timeline.push(Happening { at, what, episode });
            }
        }
        self.out.timeline.sort_by_key(|happening| happening.at);
    }

    fn instance(&self, service: usize, number: u32) -> InstanceId {
        InstanceId(self.out.services[service].first_instance + number)
    }

    pub(super) fn objectives(&mut self, line: &dyn Fn(At) -> u32) {
        let start = Instant::ZERO + self.site.warm_up;
        let episodes = self.site.episodes.iter().map(|it| Episode {
            name: it.name.clone(),
            from: start + it.from,
            until: start + it.until,
            rate: it.rate,
        });
        self.out.episodes = episodes.collect();
        for objective in &self.site.objectives {
            self.out.objectives.push(Objective {
                name: objective.name.clone(),
                require: objective.require.clone(),
                line: line(objective.at),
                scope: match objective.scope {
                    schema::Scope::Site => Scope::Site,
                    schema::Scope::Request(number) => Scope::Request(RequestId(number as u32)),
                    schema::Scope::Workload(number) => Scope::Workload(WorkloadId(number as u32)),
                    schema::Scope::Service(number) => Scope::Service(ServiceId(number as u32)),
                },
                zone: objective.zone.map(|zone| zone as u32),
                from: start + objective.window.0,
                until: start + objective.window.1,
                promise: objective.promise,
                successes_only: objective.successes_only,
                margin: objective.margin,
            });
        }
    }
}
