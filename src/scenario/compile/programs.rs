//! Programs: steps become flat operations, each with a place that depends on its own names only.

use crate::{
    engine::{luck::name_key, sample::Law},
    model::blueprint::{
        Endpoint, EndpointId, FilesId, Instruction, LogId, Milestone, Op, RequestId, ServiceId,
        TableId, UpstreamId,
    },
    scenario::{
        compile::Build,
        routes::Origin,
        schema::{Rounds, Step, Target, What},
    },
};

/// A program being written.
struct Program {
    service: usize,
    /// The endpoint, if the service answers it itself.
    own: usize,
    /// What a replica does for it, if it commits.
    apply: EndpointId,
}

/// A page of `InnoDB`.
const PAGE_BYTES: u32 = 16 << 10;

impl Build<'_> {
    pub(super) fn programs(&mut self) {
        let (site, routes) = (self.site, self.routes);
        let mut applies = Vec::new();
        for (number, (service, origin)) in routes.endpoints.iter().enumerate() {
            let name = routes.name(site, number);
            let (of, own) = match *origin {
                Origin::Own(own) => (*service, own),
                Origin::Pass(to) => to,
            };
            let source = &site.services[of].parts.endpoints[own];
            let local = match origin {
                Origin::Own(_) => source.name.text.clone(),
                Origin::Pass(_) => name.clone(),
            };
            let path = format!("{}/{local}", site.services[*service].name.text);
            self.out.endpoints.push(Endpoint {
                name,
                service: ServiceId(*service as u32),
                entry: self.out.program.len() as u32,
                request_bytes: source.request_bytes,
                class: source.class,
                place: name_key(&path),
                request: RequestId(u32::MAX),
            });
            match *origin {
                Origin::Own(own) => {
                    let apply = (routes.endpoints.len() + applies.len()) as u32;
                    let program = Program { service: *service, own, apply: EndpointId(apply) };
                    if source.apply.is_some() {
                        applies.push((*service, own));
                    }
                    self.steps(&program, &source.steps, &path);
                    self.op(Op::End, &path, "end");
                }
                Origin::Pass(to) => self.pass(*service, to, &path),
            }
        }
        self.applies(&applies);
    }

    /// What a replica does for one transaction of each write: programs of their own, behind those
    /// that callers can reach.
    fn applies(&mut self, writes: &[(usize, usize)]) {
        for &(of, own) in writes {
            let service = &self.site.services[of];
            let source = &service.parts.endpoints[own];
            let (work, reads) = source.apply.as_ref().expect("who commits is applied");
            let name = format!("{}.{}/apply", service.name.text, source.name.text);
            let path = format!("{}/{}/apply", service.name.text, source.name.text);
            self.out.endpoints.push(Endpoint {
                name,
                service: ServiceId(of as u32),
                entry: self.out.program.len() as u32,
                request_bytes: 0,
                class: source.class,
                place: name_key(&path),
                request: RequestId(u32::MAX),
            });
            let work = self.law(work);
            self.op(Op::Cpu { work, of_request: false }, &path, "cpu#1");
            if reads.mean() > 0.0 {
                let count = self.law(reads);
                self.op(Op::Read { count, bytes: PAGE_BYTES }, &path, "disk_read#1");
            }
            // A replica reads as many pages, through a pool of its own.
            for step in &source.steps {
                if let What::Pages { table, count } = &step.what {
                    let op = self.pages(of, *table, count);
                    self.op(op, &path, "pages#1");
                }
            }
            self.op(Op::CommitApplied, &path, "commit");
            self.op(Op::End, &path, "end");
        }
    }

    fn pages(&mut self, service: usize, table: usize, count: &Law) -> Op {
        let mut pools = self.out.buffer_pools.iter();
        let pool = pools.find(|pool| pool.service.index() == service).expect("compiled before");
        let table = TableId((pool.tables.start + table) as u32);
        Op::Pages { table, count: self.law(count) }
    }

    fn op(&mut self, op: Op, path: &str, name: &str) {
        let place = name_key(&format!("{path}/{name}"));
        self.out.program.push(Instruction { op, place });
    }

    /// A proxy's program for what it passes on.
    fn pass(&mut self, service: usize, to: (usize, usize), path: &str) {
        let passing = self.site.services[service].parts.passing.as_ref().expect("a proxy");
        let work = self.law(&passing.connection);
        self.op(Op::Handshake { work }, path, "connection");
        let work = self.law(&passing.request);
        self.op(Op::Cpu { work, of_request: false }, path, "request");
        let call = self.call(service, to, Milestone::FirstByte);
        self.op(call, path, "call");
        let work = self.law(&passing.response);
        self.op(Op::Cpu { work, of_request: false }, path, "response");
        self.op(Op::Relay, path, "relay");
        self.op(Op::End, path, "end");
    }

    fn call(&self, from: usize, to: (usize, usize), until: Milestone) -> Op {
        let hop = self.routes.hop(self.site, from, to);
        let writes = self.site.services[to.0].parts.endpoints[to.1].writes;
        let [for_writes, for_reads] = self.views[from][hop.upstream];
        let upstream = UpstreamId(if writes { for_writes } else { for_reads });
        Op::Call { upstream, endpoint: EndpointId(hop.endpoint as u32), until }
    }

    /// Each step is known by its word, and by how often the word came before in its list: a step
    /// of another kind put in front moves nobody's luck.
    fn steps(&mut self, program: &Program, steps: &[Step], path: &str) {
        let words: Vec<String> = steps.iter().map(|step| word(&step.what)).collect();
        for (number, step) in steps.iter().enumerate() {
            let before = words[..number].iter().filter(|word| **word == words[number]).count();
            let name = format!("{}#{}", words[number], before + 1);
            self.step(program, &step.what, path, &name);
        }
    }

    fn step(&mut self, program: &Program, what: &What, path: &str, name: &str) {
        match what {
            What::Handshake(work) => {
                let work = self.law(work);
                self.op(Op::Handshake { work }, path, name);
            }
            What::Cpu { work, of_request } => {
                let work = self.law(work);
                self.op(Op::Cpu { work, of_request: *of_request }, path, name);
            }
            What::Wait(law) => {
                let law = self.law(law);
                self.op(Op::Wait { law }, path, name);
            }
            What::Read { count, bytes } => {
                let count = self.law(count);
                self.op(Op::Read { count, bytes: *bytes }, path, name);
            }
            What::Pages { table, count } => {
                let op = self.pages(program.service, *table, count);
                self.op(op, path, name);
            }
            What::File => {
                let files = FilesId(self.files[&(program.service, program.own)]);
                self.op(Op::File { files }, path, name);
            }
            What::Call(target) => {
                let to = target.found.expect("resolved");
                let call = self.call(program.service, to, Milestone::LastByte);
                self.op(call, path, name);
            }
            What::Fork { calls, copies } => self.fork(program, calls, *copies, path, name),
            What::Repeat { rounds, steps } => self.repeat(program, *rounds, steps, path, name),
            What::Branch { share, steps, otherwise } => {
                self.branch(program, *share, [steps, otherwise], path, name);
            }
            What::Commit => {
                let log = self.logs[program.service].expect("who commits has a log");
                self.op(Op::Commit { log: LogId(log), apply: program.apply }, path, name);
            }
            What::Respond(bytes) => {
                let bytes = self.law(bytes);
                self.op(Op::Respond { bytes, is_last: false }, path, name);
            }
            What::RespondFile => self.op(Op::RespondFile, path, name),
        }
    }

    fn fork(&mut self, program: &Program, calls: &[Target], copies: u32, path: &str, name: &str) {
        let fork = Op::Fork { calls: calls.len() as u16, copies: copies as u16 };
        self.op(fork, path, name);
        for (number, target) in calls.iter().enumerate() {
            let to = target.found.expect("resolved");
            let call = self.call(program.service, to, Milestone::LastByte);
            // The same service may be asked the same twice.
            let earlier = calls[..number].iter().filter(|other| other.found == target.found);
            let name =
                format!("{name}/{}.{}#{}", target.service, target.endpoint, earlier.count() + 1);
            self.op(call, path, &name);
        }
    }

    fn repeat(
        &mut self,
        program: &Program,
        rounds: Rounds,
        steps: &[Step],
        path: &str,
        name: &str,
    ) {
        let inner = format!("{path}/{name}");
        match rounds {
            Rounds::Fixed(count) => {
                for round in 0..count {
                    if round > 0 {
                        self.op(Op::Round, path, name);
                    }
                    self.steps(program, steps, &inner);
                }
            }
            Rounds::Chance(probability) => {
                let top = self.out.program.len();
                self.op(Op::Branch { share: of_2_32(probability), otherwise: 0 }, path, name);
                self.steps(program, steps, &inner);
                self.op(Op::Jump { to: top as u32 }, path, name);
                self.land(top);
            }
        }
    }

    fn branch(
        &mut self,
        program: &Program,
        share: f64,
        [steps, otherwise]: [&[Step]; 2],
        path: &str,
        name: &str,
    ) {
        let top = self.out.program.len();
        self.op(Op::Branch { share: of_2_32(share), otherwise: 0 }, path, name);
        self.steps(program, steps, &format!("{path}/{name}/steps"));
        if otherwise.is_empty() {
            self.land(top);
            return;
        }
        let leap = self.out.program.len();
        self.op(Op::Jump { to: 0 }, path, name);
        self.land(top);
        self.steps(program, otherwise, &format!("{path}/{name}/else"));
        self.land(leap);
    }

    /// Lets the jump at `from` go to where the next operation will be.
    fn land(&mut self, from: usize) {
        let here = self.out.program.len() as u32;
        match &mut self.out.program[from].op {
            Op::Branch { otherwise, .. } => *otherwise = here,
            Op::Jump { to } => *to = here,
            other => panic!("{other:?} does not jump"),
        }
    }
}

/// A probability in units of 2^-32; the whole is one unit short of certain.
fn of_2_32(share: f64) -> u32 {
    (share * 4_294_967_296.0) as u32
}

/// What a step is called within its list.
fn word(what: &What) -> String {
    let word = match what {
        What::Handshake(_) => "connection",
        What::Cpu { .. } => "cpu",
        What::Wait(_) => "wait",
        What::Read { .. } => "disk_read",
        What::Pages { .. } => "pages",
        What::File => "file",
        What::Call(target) => return format!("call {}.{}", target.service, target.endpoint),
        What::Fork { .. } => "parallel",
        What::Repeat { .. } => "repeat",
        What::Branch { .. } => "branch",
        What::Commit => "commit",
        What::Respond(_) => "respond",
        What::RespondFile => "respond_file",
    };
    word.to_owned()
}
