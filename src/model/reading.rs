//! Reads: what a program gets from disk, one after the other, or from the memory in front of it.

use super::{
    blueprint::{FilesId, LawId, Op, Table, TableId},
    call::NONE,
    event::Event,
    network::disk_of,
    run::Run,
};
use crate::{
    engine::{luck::mix, slab::Key},
    measure::recorder::Recorder,
};

impl<R: Recorder> Run<'_, R> {
    /// So many reads, one after the other. Whether the call has to wait.
    pub(super) fn read_disk(&mut self, key: Key, count: LawId, bytes: u32) -> bool {
        if !self.hold_loop(key) {
            return true;
        }
        let here = self.here(key);
        let attempt = self.site.calls[key].attempt_key;
        if self.site.calls[key].rest.reads == 0 {
            let count = self.draw_law(count, attempt, here) as u32;
            if count == 0 {
                self.site.calls[key].pc += 1;
                return false;
            }
            self.site.calls[key].rest.reads = count;
        }
        let call = &self.site.calls[key];
        let host = self.plan.instances[call.instance as usize].host;
        let word = self.site.draw(attempt, mix(here, u64::from(call.rest.reads)));
        let read = disk_of(self.plan, host).read;
        let end = self.disk(host, read, word, u64::from(bytes));
        self.site.line.at(end, Event::Resume { call: key });
        true
    }

    /// Picks a file by the request's luck. Whether the call has to wait for the disk.
    pub(super) fn read_file(&mut self, key: Key, files: FilesId) -> bool {
        if !self.hold_loop(key) {
            return true;
        }
        let here = self.here(key);
        let (request, attempt) = {
            let call = &self.site.calls[key];
            (call.request_key, call.attempt_key)
        };
        let population = &self.plan.files[files.index()];
        let rank = self.draw_law(population.popularity, request, here) as u32;
        let rank = rank.min(population.count - 1);
        let bytes = population.bytes[rank as usize];
        let call = &mut self.site.calls[key];
        call.bytes = bytes;
        let host = self.plan.instances[call.instance as usize].host;
        if self.is_cached(host, files, rank) {
            self.site.calls[key].pc += 1;
            return false;
        }
        self.site.calls[key].rest.file = rank;
        let word = self.site.draw(attempt, here);
        let read = disk_of(self.plan, host).read;
        let end = self.disk(host, read, word, u64::from(bytes));
        self.site.line.at(end, Event::Resume { call: key });
        true
    }

    /// Reads pages by the request's luck. Whether the call has to wait for the disk.
    pub(super) fn read_pages(&mut self, key: Key, table: TableId, count: LawId) -> bool {
        if !self.hold_loop(key) {
            return true;
        }
        let here = self.here(key);
        let call = &self.site.calls[key];
        let (request, attempt, instance) = (call.request_key, call.attempt_key, call.instance);
        let mut left = call.rest.reads;
        if left == 0 {
            left = self.draw_law(count, request, here) as u32;
        }
        while left > 0 {
            let place = mix(here, u64::from(left));
            let Table { popularity, pages, page_bytes, .. } = self.plan.tables[table.index()];
            let rank = (self.draw_law(popularity, request, place) as u32).min(pages - 1);
            if self.is_pooled(instance, table, rank) {
                left -= 1;
                continue;
            }
            let rest = &mut self.site.calls[key].rest;
            (rest.reads, rest.file) = (left, rank);
            let host = self.plan.instances[instance as usize].host;
            let word = self.site.draw(attempt, place);
            let read = disk_of(self.plan, host).read;
            let end = self.disk(host, read, word, u64::from(page_bytes));
            self.site.line.at(end, Event::Resume { call: key });
            return true;
        }
        let call = &mut self.site.calls[key];
        call.rest.reads = 0;
        call.pc += 1;
        false
    }

    /// A file or a page has come from disk.
    pub(super) fn is_read(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        let rank = std::mem::replace(&mut call.rest.file, NONE);
        let instance = call.instance;
        match self.plan.program[call.pc as usize].op {
            Op::File { files } => {
                call.pc += 1;
                let host = self.plan.instances[instance as usize].host;
                self.cache_file(host, files, rank);
            }
            Op::Pages { table, .. } => {
                call.rest.reads -= 1;
                call.pc += u32::from(call.rest.reads == 0);
                self.pool_page(instance, table, rank);
            }
            _ => unreachable!("what is read has its operation"),
        }
    }
}
