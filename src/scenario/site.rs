//! Reads the tables of a scenario: the experiment, the network, machines and services.

use crate::{
    engine::time::Span,
    model::blueprint::Discipline,
    scenario::{
        fields::{Fields, Named, Notes, Read},
        happening, kind,
        kind::{Ground, KINDS},
        law::SpanLaw,
        load,
        mistake::{At, Mistake},
        program::{Names, choice},
        schema::{Disk, Link, Machine, Name, Network, Odd, Service, SharedHost, Site, Standing},
        tree::{Node, Table},
        units::{BitRate, Bytes, Maybe, Number, Price, Rate, Throughput},
        vary,
    },
};

/// Far more than any site; a mistyped count must not fill memory.
const INSTANCES_MAX: u32 = 1_000_000;
const CORES_MAX: u32 = 65_536;

/// Everything that the file says, and its mistakes in the notes.
pub(crate) fn read(root: &Table, notes: &Notes) -> Site {
    let root = Fields::new(root, At::default(), "the file", notes);
    let scenario = root.sub("scenario");
    let title = scenario.or::<String>("title", "\"\"", "optional");
    if title.chars().any(char::is_control) {
        notes.mistake(scenario.at("title"), "a title is one line of printable characters");
    }
    let seed = scenario.or::<u64>("seed", "1", "any number is as good");
    let duration = scenario.need::<Span>("duration");
    if duration == Some(Span::ZERO) {
        notes.mistake(scenario.at("duration"), "a `duration` of no time measures nothing");
    }
    let source = "nothing runs before the measurement";
    let WarmUp(warm_up, finds_warm_up) = scenario.or::<WarmUp>("warm_up", "0", source);
    let source = "ten replications give an interval for every figure";
    let replications = scenario.count_or("replications", 1..=1_000_000, "10", source);
    let source = "longer than visitors and proxies wait";
    let drain = scenario.or::<Span>("drain", "\"60s\"", source);
    scenario.finish();
    let network = network(&root);
    let mut machines: Vec<Machine> = Vec::new();
    for named in root.named("hardware", "hardware profile") {
        let first = machines.iter().find(|it| it.price.is_some());
        let known = first.and_then(|it| Some((it.name.text.as_str(), it.price.as_ref()?)));
        let currency = known.map(|(name, price)| (name, price.currency.as_str()));
        machines.push(machine(&named, currency));
    }
    let shared: Vec<SharedHost> = root
        .named("host", "host")
        .iter()
        .map(|named| shared_host(named, &machines, &network))
        .collect();
    let ground = Site {
        title,
        seed,
        // Behind a mistake: nothing else is to seem too late.
        duration: duration.filter(|span| !span.is_zero()).unwrap_or(Span::MAX),
        warm_up,
        finds_warm_up,
        drain,
        replications,
        network,
        machines,
        shared,
        services: Vec::new(),
        requests: Vec::new(),
        workloads: Vec::new(),
        events: Vec::new(),
        objectives: Vec::new(),
        episodes: Vec::new(),
    };
    rest(&root, ground)
}

/// Services and what depends on them.
fn rest(root: &Fields<'_>, mut site: Site) -> Site {
    let notes = root.notes;
    for named in root.named("service", "service") {
        site.services.push(service(&named, &site));
    }
    let total: u64 = site.services.iter().map(|service| u64::from(service.instances)).sum();
    let has_too_many = |service: &Service| service.instances == INSTANCES_MAX;
    if total > u64::from(INSTANCES_MAX) && !site.services.iter().any(has_too_many) {
        let says = format!("{total} instances in all; the most is {INSTANCES_MAX}");
        notes.mistake(root.key_at("service"), says);
    }
    if site.services.is_empty() && !notes.is_damaged() {
        notes.hinted(root.at, "a scenario without services", "write `[service.NAME]`");
    }
    load::read(root, &mut site);
    happening::read(root, &mut site);
    sweep(root);
    root.finish();
    site
}

/// Nothing of the site: what `simulate sweep` varies unless told otherwise.
fn sweep(root: &Fields<'_>) {
    let Some(node) = root.node("sweep") else { return };
    let Some(table) = node.table() else {
        let says = format!("`sweep` is a table, here it is {}", node.value.kind());
        let hint = "write `[sweep]` with `app.instances = \"2..12\"` and others in it";
        root.notes.hinted(node.at, says, hint);
        return;
    };
    let mut wrong = Vec::new();
    vary::check(table, &mut wrong);
    for Mistake { at, says, hint } in wrong {
        root.notes.hinted(at, says, hint.unwrap_or_else(|| "as `--vary` takes it".to_owned()));
    }
}

/// Its length, and whether it is to be found by pilots.
#[derive(Default)]
struct WarmUp(Span, bool);

impl Read for WarmUp {
    fn read(node: &Node, notes: &Notes) -> Option<WarmUp> {
        if node.text() == Some("auto") {
            return Some(WarmUp(Span::ZERO, true));
        }
        Span::read(node, notes).map(|span| WarmUp(span, false))
    }
}

fn network(root: &Fields<'_>) -> Network {
    let fields = root.sub("network");
    let source = "two switch hops and two kernel stacks within a data centre";
    let latency = fields.or::<Span>("latency", "\"100us\"", source);
    let source = "a kernel stack and a context switch";
    let loopback = fields.or::<Span>("loopback", "\"10us\"", source);
    fields.finish();
    let mut zones = Vec::new();
    for named in root.named("zone", "zone") {
        named.fields.finish();
        zones.push(Name { text: named.name, at: named.at });
    }
    let links = links(root, &zones);
    if zones.is_empty() {
        zones.push(Name { text: String::new(), at: root.at });
    }
    Network { latency, loopback, zones, links, at: root.key_at("zone") }
}

fn links(root: &Fields<'_>, zones: &[Name]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for named in root.named("link", "link") {
        let latency = named.fields.need::<Span>("latency");
        named.fields.finish();
        let zone = |name: &str| zones.iter().position(|zone| zone.text == name);
        // Names may hold the sign that joins them.
        let ends = named
            .name
            .match_indices('-')
            .find_map(|(at, _)| Some([zone(&named.name[..at])?, zone(&named.name[at + 1..])?]));
        let Some(ends) = ends else {
            let names: Vec<&str> = zones.iter().map(|zone| zone.text.as_str()).collect();
            let hint = format!("write `[link.A-B]`; zones here: {}", names.join(", "));
            let says = format!("`{}` does not join two zones", named.name);
            root.notes.hinted(named.at, says, hint);
            root.notes.gap();
            continue;
        };
        let same = |link: &Link| link.ends == ends || link.ends == [ends[1], ends[0]];
        if links.iter().any(same) || ends[0] == ends[1] {
            let says = format!("`{}` joins what is joined already", named.name);
            root.notes.mistake(named.at, says);
        }
        links.push(Link { ends, latency: latency.unwrap_or(Span::ZERO) });
    }
    links
}

/// `currency`: which profile has said first in what prices are, and in what.
fn machine(named: &Named<'_>, currency: Option<(&str, &str)>) -> Machine {
    let fields = &named.fields;
    let cores = fields.need_count("cores", 1..=CORES_MAX);
    let source = "the machine that CPU times were measured on";
    let speed = positive(fields, "speed", source);
    let source = "the scheduler of Linux shares the cores";
    let discipline = fields.or::<Discipline>("discipline", "\"sharing\"", source);
    let source = "no limit unless one is given";
    let nic = fields.or::<Maybe<BitRate>>("nic", "\"unlimited\"", source).0;
    let memory = fields.or::<Maybe<Bytes>>("memory", "\"none\"", "no page cache").0;
    let disk = fields.has("disk").then(|| disk(fields));
    let price = fields.get::<Price>("price");
    if let (Some(price), Some(known)) = (&price, currency)
        && price.currency != *known.1
    {
        let says = format!("prices in {} and in {}", known.1, price.currency);
        let hint = format!("one file counts in one currency; `{}` counts in {}", known.0, known.1);
        fields.notes.hinted(fields.at("price"), says, hint);
    }
    fields.finish();
    Machine {
        name: Name { text: named.name.clone(), at: named.at },
        cores,
        speed,
        discipline,
        nic_bits: nic.map(|nic| nic.0),
        memory: memory.map(|memory| memory.0),
        disk: disk.flatten(),
        price,
    }
}

/// A factor that is 1 unless given, and never 0.
fn positive(fields: &Fields<'_>, key: &'static str, source: &str) -> f64 {
    let factor = fields.or::<Number>(key, "1.0", source).0;
    if !(0.001..=1_000.0).contains(&factor) {
        let says = format!("`{key}` is a factor from 0.001 to 1000, here it is {factor}");
        fields.notes.mistake(fields.at(key), says);
        return 1.0;
    }
    factor
}

fn disk(machine: &Fields<'_>) -> Option<Disk> {
    let fields = machine.sub("disk");
    let read = fields.need::<SpanLaw>("read");
    let source = "a write ends in the device's cache";
    let write = fields.or::<SpanLaw>("write", "\"20us\"", source).0;
    let fsync = fields.get::<SpanLaw>("fsync");
    let source = "one operation at a time unless given";
    let parallel = fields.count_or("parallel", 1..=65_536, "1", source);
    let none = "no limit unless one is given";
    let throughput = fields.or::<Maybe<Throughput>>("throughput", "\"unlimited\"", none).0;
    let iops = fields.or::<Maybe<Iops>>("iops", "\"unlimited\"", none).0;
    if !fields.has("fsync")
        && let Some(text) = fields.toml("read")
    {
        fields.filled("fsync", text, "as long as a read");
    }
    fields.finish();
    let read = read?.0;
    Some(Disk {
        fsync: fsync.map_or_else(|| read.clone(), |law| law.0),
        read,
        write,
        parallel,
        throughput: throughput.map(|throughput| throughput.0),
        iops: iops.map(|iops| iops.0),
    })
}

/// Operations a second, as disks are sold: a plain number, or a rate.
struct Iops(f64);

impl Read for Iops {
    fn read(node: &Node, notes: &Notes) -> Option<Iops> {
        if node.text().is_some() {
            return Rate::read(node, notes).map(|rate| Iops(rate.0));
        }
        let iops = Number::read(node, notes)?.0;
        if iops < 1.0 {
            notes.mistake(node.at, format!("a disk of {iops} operations a second"));
            return None;
        }
        Some(Iops(iops))
    }
}

impl Read for Discipline {
    fn read(node: &Node, notes: &Notes) -> Option<Discipline> {
        const WORDS: [(&str, Discipline); 5] = [
            ("sharing", Discipline::Sharing),
            ("fifo", Discipline::Fifo),
            ("lifo", Discipline::Lifo),
            ("priority", Discipline::Priority),
            ("preemptive", Discipline::Preemptive),
        ];
        choice(node, notes, &WORDS)
    }
}

fn find_machine(fields: &Fields<'_>, machines: &[Machine]) -> Option<usize> {
    let wanted = fields.need::<String>("hardware")?;
    let known = machines.iter().map(|machine| machine.name.text.as_str());
    fields.notes.find("hardware profile", "hardware", &wanted, fields.at("hardware"), known)
}

fn find_zone(zone: &Name, network: &Network, notes: &Notes) -> Option<usize> {
    let known = network.zones.iter().map(|zone| zone.text.as_str());
    notes.find("zone", "zones", &zone.text, zone.at, known)
}

fn shared_host(named: &Named<'_>, machines: &[Machine], network: &Network) -> SharedHost {
    let fields = &named.fields;
    let machine = find_machine(fields, machines);
    let zone = fields.get::<String>("zone").map(|text| Name { text, at: fields.at("zone") });
    let zone = match zone {
        Some(zone) => find_zone(&zone, network, fields.notes),
        None if network.zones.len() > 1 => {
            let names: Vec<&str> = network.zones.iter().map(|zone| &zone.text[..]).collect();
            let says = format!("host `{}` has no `zone`", named.name);
            fields.notes.hinted(fields.at, says, format!("zones here: {}", names.join(", ")));
            None
        }
        None => Some(0),
    };
    fields.finish();
    SharedHost {
        name: Name { text: named.name.clone(), at: named.at },
        // Behind a mistake, which keeps the scenario from being compiled.
        machine: machine.unwrap_or(usize::MAX),
        zone: zone.unwrap_or(0),
    }
}

fn service(named: &Named<'_>, site: &Site) -> Service {
    let fields = &named.fields;
    let kind = fields.need::<String>("kind").and_then(|kind| {
        let kinds = KINDS.iter().map(|kind| kind.name);
        fields.notes.find("kind", "kinds", &kind, fields.at("kind"), kinds)
    });
    let source = "one of each unless more are given";
    let instances = fields.count_or("instances", 1..=INSTANCES_MAX, "1", source);
    let standing = standing(fields, site);
    let source = "nothing is taken from the page cache";
    let memory = fields.or::<Bytes>("memory", "0", source).0;
    let odd = odd(fields, instances);
    let cores = cores(fields, &standing, site);
    let parts = if let Some(kind) = kind.map(|kind| &KINDS[kind]) {
        let parts = (kind.read)(fields, Ground { cores, instances });
        fields.finish_product(kind.name, kind.unmodelled);
        parts
    } else {
        // Nobody knows which settings it has, nor what it answers.
        fields.notes.gap();
        kind::visitors(named.at).0
    };
    Service {
        name: Name { text: named.name.clone(), at: named.at },
        kind: kind.map_or("", |kind| KINDS[kind].name),
        instances,
        standing,
        memory,
        memory_at: fields.at("memory"),
        odd,
        parts,
    }
}

fn standing(fields: &Fields<'_>, site: &Site) -> Standing {
    let notes = fields.notes;
    if fields.has("on") && fields.has("hardware") {
        let hint = "`hardware` for a host each, `on` for hosts of `[host]`";
        notes.hinted(fields.key_at("on"), "both `on` and `hardware`", hint);
    }
    if fields.has("on") {
        fields.node("hardware");
        fields.node("zones");
        if fields.has("zones") {
            notes.mistake(fields.key_at("zones"), "`zones` goes with `hardware`, not with `on`");
        }
        let names = fields.get::<Names>("on").map_or_else(Vec::new, |names| names.0);
        let known = site.shared.iter().map(|host| host.name.text.as_str());
        let hosts: Option<Vec<usize>> = names
            .iter()
            .map(|name| notes.find("host", "hosts", &name.text, name.at, known.clone()))
            .collect();
        return match hosts {
            Some(hosts) if !hosts.is_empty() => Standing::On(hosts),
            Some(_) => {
                notes.mistake(fields.at("on"), "`on` names no host");
                Standing::Outside
            }
            None => Standing::Outside,
        };
    }
    if !fields.has("hardware") {
        if !notes.is_damaged() {
            let hint = "`hardware = \"…\"` for a host each, or `on = \"…\"` for a `[host]`";
            notes.hinted(fields.at, "the service stands nowhere", hint);
        }
        fields.node("hardware");
        fields.node("on");
        fields.node("zones");
        return Standing::Outside;
    }
    let machine = find_machine(fields, &site.machines);
    let zones: Option<Vec<usize>> = match fields.get::<Names>("zones") {
        Some(names) if names.0.is_empty() => {
            notes.mistake(fields.at("zones"), "`zones` names no zone");
            None
        }
        Some(names) => names.0.iter().map(|zone| find_zone(zone, &site.network, notes)).collect(),
        // One zone, or each in turn.
        None => Some((0..site.network.zones.len()).collect()),
    };
    match (machine, zones) {
        (Some(machine), Some(zones)) => Standing::Own { machine, zones },
        (None, _) | (_, None) => Standing::Outside,
    }
}

/// Cores of the hosts; presets that count by cores need hosts that are alike.
fn cores(fields: &Fields<'_>, standing: &Standing, site: &Site) -> u32 {
    let of = |machine: usize| site.machines.get(machine).map_or(1, |machine| machine.cores);
    match standing {
        Standing::Own { machine, .. } => of(*machine),
        Standing::On(hosts) => {
            let first = of(site.shared[hosts[0]].machine);
            if hosts.iter().any(|host| of(site.shared[*host].machine) != first) {
                let hint = "give each kind of host a service of its own";
                let says = "instances of one service on hosts with different numbers of cores";
                fields.notes.hinted(fields.at("on"), says, hint);
            }
            first
        }
        Standing::Outside => 1,
    }
}

fn odd(service: &Fields<'_>, instances: u32) -> Vec<Odd> {
    let Some(node) = service.node("instance") else { return Vec::new() };
    let Some(fields) = Fields::of(node, "`instance`", service.notes) else { return Vec::new() };
    let mut list = Vec::new();
    for (key, at) in fields.keys() {
        let number = key.parse::<u32>().ok().filter(|number| (1..=instances).contains(number));
        let Some(number) = number else {
            let says = format!("no instance `{key}`");
            let hint = format!("instances are numbered from 1 to {instances}");
            service.notes.hinted(at, says, hint);
            continue;
        };
        let Some(node) = fields.node(key) else { continue };
        let Some(inner) = Fields::of(node, "an instance", service.notes) else { continue };
        let speed = positive(&inner, "speed", "as fast as its host");
        let weight = inner.count_or("weight", 0..=65_535, "1", "all servers are alike");
        inner.finish();
        list.push(Odd { number: number - 1, speed, weight });
    }
    list
}

/// Turns a workload's visitors into a service, behind all others.
pub(crate) fn add_visitors(site: &mut Site, workload: usize) {
    let name = site.workloads[workload].name.clone();
    let (parts, _) = kind::visitors(name.at);
    site.workloads[workload].service = site.services.len();
    site.services.push(Service {
        memory_at: name.at,
        name,
        kind: "visitors",
        instances: 1,
        standing: Standing::Outside,
        memory: 0,
        odd: Vec::new(),
        parts,
    });
}
