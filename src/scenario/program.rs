//! Programs: the steps of an endpoint as the file writes them.

use crate::{
    engine::sample::Law,
    scenario::{
        fields::{Fields, Notes, Read},
        law::{BytesLaw, CountLaw, SpanLaw, constant},
        mistake::At,
        schema::{Endpoint, Name, Rounds, Step, Target, What},
        tree::{Node, Value},
        units::{Bytes, Share},
    },
};

/// The word that says what a step is; each step has exactly one.
const VERBS: [&str; 8] =
    ["cpu", "wait", "disk_read", "call", "query", "parallel", "repeat", "branch"];
const RESPOND: &str = "respond";

/// More rounds than this are a slip; unrolled they would fill memory.
const ROUNDS_MAX: u32 = 10_000;

/// All endpoints of a service, from `[service.X.endpoint.NAME]`.
pub(crate) fn endpoints(service: &Fields<'_>) -> Vec<Endpoint> {
    let mut list = Vec::new();
    for named in service.named("endpoint", "endpoint") {
        let fields = &named.fields;
        let class = fields.count_or("priority", 0..=255, "0", "all endpoints are equal") as u8;
        let request_bytes = request_bytes(fields);
        let steps = match fields.node("steps") {
            Some(node) => steps(node, fields.notes),
            None => Vec::new(),
        };
        fields.finish();
        let name = Name { text: named.name, at: named.at };
        check_answers(&steps, &name, fields.notes);
        let steps = answered(steps, name.at);
        list.push(Endpoint {
            name,
            class,
            request_bytes,
            writes: false,
            steps,
            files: None,
            apply: None,
        });
    }
    list
}

/// The size of an HTTP request.
pub(crate) fn request_bytes(fields: &Fields<'_>) -> u32 {
    let source = "a GET with cookies takes 500 to 1000 bytes (HTTP Archive, request headers)";
    request_bytes_or(fields, "\"800B\"", source)
}

/// The size of a request, for whatever carries one.
pub(crate) fn request_bytes_or(fields: &Fields<'_>, default: &str, source: &str) -> u32 {
    let bytes = fields.or::<Bytes>("request", default, source).0;
    small(bytes, fields.at("request"), fields.notes)
}

fn small(bytes: u64, at: At, notes: &Notes) -> u32 {
    const MOST: u64 = 1 << 31;
    if bytes > MOST {
        notes.mistake(at, format!("{bytes} bytes are too many here, the most is 2GiB"));
    }
    bytes.min(MOST) as u32
}

fn steps(node: &Node, notes: &Notes) -> Vec<Step> {
    let Value::List(items) = &node.value else {
        let says = format!("steps are a list, here it is {}", node.value.kind());
        notes.hinted(node.at, says, "write `[ { cpu = \"5ms\" }, … ]`");
        return Vec::new();
    };
    items.iter().filter_map(|item| step(item, notes)).collect()
}

fn step(node: &Node, notes: &Notes) -> Option<Step> {
    let fields = Fields::of(node, "a step", notes)?;
    let verbs: Vec<&str> =
        VERBS.into_iter().chain([RESPOND]).filter(|verb| fields.has(verb)).collect();
    let hint = format!("a step is one of: {}, {RESPOND}", VERBS.join(", "));
    let [verb] = verbs[..] else {
        let says = if verbs.is_empty() {
            "a step that does nothing known".to_owned()
        } else {
            format!("a step that does several things: {}", verbs.join(", "))
        };
        notes.hinted(node.at, says, hint);
        return None;
    };
    let what = what(verb, &fields);
    fields.finish();
    Some(Step { at: node.at, what: what? })
}

fn what<'t>(verb: &'t str, fields: &Fields<'t>) -> Option<What> {
    let notes = fields.notes;
    match verb {
        "cpu" => {
            let of = fields.or::<Owner>("of", "\"attempt\"", "a retry draws anew");
            let work = fields.get::<SpanLaw>("cpu")?.0;
            Some(What::Cpu { work, of_request: of == Owner::Request })
        }
        "wait" => Some(What::Wait(fields.get::<SpanLaw>("wait")?.0)),
        "disk_read" => {
            let bytes = fields.or::<Bytes>("bytes", "\"16KiB\"", "the page size of InnoDB").0;
            let bytes = small(bytes, fields.at("bytes"), notes);
            Some(What::Read { count: fields.get::<CountLaw>("disk_read")?.0, bytes })
        }
        "call" | "query" => Some(What::Call(fields.get::<Target>(verb)?)),
        "parallel" => {
            let (copies, single) = match fields.node("parallel")?.value {
                Value::List(_) => (1, false),
                _ => (fields.count_or("count", 1..=10_000, "1", "one call of each"), true),
            };
            let calls = if single {
                vec![fields.get::<Target>("parallel")?]
            } else {
                fields.get::<Targets>("parallel")?.0
            };
            Some(What::Fork { calls, copies })
        }
        "repeat" => {
            let rounds = rounds(fields)?;
            Some(What::Repeat { rounds, steps: steps(fields.node_needed("steps")?, notes) })
        }
        "branch" => {
            let inner = fields.node_needed("steps").map(|node| steps(node, notes));
            let otherwise = fields.node("else").map(|node| steps(node, notes)).unwrap_or_default();
            let share = fields.get::<Share>("branch")?.0;
            Some(What::Branch { share, steps: inner?, otherwise })
        }
        _ => Some(What::Respond(fields.get::<BytesLaw>(RESPOND)?.0)),
    }
}

fn rounds(fields: &Fields<'_>) -> Option<Rounds> {
    let node = fields.node("repeat")?;
    if !matches!(node.value, Value::Table(_)) {
        let count = u32::read(node, fields.notes)?;
        if count == 0 || count > ROUNDS_MAX {
            let says = format!("`repeat` goes from 1 to {ROUNDS_MAX} rounds, here {count}");
            fields.notes.mistake(node.at, says);
        }
        return Some(Rounds::Fixed(count.clamp(1, ROUNDS_MAX)));
    }
    let inner = Fields::of(node, "`repeat`", fields.notes)?;
    let probability = inner.need::<Share>("probability");
    inner.finish();
    let probability = probability?.0;
    if probability > 0.999 {
        let hint = "each round is followed by another with this probability: at most 99.9%";
        fields.notes.hinted(node.at, "a loop that would hardly ever end", hint);
    }
    Some(Rounds::Chance(probability))
}

/// How often `steps` answer, at least and at most. A loop counts as more than once.
fn answers(steps: &[Step]) -> (u32, u32) {
    let (mut least, mut most) = (0, 0);
    for step in steps {
        let (low, high) = match &step.what {
            What::Respond(_) | What::RespondFile => (1, 1),
            What::Branch { steps, otherwise, .. } => {
                let (yes, no) = (answers(steps), answers(otherwise));
                (yes.0.min(no.0), yes.1.max(no.1))
            }
            What::Repeat { steps, .. } => (0, 2 * answers(steps).1),
            What::Handshake(_)
            | What::Cpu { .. }
            | What::Wait(_)
            | What::Read { .. }
            | What::Pages { .. }
            | What::File
            | What::Call(_)
            | What::Fork { .. }
            | What::Commit => (0, 0),
        };
        least += low;
        most += high;
    }
    (least, most)
}

fn check_answers(steps: &[Step], name: &Name, notes: &Notes) {
    let (least, most) = answers(steps);
    let hint = "one `respond` on every way through the steps, none within `repeat`, or none at all";
    if most > 1 {
        notes.hinted(name.at, format!("`{}` may answer more than once", name.text), hint);
    } else if least != most {
        notes.hinted(name.at, format!("`{}` answers on some ways only", name.text), hint);
    }
}

fn answered(mut steps: Vec<Step>, at: At) -> Vec<Step> {
    if answers(&steps).1 == 0 {
        steps.push(Step { at, what: What::Respond(constant(0.0)) });
    }
    steps
}

/// Whose the demand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Attempt,
    Request,
}

impl Read for Owner {
    fn read(node: &Node, notes: &Notes) -> Option<Owner> {
        choice(node, notes, &[("attempt", Owner::Attempt), ("request", Owner::Request)])
    }
}

/// One word of a few.
pub(crate) fn choice<T: Copy>(node: &Node, notes: &Notes, words: &[(&str, T)]) -> Option<T> {
    let text = String::read(node, notes)?;
    let index =
        notes.find("choice", "choices", &text, node.at, words.iter().map(|(word, _)| *word))?;
    Some(words[index].1)
}

impl Read for Target {
    fn read(node: &Node, notes: &Notes) -> Option<Target> {
        let text = String::read(node, notes)?;
        let Some((service, endpoint)) = text.split_once('.') else {
            let says = format!("`{text}` is not an endpoint");
            notes.hinted(node.at, says, "write `service.endpoint`, as in \"app.checkout\"");
            return None;
        };
        let (service, endpoint) = (service.to_owned(), endpoint.to_owned());
        Some(Target { service, endpoint, at: node.at, found: None })
    }
}

struct Targets(Vec<Target>);

impl Read for Targets {
    fn read(node: &Node, notes: &Notes) -> Option<Targets> {
        const CALLS_MAX: usize = 1_000;
        let Value::List(items) = &node.value else { return None };
        if items.is_empty() || items.len() > CALLS_MAX {
            let says = format!("`parallel` takes 1 to {CALLS_MAX} calls, here {}", items.len());
            notes.mistake(node.at, says);
            return None;
        }
        items.iter().map(|item| Target::read(item, notes)).collect::<Option<_>>().map(Targets)
    }
}

/// A list of names.
pub(crate) struct Names(pub(crate) Vec<Name>);

impl Read for Names {
    fn read(node: &Node, notes: &Notes) -> Option<Names> {
        let name = |node: &Node| String::read(node, notes).map(|text| Name { text, at: node.at });
        match &node.value {
            Value::List(items) => items.iter().map(name).collect::<Option<_>>().map(Names),
            _ => name(node).map(|name| Names(vec![name])),
        }
    }
}

/// All calls of a program, also those within branches and loops.
pub(crate) fn calls<'s>(steps: &'s [Step], found: &mut Vec<&'s Target>) {
    for step in steps {
        match &step.what {
            What::Call(target) => found.push(target),
            What::Fork { calls: forked, .. } => found.extend(forked),
            What::Repeat { steps, .. } => calls(steps, found),
            What::Branch { steps, otherwise, .. } => {
                calls(steps, found);
                calls(otherwise, found);
            }
            What::Handshake(_)
            | What::Cpu { .. }
            | What::Wait(_)
            | What::Read { .. }
            | What::Pages { .. }
            | What::File
            | What::Commit
            | What::Respond(_)
            | What::RespondFile => {}
        }
    }
}

/// The same, to fill in what was found.
pub(crate) fn each_call(steps: &mut [Step], found: &mut impl FnMut(&mut Target)) {
    for step in steps {
        match &mut step.what {
            What::Call(target) => found(target),
            What::Fork { calls, .. } => calls.iter_mut().for_each(&mut *found),
            What::Repeat { steps, .. } => each_call(steps, found),
            What::Branch { steps, otherwise, .. } => {
                each_call(steps, found);
                each_call(otherwise, found);
            }
            What::Handshake(_)
            | What::Cpu { .. }
            | What::Wait(_)
            | What::Read { .. }
            | What::Pages { .. }
            | What::File
            | What::Commit
            | What::Respond(_)
            | What::RespondFile => {}
        }
    }
}

/// Steps that a preset puts together.
pub(crate) fn plain(at: At, whats: Vec<What>) -> Vec<Step> {
    whats.into_iter().map(|what| Step { at, what }).collect()
}

/// Whether a law is always 0.
pub(crate) fn is_nothing(law: &Law) -> bool {
    law.as_constant() == Some(0.0)
}
