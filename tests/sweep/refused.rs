//! What cannot be swept is told, with its place, and nothing is written.

use crate::{command::QUEUE, desk};
use std::fs;

#[track_caller]
fn refused(line: &str, says: &[&str]) {
    let desk = desk();
    let said = desk.run(line).expect(2, says);
    assert!(said.out.is_empty(), "{}", said.out);
    let left: Vec<_> = fs::read_dir(desk.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn parameters_that_make_no_sense() {
    refused("sweep queue.toml", &["nothing is varied", "--vary app.instances=2..12"]);
    refused(
        "sweep queue.toml --vary queue.workres=1..3",
        &["unknown key `workres`", "--vary:1:7", "did you mean `workers`?"],
    );
    refused(
        "sweep queue.toml --vary quue.workers=1..3",
        &["nothing here is `quue`", "did you mean `queue`?"],
    );
    refused(
        "sweep queue.toml --vary queue.endpoint.serv.steps.1.cpu.exponential=1ms,2ms",
        &["nothing here is `serv`", "--vary:1:16", "did you mean `serve`?"],
    );
    refused(
        "sweep queue.toml --vary queue.serve.steps.1.cpu.gama.mean=1ms,2ms",
        &["nothing here is `gama`", "--vary:1:25", "did you mean `gamma`?"],
    );
    refused(
        "sweep queue.toml --vary queue.serve.steps.1.cpu.gamma.mean=1ms,2ms",
        &["nothing here is `gamma`", "it is `exponential`"],
    );
    refused(
        "sweep queue.toml --vary queue.serv.steps.1.cpu=1ms,2ms",
        &["unknown key `serv`", "did you mean `serve`?"],
    );
    refused(
        "sweep queue.toml --set queue.workers=7 --vary service.queue.workers=1,2",
        &["`queue.workers` is set, and varied as well", "--vary queue.workers=7"],
    );
    refused(
        "sweep queue.toml --vary workers=1,2",
        &["nothing here is `workers`", "did you mean `queue.workers`?"],
    );
    refused(
        "sweep queue.toml --vary queue.workers=5..2",
        &["the range runs backwards", "--vary:1:15"],
    );
    refused("sweep queue.toml --vary queue.workers=", &["no values"]);
    refused(
        "sweep queue.toml --vary queue.workers=1,2,1",
        &["`queue.workers` is to be `1` twice", "--vary:1:15"],
    );
    refused("sweep queue.toml --vary queue.workers", &["PATH=VALUES"]);
    refused("sweep queue.toml --vary hardware.one.speed=1s..2s:1s", &["--vary:1:20"]);
    refused(
        "sweep queue.toml --vary queue.workers=1,2 --vary hardware.one.cores=1,2,3 --zip",
        &["`queue.workers` has 2 and `hardware.one.cores` 3"],
    );
    refused("sweep queue.toml --vary scenario.replications=2,3", &["`replications`"]);
    refused(
        "sweep queue.toml --vary queue.workers=1,2 --shard 3/2",
        &["parts are numbered from 1"],
    );
}

/// It is found once for all points, so a point that leaves it open would not be warmed up at all.
#[test]
fn a_warm_up_that_is_left_open_is_not_varied() {
    let says = "a warm-up that is varied cannot be `auto`";
    refused(
        "sweep queue.toml --vary warm_up=auto,5s",
        &[says, "--vary:1:9", "or vary it as spans"],
    );
    refused("sweep queue.toml --vary scenario.warm_up=5s,\"auto\"", &[says, "--vary:1:18"]);
    refused(
        "sweep queue.toml --vary queue.workers=1,2 --vary warm_up=5s,auto --zip",
        &[says, "--vary:1:9"],
    );
    let desk = desk();
    let at = desk.read("queue.toml").lines().count() + 2;
    let sweep = "[sweep]\nscenario.warm_up = [\"auto\", \"5s\"]\n";
    desk.write("queue.toml", &format!("{}{sweep}", desk.read("queue.toml")));
    desk.run("sweep queue.toml").expect(2, &[says, &format!("queue.toml:{at}:20")]);
    // As the scenario is written it may be; that is what is found once.
    let line = "sweep queue.toml --vary warm_up=4s,5s --set warm_up=auto --quiet";
    crate::desk().run(line).expect(0, &[]);
}

/// Two spellings are one setting: it cannot have two values at once.
#[test]
fn one_setting_under_two_spellings() {
    refused(
        "sweep queue.toml --vary seed=1,2 --vary scenario.seed=3,4",
        &["`scenario.seed` is varied twice: `seed` is the same", "--vary:1:1"],
    );
    let desk = desk();
    let text = format!("{}[sweep]\nqueue.workers = \"2..4\"\n", desk.read("queue.toml"));
    desk.write("queue.toml", &text);
    // What the command line says replaces it, however it is spelled.
    desk.run("sweep queue.toml --vary service.queue.workers=7,8 --out swept")
        .expect(0, &["2 points, "]);
    desk.write("queue.toml", &format!("{text}service.queue.workers = \"7,8\"\n"));
    let at = text.lines().count() + 1;
    desk.run("sweep queue.toml")
        .expect(2, &["varied twice: `queue.workers` is the same", &format!("queue.toml:{at}:15")]);
}

/// What the file says is shown in the file.
#[test]
fn mistakes_of_the_file_point_into_it() {
    let desk = desk();
    let before = desk.read("queue.toml");
    let line = before.lines().count() + 2;
    let check = |sweep: &str, says: &[&str]| {
        desk.write("queue.toml", &format!("{before}[sweep]\n{sweep}\n"));
        desk.run("sweep queue.toml").expect(2, says);
    };
    check(
        "queue.workres = \"1..3\"",
        &["unknown key `workres`", &format!("queue.toml:{line}:7"), "did you mean `workers`?"],
    );
    check(
        "hardware.one.cores = \"0..2\"",
        &[
            "`cores` must be at least 1",
            &format!("queue.toml:{line}:22"),
            "at the point `hardware.one.cores=0`",
        ],
    );
    check(
        "zip.queue.workers = [1, 2]\nzip.hardware.one.cores = [1, 2, 3]",
        &["zipped parameters go value by value", &format!("queue.toml:{}:26", line + 1)],
    );
}

/// What a point makes wrong elsewhere in the file says which point it was.
#[test]
fn mistakes_that_a_point_makes_in_the_file_name_it() {
    let desk = desk();
    let event = "[[event]]\nat = \"1s\"\ncrash = \"queue.2\"\n";
    let text = desk.read("queue.toml");
    let two = text.replace("[service.queue]", "[service.queue]\ninstances = 2");
    desk.write("queue.toml", &format!("{two}{event}"));
    desk.run("sweep queue.toml --vary queue.instances=1..2")
        .expect(2, &["no instance `queue.2`", "at the point `queue.instances=1`"]);
}

/// Of what is set and of what is varied.
#[test]
fn all_mistakes_of_the_command_line_are_told_at_once() {
    refused(
        "sweep queue.toml --set hardware.one.cores=0 --vary queue.workres=1..3",
        &["`cores` must be at least 1", "--set:1:20", "unknown key `workres`", "--vary:1:7"],
    );
    refused(
        "sweep queue.toml --set hardware.one.cores=0 --vary queue.workers=3..1",
        &["`cores` must be at least 1", "the range runs backwards"],
    );
}

#[test]
fn a_folder_that_cannot_be_made_promises_nothing() {
    let desk = desk();
    let said = desk.run("sweep queue.toml --vary queue.workers=1,2 --out /proc/x");
    let said = said.expect(2, &["/proc/x", "`--out DIR` names another folder"]);
    assert!(!said.talk.contains("is kept"), "{}", said.talk);
}

/// All mistakes at once, each once however many points have it.
#[test]
fn mistakes_are_told_together_and_once() {
    let desk = desk();
    let said = desk
        .run("sweep queue.toml --vary queue.workres=1..9 --vary hardware.one.cores=0..3")
        .expect(2, &["`workres`", "`cores` must be at least 1"]);
    assert_eq!(said.talk.matches("unknown key").count(), 1, "{}", said.talk);
}

#[test]
fn absurd_numbers_of_points_are_asked_about() {
    refused(
        "sweep queue.toml --vary queue.workers=1..1000000000",
        &["1,000,000,000 points, 4,000,000,000 replications: about", "--yes"],
    );
    refused(
        "sweep queue.toml --vary queue.workers=1..1000000000 --vary hardware.one.cores=1..1000000000 \
         --vary seed=1..1000000000",
        &["more than 10^19 points, more than 10^19 replications: more than"],
    );
}

/// Of very many points not all are read before the first is run.
#[test]
fn a_point_that_makes_no_sense_is_told_when_its_turn_comes() {
    let desk = desk();
    let event = "[[event]]\nat = \"0s\"\ncrash = \"queue.1\"\n";
    desk.write("queue.toml", &format!("{}{event}", desk.read("queue.toml")));
    let line = "sweep queue.toml --vary scenario.duration=5s,1s..1.1s:1ms --vary \
                event.1.at=0s..4s:0.04s --replications 1 --out swept";
    desk.run(line).expect(
        2,
        &[
            "point 126, `scenario.duration=1000ms; event.1.at=1s`, makes no sense",
            "an event after the end",
            "--vary:1:12",
            "what is finished of the others is kept",
        ],
    );
    desk.run(line).expect(2, &["replications are done already", "point 126"]);
}

#[test]
fn folders_of_something_else_are_left_alone() {
    let desk = desk();
    desk.run("sweep queue.toml --vary queue.workers=1,2 --out mine --quiet").expect(0, &[]);
    let before = fs::read(desk.file("mine/sweep.csv")).unwrap();
    let other = "sweep queue.toml --vary queue.workers=1,3 --out mine";
    desk.run(other).expect(2, &["holds records of another experiment"]);
    desk.write("queue.toml", &QUEUE.replace("10ms", "11ms"));
    let same = "sweep queue.toml --vary queue.workers=1,2 --out mine";
    desk.run(same).expect(2, &["holds records of another experiment"]);
    assert_eq!(fs::read(desk.file("mine/sweep.csv")).unwrap(), before);
    // Results without their records are those of their sweep all the same.
    fs::remove_file(desk.file("mine/shard-1-of-1.records")).unwrap();
    desk.run(same).expect(2, &["it holds the results of another sweep"]);
    // Nor are they written over by what was measured elsewhere.
    fs::write(desk.file("queue.toml"), QUEUE).unwrap();
    let vary = "--vary customers.arrivals.poisson=20/s,40/s --set duration=5s";
    desk.run(&format!("sweep queue.toml {vary} --shard 1/1 --out part --quiet")).expect(0, &[]);
    desk.run("merge part --out mine").expect(2, &["it holds the results of another sweep"]);
    desk.run("sweep queue.toml --vary queue.workers=1,2 --set duration=5s --out theirs --quiet")
        .expect(0, &[]);
    desk.run("merge part --out theirs").expect(2, &["holds records of another experiment"]);
    fs::remove_file(desk.file("theirs/sweep.json")).unwrap();
    let theirs = fs::read(desk.file("theirs/sweep.csv")).unwrap();
    desk.run("merge part --out theirs").expect(2, &["holds records of another experiment"]);
    assert_eq!(fs::read(desk.file("theirs/sweep.csv")).unwrap(), theirs);
    assert_eq!(fs::read(desk.file("mine/sweep.csv")).unwrap(), before);
    fs::create_dir(desk.file("thesis")).unwrap();
    desk.write("thesis/thesis.tex", "years of work");
    desk.run("sweep queue.toml --vary queue.workers=1,2 --out thesis")
        .expect(2, &["it holds `thesis.tex`"]);
    desk.run("sweep queue.toml --vary queue.workers=1,2 --out queue.toml")
        .expect(2, &["it is a file"]);
    desk.run("merge thesis").expect(2, &["holds no records"]);
    desk.run("merge nothing").expect(2, &["nothing"]);
}
