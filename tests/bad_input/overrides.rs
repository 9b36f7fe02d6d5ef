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
    assert!("app.workers".parse::<Override>().is_err());
}
