//! `simulate FILE`: all replications of one scenario, and the report.

use super::{
    arguments::Run,
    exit::{Exit, Problem},
    interrupt::on_interrupt,
    prepare::prepare,
    publish, repeat,
    terminal::{Terminal, printable},
};
use crate::{
    experiment::{
        precision::{self, Precision, Reached},
        rounds::{Crew, Running, round},
    },
    measure::fold::Fold,
    model::blueprint::Blueprint,
    report::precise::Precise,
    scenario::nearest,
    slo::recorded::names,
};

/// Replications in a round.
const ROUND: u32 = 20;

pub(super) fn run(options: &Run, terminal: Terminal) -> Result<Exit, Problem> {
    let interrupted = on_interrupt();
    let crew = options.conduct.crew(&interrupted);
    let mut set = options.scenario.changes.set.clone();
    set.extend(changes(options));
    let Some(prepared) = prepare(options.scenario.file(), &set, crew, terminal)? else {
        return Ok(Exit::Interrupted);
    };
    let folder = publish::folder(options, &prepared.plan)?;
    let Some(Measured { fold, wanted, precise }) =
        measure(&prepared.plan, options, crew, terminal)?
    else {
        return Ok(Exit::Interrupted);
    };
    publish::publish(&prepared, &fold, precise, options, &folder, terminal)?;
    let done = fold.pool.replications;
    let is_whole = done == wanted;
    if !is_whole {
        terminal.tell(&format!("interrupted: {done} of {wanted} replications were finished"));
    }
    Ok(if is_whole { Exit::Done } else { Exit::Interrupted })
}

/// The options that stand for settings of the scenario go the way of `--set`, behind it: checked
/// and explained in one place, and the last one wins.
fn changes(options: &Run) -> Vec<String> {
    let count = options.replications.map(|count| format!("scenario.replications={count}"));
    options.conduct.change().into_iter().chain(count).collect()
}

struct Measured {
    fold: Fold,
    /// So many replications were wanted.
    wanted: u32,
    /// What was to be known precisely.
    precise: Vec<Precise>,
}

fn measure(
    plan: &Blueprint,
    options: &Run,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Option<Measured>, Problem> {
    let mut running = [Running::new(plan)];
    let work: Vec<(usize, u64)> = match options.replication {
        Some(number) => vec![(0, number)],
        None => (0..plan.replications).map(|number| (0, u64::from(number))).collect(),
    };
    let bar = terminal.progress(work.len() as u64);
    let show = |done: u64, planned: u64| {
        bar.set_length(planned);
        bar.set_position(done);
    };
    let mut wanted = work.len() as u32;
    let mut precise = Vec::new();
    let result = match options.precision {
        None => round(&mut running, &work, crew, |done| show(done, u64::from(wanted))),
        Some(relative) => {
            let names = names(plan, &running[0].shape);
            let precision = precision(options, relative, &names)?;
            precision::run(&mut running, &precision, crew, show).map(|reached| {
                wanted = running[0].replications();
                precise = outcome(&reached, &precision, &names, wanted);
            })
        }
    };
    bar.finish_and_clear();
    result.map_err(|failure| {
        Problem::failed(&failure, |replication| {
            let set = &options.scenario.changes.set;
            let again = repeat::replication(options.scenario.file(), set, plan.seed, replication);
            format!("seed {}, replication {replication}, seen again with\n  {again}", plan.seed)
        })
    })?;
    let [running] = running;
    Ok(running.fold.map(|fold| Measured { fold, wanted, precise }))
}

/// What is to be how narrow.
fn precision(options: &Run, relative: f64, names: &[String]) -> Result<Precision, Problem> {
    let usual = ["all requests: mean".to_owned(), "all requests: p99".to_owned()];
    let wanted = if options.figure.is_empty() { &usual[..] } else { &options.figure[..] };
    let find = |name: &String| {
        names.iter().position(|known| known == name).ok_or_else(|| {
            let near = nearest(name, names.iter().map(String::as_str));
            let near = near.map_or("`all requests: p99`".to_owned(), |near| format!("`{near}`"));
            let hint = format!("did you mean {near}? `replications.json` lists all");
            Problem::wrong(format!("no figure is called `{}`", printable(name)), Some(&hint))
        })
    };
    let figures = wanted.iter().map(find).collect::<Result<_, _>>()?;
    let budget = options.budget;
    Ok(Precision { relative, figures, round: ROUND.min(budget), budget })
}

/// Whether the figures are as narrow as they were to be, after so many replications.
fn outcome(
    reached: &[Reached],
    precision: &Precision,
    names: &[String],
    replications: u32,
) -> Vec<Precise> {
    let precise = |it: &Reached| Precise {
        figure: names[it.figure].clone(),
        wanted: precision.relative,
        relative: it.relative,
        is_rough: it.is_rough,
        replications,
        budget: precision.budget,
        is_reached: !it.is_rough && !it.is_wide(precision),
    };
    reached.iter().map(precise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use clap::Parser as _;

    #[test]
    fn a_broken_replication_can_be_repeated() {
        let line = ["simulate", "my shop.toml", "--set", "a.b=3", "--seed", "1", "--threads", "9"];
        let arguments = Arguments::parse_from(line);
        let Command::Run(options) = arguments.asked() else { panic!("not run") };
        assert_eq!(changes(options), ["scenario.seed=1"]);
        assert_eq!(
            repeat::replication(options.scenario.file(), &options.scenario.changes.set, 1, 4),
            "simulate run 'my shop.toml' --set a.b=3 --seed 1 --replication 4 --threads 1"
        );
    }
}
