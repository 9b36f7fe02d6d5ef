//! `--set`: what it reaches, and what is said when it reaches nothing.

use simulate::scenario::{Override, compile};

use crate::{SITE, source};

fn set(text: &str) -> Result<simulate::model::blueprint::Blueprint, String> {
    let change: Override = text.parse().expect("path=value");
    compile(&source(SITE), &[change]).map_err(|mistakes| {
        let mistake = &mistakes.list()[0];
        format!("{} ({})", mistake.says, mistake.hint.as_deref().unwrap_or_default())
    })
}

#[test]
fn overrides_reach_what_they_name() {
    let processes = |site: &simulate::model::blueprint::Blueprint, name: &str| {
        site.services.iter().find(|service| service.name == name).unwrap().processes
    };
    assert_eq!(processes(&set("app.workers=4").unwrap(), "app"), 4);
    assert_eq!(processes(&set("service.app.workers=4").unwrap(), "app"), 4);
    assert_eq!(set("duration=30s").unwrap().duration.seconds(), 30.0);
    assert_eq!(set("scenario.duration=30s").unwrap().duration.seconds(), 30.0);
    assert!(set("workload.visitors.arrivals.poisson=2400/s").is_ok());
    assert!(set("visitors.arrivals.poisson=2400/s").is_ok());
    assert!(set("app.page.steps.1.cpu=9ms").is_ok());
    assert!(set("lb.timeout.queue=1s").is_ok());
    assert!(set("web.app.keepalive=8").is_ok());
    assert!(set("event.1.at=10s").is_ok());
    assert!(set("db.version=8.0").is_ok());
    let site = set("app.hardware.cores=7").unwrap();
    let cores: Vec<(&str, u32)> =
        site.hosts.iter().map(|host| (host.name.as_str(), host.cores)).collect();
    assert_eq!(
        cores,
        [("lb-1", 2), ("web-1", 2), ("web-2", 2), ("app-1", 7), ("db-1", 2), ("leaf-1", 2)]
    );
}

#[test]
fn overrides_are_checked_like_the_file() {
    let says = |text: &str| set(text).expect_err("a mistake");
    assert_eq!(says("ap.workers=4"), "nothing here is `ap` (did you mean `app`?)");
    assert_eq!(says("app.wrokers=4"), "unknown key `wrokers` (did you mean `workers`?)");
    assert!(says("app.workers=four").starts_with("a whole number is expected"));
    assert!(says("duration=30").starts_with("`30` has no unit"));
    assert!(says("event.7.at=1s").starts_with("no element `7`"));
    assert!(says("app=4").starts_with("`app` is not one value"));
    assert!(says("app..x=4").starts_with("an empty word"));
    for key in ["inter", "fastinter", "downinter"] {
        assert!(
            says(&format!("lb.web.check.{key}=0")).starts_with("HAProxy counts in milliseconds")
        );
    }
    assert!("app.workers".parse::<Override>().is_err());
    assert!(says("app.workers=").starts_with("`app.workers` gets no value"));
}

#[test]
fn a_name_that_several_things_have_is_told_by_the_next_word() {
    let site = SITE.replace("[hardware.small]", "[hardware.web]");
    let site = site.replace("hardware = \"small\"", "hardware = \"web\"");
    let set = |text: &str| {
        let change: Override = text.parse().expect("path=value");
        compile(&source(&site), &[change]).map_err(|mistakes| mistakes.list()[0].says.clone())
    };
    // In an upstream of the service; a setting of a service that only has its default so far.
    assert!(set("web.app.max_fails=3").is_ok());
    assert!(set("web.keepalive_timeout=1s").is_ok());
    assert!(set("web.cores=3").is_ok());
    assert!(set("web.nic=1Gbit/s").unwrap_err().starts_with("`web` is the name of several"));
}

#[test]
fn whole_groups_are_no_values_but_lists_are() {
    let says = |text: &str| set(text).expect_err("a mistake");
    let service = "`service` is not one value (as in `service.NAME.SETTING=…`)";
    assert_eq!(says("service=3"), service);
    assert_eq!(says("scenario=3"), "`scenario` is not one value (as in `scenario.SETTING=…`)");
    assert!(set("event=[]").unwrap().timeline.is_empty());
    assert!(says("scenario.title=\"a\\u001b[31m\"").starts_with("a title is one line"));
    assert!(says("slo=3").starts_with("`slo` is a list of tables"));
}

#[test]
fn a_path_that_ends_at_nothing_points_to_another_thing_of_that_name() {
    let site = SITE.replace("servers = \"web\"", "servers = \"web\"\nbalance = \"roundrobin\"");
    let says = |text: &str| {
        let change: Override = text.parse().expect("path=value");
        let mistakes = compile(&source(&site), &[change]).expect_err("a mistake");
        let mistake = &mistakes.list()[0];
        format!("{}; {}", mistake.says, mistake.hint.as_deref().unwrap_or_default())
    };
    let balance = says("web.balance=leastconn");
    assert!(balance.starts_with("unknown key `balance`"), "{balance}");
    assert!(balance.ends_with("or is `lb.backend.web.balance` meant?"), "{balance}");
    // The value is wrong, not the path.
    assert!(!says("lb.web.balance=leastcon").contains("meant?"));
}
