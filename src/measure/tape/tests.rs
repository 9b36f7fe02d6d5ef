//! What the recorder makes of what it is told.

use super::*;
use crate::measure::{
    batch::batches,
    fold::Fold,
    outcome::Outcome,
    shape::{
        Callees, Detail, HostShape, InstanceShape, Judged, Meter, ObjectiveShape, Subject, Whose,
        Workers,
    },
};

const FAILED: Outcome = Outcome { status: 503, cause: Cause::QueueFull, at: 0 };

fn at(millis: u64) -> Instant {
    Instant::ZERO + Span::from_millis(millis)
}

/// Warm-up 1 s, window 10 s, one of everything.
fn shape() -> Shape {
    let judged = |limit| Judged { limits: [limit; 3], successes_only: false };
    let objective = |subject| ObjectiveShape {
        subject,
        from: at(1_000),
        until: at(6_000),
        slice: None,
        phases: None,
        told_from: at(1_000),
        quantile: Some(0.5),
    };
    let callees = Callees { instances: vec![0], upstreams: vec![0] };
    Shape {
        detail: Detail::FINE,
        from: at(1_000),
        until: at(11_000),
        services: 1,
        instances: vec![InstanceShape {
            service: 0,
            workers: Some(2),
            workers_are: Workers::Slots,
        }],
        hosts: vec![HostShape { cores: 2, disk_parallel: 4 }],
        upstreams: 1,
        requests: 2,
        workloads: 1,
        objectives: vec![
            objective(Subject::Requests(Whose::Type(0), judged(Span::from_millis(100)))),
            objective(Subject::Calls(callees, judged(Span::MAX))),
            objective(Subject::Ended(Whose::All)),
            objective(Subject::Level(Meter::Workers(vec![0]))),
        ],
        windows: Vec::new(),
        is_steady: false,
    }
}

fn request(request: u32, arrived: u64, ended: u64, outcome: Outcome) -> Finished {
    let (arrived, ended) = (at(arrived), at(ended));
    Finished { key: 7, workload: 0, request, arrived, ended, outcome }
}

fn tell(tape: &mut Tape, request: Finished) {
    tape.arrived(request.workload, request.request, request.arrived);
    tape.finished(request, request.ended);
}

#[test]
fn what_arrives_in_the_window_counts() {
    let mut tape = Tape::new(&shape());
    tell(&mut tape, request(0, 999, 1_500, Outcome::OK));
    tell(&mut tape, request(0, 1_000, 1_100, Outcome::OK));
    tell(&mut tape, request(0, 2_000, 2_101, Outcome::OK));
    tell(&mut tape, request(0, 3_000, 3_001, FAILED));
    tell(&mut tape, request(1, 10_999, 12_000, Outcome::OK));
    tell(&mut tape, request(1, 11_000, 11_001, Outcome::OK));
    let tally = tape.close(at(12_000));
    assert_eq!(tally.check_conservation(), Ok(()));
    let ok: Vec<u64> = tally.requests.iter().map(|tally| tally.ok.moments.count).collect();
    assert_eq!(ok, [2, 1]);
    // By their end: one from the warm-up, two from the window, none from the drain.
    assert_eq!((tally.requests[0].completed, tally.requests[1].completed), (3, 0));
    assert_eq!(tally.requests[0].causes[Cause::QueueFull as usize], 1);
    assert_eq!(tally.services[0].blamed[Cause::QueueFull as usize], 1);
    // `< 100ms` is kept neither by 100 ms, nor by 101 ms, nor by a failure.
    let objective = &tally.objectives[0];
    assert_eq!((objective.count, objective.beyond), (3, [3; 3]));
    assert_eq!(objective.area, 202_000_000);
    // Those that ended in the objective's window, whenever they had arrived.
    assert_eq!(tally.objectives[2].count, 3);
}

#[test]
fn a_lost_request_is_found() {
    let mut tape = Tape::new(&shape());
    tape.arrived(0, 1, at(5_000));
    let lost = crate::measure::tally::Imbalance { request: 1, arrived: 1, finished: 0 };
    assert_eq!(tape.close(at(11_000)).check_conservation(), Err(lost));
}

/// Two instances of one service are at their fullest at different times; what was there before the
/// window and has gone by then counts for nothing, and so does what comes later.
#[test]
fn the_most_at_once() {
    let mut shape = shape();
    shape.instances.push(shape.instances[0]);
    let mut tape = Tape::new(&shape);
    let mut calls = |instance, level, millis| {
        tape.level(Level::Calls(instance), level, at(millis));
    };
    calls(0, 90, 500);
    calls(0, 3, 900);
    calls(0, 5, 2_000);
    calls(1, 1, 3_000);
    calls(0, 1, 4_000);
    calls(1, 70, 4_000);
    calls(1, 4, 4_000);
    calls(1, 3, 5_000);
    calls(1, 80, 11_000);
    for (level, high, low) in [(Level::Queued(0), 7, 2), (Level::Connections(1), 9, 4)] {
        tape.level(level, high, at(11_001));
        tape.level(level, low, at(11_002));
    }
    let tally = tape.close(at(12_000));
    let figures = crate::measure::figures::Figures::of(&tally).numbers();
    let most: Vec<_> =
        figures.instances.iter().map(|(it, _)| (it.in_system_max, it.waiting_max)).collect();
    assert_eq!(most, [(Some(5.0), Some(3.0)), (Some(4.0), Some(2.0))]);
    // 5 and 1, of which 3 wait; the moment at which it was 75 had no length.
    let service = &figures.services[0];
    assert_eq!((service.in_system_max, service.waiting_max), (Some(6.0), Some(3.0)));
    assert_eq!(figures.upstreams[0].queued_max, Some(0.0));
    assert_eq!(figures.instances[1].1.connections_max, Some(0.0));
}

#[test]
fn the_most_under_way_at_once() {
    let mut tape = Tape::new(&shape());
    let request = |arrived, ended| request(0, arrived, ended, Outcome::OK);
    for arrived in [100, 200, 300, 400] {
        tape.arrived(0, 0, at(arrived));
    }
    tape.finished(request(100, 800), at(800));
    // Three are there as the window begins.
    tape.finished(request(200, 1_500), at(1_500));
    tape.arrived(0, 0, at(2_000));
    tape.finished(request(300, 3_000), at(3_000));
    for arrived in [11_000, 11_001, 11_002] {
        tape.arrived(0, 0, at(arrived));
    }
    assert_eq!(tape.close(at(12_000)).in_flight_max, 3);
}

#[test]
fn calls_and_waits() {
    let mut tape = Tape::new(&shape());
    let call = |arrived, waited, outcome| Served {
        service: 0,
        instance: 0,
        arrived: at(arrived),
        waited: Span::from_millis(waited),
        outcome,
        is_wasted: false,
        is_check: false,
    };
    tape.served(call(2_000, 0, Outcome::OK), at(2_020));
    tape.served(call(2_000, 20, Outcome::OK), at(2_060));
    tape.served(call(2_000, 0, FAILED), at(2_000));
    let tally = tape.close(at(11_000));
    assert_eq!((tally.objectives[1].count, tally.objectives[1].beyond), (3, [1; 3]));
    let figures = crate::measure::figures::Figures::of(&tally).numbers();
    let calls = &figures.services[0];
    assert_eq!(calls.sojourn_mean_s, Some(0.04));
    assert_eq!(calls.wait_mean_s, Some(0.01));
    assert_eq!(calls.wait_positive_share, Some(0.5));
    assert_eq!(calls.refused_share, Some(1.0 / 3.0));
    assert_eq!(calls.throughput_per_s, Some(0.2));
}

/// A failure for whoever asks about the calls to its service, and nothing else.
#[test]
fn what_no_server_had_is_a_call_nevertheless() {
    let mut shape = shape();
    let only = |instances: Vec<u32>| match shape.objectives[1].subject {
        Subject::Calls(_, judged) => ObjectiveShape {
            subject: Subject::Calls(Callees { instances, upstreams: Vec::new() }, judged),
            ..shape.objectives[1].clone()
        },
        _ => unreachable!("it is about calls"),
    };
    let of_zone = only(vec![0]);
    shape.objectives.push(of_zone);
    shape
        .objectives
        .push(ObjectiveShape { subject: Subject::Served(vec![0]), ..shape.objectives[1].clone() });
    let mut tape = Tape::new(&shape);
    for instance in [None, Some(0)] {
        for made in [500, 2_000] {
            tape.missed(Missed { upstream: 0, instance, made: at(made) }, at(2_500));
        }
    }
    let tally = tape.close(at(11_000));
    let counted = |index: usize| {
        let it = &tally.objectives[index];
        (it.count, it.beyond, it.area)
    };
    assert_eq!(counted(1), (2, [2; 3], 1_000_000_000));
    assert_eq!(counted(4), (1, [1; 3], 500_000_000));
    assert_eq!(counted(5), (0, [0; 3], 0));
    assert_eq!(tally.services[0].calls.count(), 0);
}

#[test]
fn calls_completed_are_those_that_end_in_the_window() {
    let mut tape = Tape::new(&shape());
    let call = |arrived, is_wasted| Served {
        service: 0,
        instance: 0,
        arrived: at(arrived),
        waited: Span::ZERO,
        outcome: Outcome::OK,
        is_wasted,
        is_check: false,
    };
    tape.served(call(100, false), at(900));
    tape.served(call(900, false), at(1_100));
    tape.served(call(900, false), at(11_100));
    tape.served(call(2_000, false), at(2_001));
    tape.served(call(2_000, true), at(2_003));
    tape.served(call(10_999, false), at(11_000));
    let tally = tape.close(at(12_000));
    for calls in [&tally.services[0].calls.completed, &tally.instances[0].calls.completed] {
        assert_eq!(*calls, 3);
    }
    let calls = &tally.services[0].calls;
    assert_eq!((calls.count(), calls.wasted, calls.sojourn.moments.count), (3, 1, 3));
    assert_eq!((calls.wait.moments.count, calls.wait.moments.zeros), (3, 3));
    assert_eq!(calls.sojourn.histogram.count(), 3);
}

/// Two slots: who is the third waits. What is told of slots and of waiting is not needed.
#[test]
fn slots_and_waiting_follow_from_the_calls() {
    let mut tape = Tape::new(&shape());
    tape.level(Level::Calls(0), 3, at(500));
    tape.level(Level::Busy(0), 1, at(500));
    tape.level(Level::Waiting(0), 9, at(500));
    tape.level(Level::Calls(0), 2, at(2_000));
    tape.level(Level::Calls(0), 5, at(3_000));
    tape.level(Level::Calls(0), 4, at(3_000));
    tape.level(Level::Calls(0), 0, at(5_000));
    tape.level(Level::Calls(0), 60, at(11_500));
    let tally = tape.close(at(12_000));
    let it = &tally.instances[0];
    let seconds = |by_level: &[u64]| by_level.iter().map(|ns| ns / 1_000_000_000).collect();
    let (calls, waiting): (Vec<_>, Vec<_>) =
        (seconds(&it.in_system.by_level_ns), seconds(&it.waiting.by_level_ns));
    assert_eq!(calls, [6, 0, 1, 1, 2]);
    assert_eq!(waiting, [7, 1, 2]);
    let figures = crate::measure::figures::Figures::of(&tally).numbers();
    let (calls, own) = &figures.instances[0];
    assert_eq!((calls.in_system_mean, calls.waiting_mean), (Some(1.3), Some(0.5)));
    assert_eq!((own.busy_mean, own.utilisation), (Some(0.8), Some(0.4)));
    assert_eq!(figures.services[0].waiting_mean, Some(0.5));
}

#[test]
fn loops_and_waiting_are_told() {
    let mut shape = shape();
    shape.instances[0].workers_are = Workers::Loops;
    let mut tape = Tape::new(&shape);
    tape.level(Level::Calls(0), 9, at(500));
    tape.level(Level::Busy(0), 1, at(500));
    tape.level(Level::Waiting(0), 4, at(6_000));
    let tally = tape.close(at(12_000));
    let figures = crate::measure::figures::Figures::of(&tally).numbers();
    let (calls, own) = &figures.instances[0];
    assert_eq!((calls.in_system_mean, calls.waiting_mean), (Some(9.0), Some(2.0)));
    assert_eq!((own.busy_mean, own.utilisation), (Some(1.0), Some(0.5)));
    assert_eq!(tally.instances[0].waiting.by_level_ns.len(), 5);
}

#[test]
fn levels_and_devices_are_clipped_to_the_window() {
    let mut tape = Tape::new(&shape());
    tape.level(Level::Runnable(0), 3, at(500));
    tape.level(Level::Runnable(0), 1, at(6_000));
    tape.level(Level::Calls(0), 5, at(6_000));
    tape.busy(Device::Disk(0), at(10_000), at(20_000), at(9_000));
    tape.busy(Device::Sending(0), at(0), at(1_500), at(0));
    let figures = crate::measure::figures::Figures::of(&tape.close(at(11_000))).numbers();
    let host = &figures.hosts[0];
    assert_eq!(host.cpu_utilisation, Some(0.75));
    assert_eq!(host.runnable_mean, Some(2.0));
    assert_eq!(host.disk_utilisation, Some(0.025));
    assert_eq!(host.sending_utilisation, Some(0.05));
    assert_eq!(figures.instances[0].1.utilisation, Some(0.5));
}

/// Going out they wait until they begin, coming in until they are in; within the window.
#[test]
fn messages_that_others_on_a_line_hold_up() {
    let mut tape = Tape::new(&shape());
    tape.busy(Device::Sending(0), at(500), at(3_000), at(500));
    tape.busy(Device::Sending(0), at(3_000), at(4_000), at(500));
    tape.busy(Device::Sending(0), at(10_000), at(12_000), at(9_500));
    tape.busy(Device::Receiving(0), at(4_000), at(5_000), at(5_000));
    tape.busy(Device::Receiving(0), at(5_000), at(6_000), at(5_200));
    tape.busy(Device::Disk(0), at(9_000), at(9_500), at(8_000));
    let tally = tape.close(at(11_000));
    let host = &tally.hosts[0];
    assert_eq!(host.sending_wait_area, (2_000 + 500) * 1_000_000);
    assert_eq!(host.receiving_wait_area, 800 * 1_000_000);
}

/// What a host had still to do when it was lost is not done.
#[test]
fn a_lost_host_is_not_busy() {
    let mut tape = Tape::new(&shape());
    for device in [Device::Sending(0), Device::Receiving(0), Device::Disk(0)] {
        tape.busy(device, at(2_000), at(5_000), at(2_000));
        tape.busy(device, at(5_000), at(20_000), at(2_000));
        tape.busy(device, at(2_500), at(3_500), at(2_500));
    }
    tape.lost(0, at(3_000));
    tape.busy(Device::Sending(0), at(4_000), at(4_500), at(4_000));
    let figures = crate::measure::figures::Figures::of(&tape.close(at(11_000))).numbers();
    let host = &figures.hosts[0];
    assert_eq!(host.sending_utilisation, Some(0.2));
    assert_eq!(host.receiving_utilisation, Some(0.15));
    assert_eq!(host.disk_utilisation, Some(0.0375));
}

/// An objective's window has of a device what it does within it, whenever it was told to.
#[test]
fn an_objective_is_told_of_no_more_than_its_window() {
    let mut shape = shape();
    shape.objectives[3].subject = Subject::Level(Meter::Sending(vec![0]));
    (shape.objectives[3].from, shape.objectives[3].until) = (at(2_000), at(4_000));
    let mut tape = Tape::new(&shape);
    tape.busy(Device::Sending(0), at(1_500), at(2_500), at(1_500));
    tape.busy(Device::Sending(0), at(3_500), at(5_000), at(3_500));
    tape.busy(Device::Sending(0), at(5_000), at(30_000), at(4_500));
    let tally = tape.close(at(11_000));
    assert_eq!(tally.objectives[3].area, 1_000_000_000);
}

#[test]
fn replications_fold_in_order() {
    let tally = |latency: u64| {
        let mut tape = Tape::new(&shape());
        tell(&mut tape, request(0, 2_000, 2_000 + latency, Outcome::OK));
        tape.close(at(11_000))
    };
    let mut fold = Fold::new(tally(100));
    fold.push(&tally(300));
    assert_eq!(fold.pool.requests[0].ok.moments.mean_s(), Some(0.2));
    let mean = &fold.series.site.ok.mean_s;
    let values: Vec<f64> =
        mean.sections().iter().map(super::super::series::Section::value).collect();
    assert_eq!((mean.count(), values), (2, vec![0.1, 0.3]));
    let mut other_way = Fold::new(tally(300));
    other_way.push(&tally(100));
    assert_ne!(fold.pool.events, other_way.pool.events);
}

#[test]
fn a_level_is_read_at_both_ends_of_its_window() {
    let mut tape = Tape::new(&shape());
    // One slot from 0.5 s to 5.5 s, a second one from 3 s to 20 s; window 1 s to 6 s.
    tape.level(Level::Calls(0), 1, at(500));
    tape.level(Level::Calls(0), 2, at(3_000));
    tape.level(Level::Calls(0), 1, at(5_500));
    tape.level(Level::Calls(0), 0, at(20_000));
    let tally = tape.close(at(20_000));
    assert_eq!(tally.objectives[3].area, (4_500 + 3_000) * 1_000_000);
}

/// What is noted and taken in by and by is what is taken in at once.
#[test]
fn notes_change_nothing() {
    let tallies = [None, Notes::of(100_000)].map(|notes| {
        let mut tape = Tape::new(&shape());
        assert!(tape.notes.is_none());
        tape.notes = notes;
        for call in 1..2_000 {
            let (arrived, now) = (6 * call - call % 13, 6 * call);
            let outcome = if call % 11 == 0 { FAILED } else { Outcome::OK };
            tape.level(Level::Calls(0), (call * 7919 % 5) as u32, at(now));
            tape.level(Level::Runnable(0), (call * 7907 % 4) as u32, at(now));
            let waited = Span::from_millis(call % 3);
            let (arrived, is_wasted) = (at(arrived), call % 17 == 0);
            let served = Served {
                service: 0,
                instance: 0,
                arrived,
                waited,
                outcome,
                is_wasted,
                is_check: false,
            };
            tape.served(served, at(now));
        }
        format!("{:?}", tape.close(at(12_000)))
    });
    assert_eq!(tallies[0], tallies[1]);
}

/// One a batch: each sees its own, and all of them what the whole window saw.
#[test]
fn a_steady_run_is_read_batch_by_batch() {
    let mut shape = Shape { is_steady: true, ..shape() };
    for it in &mut shape.objectives {
        (it.from, it.until) = (shape.from, shape.until);
    }
    let mut tape = Tape::new(&shape);
    for batch in 0..20 {
        let arrived = 1_000 + 500 * batch;
        tape.level(Level::Calls(0), 1, at(arrived));
        tape.level(Level::Calls(0), 0, at(arrived + 100));
        tell(&mut tape, request(0, arrived, arrived + 100 + batch, Outcome::OK));
    }
    let tally = tape.close(at(12_000));
    let seen = |index: usize| {
        let all = batches(&shape.objectives[index], &tally.objectives[index], &shape);
        assert_eq!(all.len(), 20);
        all
    };
    for (batch, it) in seen(0).iter().enumerate() {
        assert_eq!((it.count, it.beyond[1]), (1, 1), "{batch}");
        assert!((it.sum_s - (0.1 + batch as f64 / 1e3)).abs() < 1e-9, "{batch}: {it:?}");
    }
    // One in half a second; one of two workers in a fifth of the time.
    assert!(seen(2).iter().all(|it| it.value == Some(2.0)));
    assert!(seen(3).iter().all(|it| (it.value.unwrap() - 0.1).abs() < 1e-9));
    // What changes in time has none.
    let tally = Tape::new(&Shape { is_steady: false, ..shape.clone() }).close(at(12_000));
    assert!(batches(&shape.objectives[0], &tally.objectives[0], &shape).is_empty());
}
