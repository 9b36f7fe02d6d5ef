//! The truth about M/M/c/K that begins empty, under a rate that changes: its forward equations,
//! solved step by step, and what whoever arrives finds.

use simulate::engine::maths::exp;

pub(crate) const STEPS_PER_S: f64 = 4_000.0;

/// A queue of exponential services.
#[derive(Clone, Copy)]
pub(crate) struct Queue {
    pub(crate) servers: u32,
    /// Those of the servers included.
    pub(crate) places: usize,
    /// Of one server, a second.
    pub(crate) speed: f64,
}

/// Of those that arrive in the window.
pub(crate) struct Truth {
    queue: Queue,
    /// The share of the admitted that find so many others.
    pub(crate) finding: Vec<f64>,
    pub(crate) refused_share: f64,
    /// Of the admitted.
    pub(crate) sojourn_mean_s: f64,
    /// The share of the window with so many in it.
    lasting: Vec<f64>,
}

impl Queue {
    /// It behind an entrance without length. `head`: of `[scenario]`.
    pub(crate) fn scenario(self, rate: f64, head: &str, tail: &str) -> String {
        let Queue { servers, places, speed } = self;
        let (room, service) = (places as u32 - servers, 1e3 / speed);
        format!(
            "[scenario]\n{head}\
             [network]\nlatency = 0\nloopback = 0\n\
             [hardware.box]\ncores = {servers}\ndiscipline = \"fifo\"\n\
             [service.queue]\nkind = \"service\"\nhardware = \"box\"\nworkers = {servers}\n\
             queue = {room}\n\
             [service.queue.endpoint.serve]\n\
             steps = [ {{ cpu = {{ exponential = \"{service}ms\" }} }} ]\n\
             [request.customer]\nto = \"queue.serve\"\n\
             [workload.customers]\nmix = {{ customer = 1 }}\n\
             arrivals = {{ poisson = \"{rate}/s\" }}\n{tail}"
        )
    }

    /// Of a window of `duration` behind `warm_up`, in seconds.
    pub(crate) fn truth(self, (warm_up, duration): (f64, f64), rate: impl Fn(f64) -> f64) -> Truth {
        let mut chances = vec![0.0; self.places + 1];
        chances[0] = 1.0;
        let mut found = vec![0.0; self.places + 1];
        let mut lasting = vec![0.0; self.places + 1];
        for step in 0..((warm_up + duration) * STEPS_PER_S) as u64 {
            let middle = (step as f64 + 0.5) / STEPS_PER_S;
            let arrivals = rate(middle);
            let after = self.step(&chances, arrivals);
            if middle > warm_up {
                for (here, (before, after)) in chances.iter().zip(&after).enumerate() {
                    let mean = (before + after) / 2.0 / STEPS_PER_S;
                    found[here] += arrivals * mean;
                    lasting[here] += mean / duration;
                }
            }
            chances = after;
        }
        let all: f64 = found.iter().sum();
        let refused = found.pop().unwrap();
        let finding: Vec<f64> = found.iter().map(|it| it / (all - refused)).collect();
        let sojourns = finding.iter().enumerate().map(|(here, it)| {
            let ahead = (here + 1).saturating_sub(self.servers as usize) as f64;
            it * (ahead / f64::from(self.servers) + 1.0) / self.speed
        });
        Truth {
            queue: self,
            refused_share: refused / all,
            sojourn_mean_s: sojourns.sum(),
            lasting,
            finding,
        }
    }

    pub(crate) fn step(&self, chances: &[f64], rate: f64) -> Vec<f64> {
        self.step_with(chances, rate, 0.0)
    }

    /// Runge and Kutta's step of the fourth order. Of a full one some may leave for good.
    pub(crate) fn step_with(&self, chances: &[f64], rate: f64, out: f64) -> Vec<f64> {
        let add = |by: f64, slope: &[f64]| -> Vec<f64> {
            chances.iter().zip(slope).map(|(chance, slope)| chance + by * slope).collect()
        };
        let length = 1.0 / STEPS_PER_S;
        let first = self.slope(chances, rate, out);
        let second = self.slope(&add(length / 2.0, &first), rate, out);
        let third = self.slope(&add(length / 2.0, &second), rate, out);
        let fourth = self.slope(&add(length, &third), rate, out);
        let slope = |it: usize| first[it] + 2.0 * (second[it] + third[it]) + fourth[it];
        (0..chances.len()).map(|it| chances[it] + length / 6.0 * slope(it)).collect()
    }

    fn slope(&self, chances: &[f64], rate: f64, out: f64) -> Vec<f64> {
        let mut slope = vec![0.0; chances.len()];
        slope[self.places] -= out * chances[self.places];
        for here in 0..self.places {
            let leaving = (here + 1).min(self.servers as usize) as f64 * self.speed;
            let up = rate * chances[here] - leaving * chances[here + 1];
            slope[here] -= up;
            slope[here + 1] += up;
        }
        slope
    }
}

impl Truth {
    /// What is this much while so many are in it, on average over the window.
    pub(crate) fn level(&self, of: impl Fn(usize) -> usize) -> f64 {
        self.lasting.iter().enumerate().map(|(here, share)| of(here) as f64 * share).sum()
    }

    /// Of the time from arrival to departure.
    pub(crate) fn quantile_s(&self, quantile: f64) -> f64 {
        let (mut low, mut high) = (0.0, 100.0 / self.queue.speed);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.longer(middle) > 1.0 - quantile { low = middle } else { high = middle }
        }
        low
    }

    /// The share of the admitted that takes longer.
    pub(crate) fn longer(&self, time: f64) -> f64 {
        let Queue { servers, speed, .. } = self.queue;
        let all = f64::from(servers) * speed;
        let each = self.finding.iter().enumerate().map(|(here, share)| {
            let ahead = (here + 1).saturating_sub(servers as usize);
            let longer = if servers == 1 {
                erlang_longer(ahead + 1, speed, time)
            } else {
                // Until a server is free, and then one service.
                let others = all - speed;
                let factor = (0..ahead).map(|_| all / others).product::<f64>();
                let served = factor * (1.0 - erlang_longer(ahead, others, time));
                erlang_longer(ahead, all, time) + exp(-speed * time) * served
            };
            share * longer
        });
        each.sum()
    }
}

/// Whether so many exponential times at this rate take longer together.
fn erlang_longer(count: usize, rate: f64, time: f64) -> f64 {
    let mut term = exp(-rate * time);
    let mut sum = 0.0;
    for it in 0..count {
        sum += term;
        term *= rate * time / (it + 1) as f64;
    }
    sum
}
