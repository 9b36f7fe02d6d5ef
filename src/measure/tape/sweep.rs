//! Pages are over: what was added up in them goes to the parts of the window that they belong to.

use super::{Tape, highest, nth_part, pages::Page};
use crate::{engine::time::Instant, measure::tally::Tally};

impl Tape {
    /// Goes on to the page of this instant.
    #[cold]
    #[inline(never)]
    pub(super) fn turn_pages(&mut self, now: Instant) {
        self.take_in();
        while self.pages.is_over(now) {
            let page = self.pages.turn();
            self.sweep(page);
            self.watch.read_levels(page.end, &self.reserved, &mut self.tally);
            self.watch.read_batches(page.end, &self.reserved, &mut self.tally);
        }
    }

    fn sweep(&mut self, page: Page) {
        let Tally { shape, services, instances, hosts, upstreams, usage_ruler, .. } =
            &mut self.tally;
        let whole = shape.until.since(shape.from);
        let parts = usage_ruler.parts();
        for (crowd, service) in self.crowds.iter_mut().zip(&mut *services) {
            crowd.settle(page.end);
            match page.part {
                None => crowd.forget(),
                Some(_) => {
                    (service.in_system_max, service.waiting_max) =
                        (crowd.calls.highest, crowd.waiting.highest);
                }
            }
        }
        if page.end == shape.from {
            self.in_flight_max = self.in_flight_max.max(self.in_flight);
        }
        for ((station, instance), own) in
            self.stations.iter_mut().zip(instances).zip(&shape.instances)
        {
            let load = station.sweep(page, whole, instance);
            if let Some(part) = page.part.filter(|_| load.in_system > 0) {
                nth_part(&mut services[own.service as usize].load_by_part, part, parts).add(load);
            }
        }
        for (runnable, host) in self.runnable.iter_mut().zip(hosts) {
            let (swept, _) = runnable.sweep(page.end);
            if let Some(part) = page.part {
                host.runnable.add(part, swept);
            }
        }
        let queued = self.queued.iter_mut().zip(&mut self.queued_max);
        for ((queued, most), upstream) in queued.zip(upstreams) {
            let (swept, over) = queued.sweep(page.end);
            *most = highest(*most, over);
            match page.part {
                None => *most = 0,
                Some(_) => upstream.queued_max = *most,
            }
            if let Some(part) = page.part.filter(|_| swept.area > 0) {
                upstream.queued_area += u128::from(swept.area);
                *nth_part(&mut upstream.queued_by_part, part, parts) += swept.area;
            }
        }
    }
}
