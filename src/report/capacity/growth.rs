//! What more machines bring, as a document.

use serde::Serialize;

use super::{Busy, Load, words::sized};

/// What more machines bring.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Growth {
    /// Each service at other sizes, by the utilisation law.
    pub services: Vec<Grown>,
    /// What is full next once the first bottlenecks are relieved, tried.
    #[cfg_attr(test, serde(default))]
    pub turns: Vec<Turn>,
    /// What to add next, one after the other.
    pub steps: Vec<Step>,
    /// Each service at several sizes, simulated, the one that is full first by itself first. None
    /// where no objective is missed.
    pub curves: Vec<Curves>,
}

/// A site in which the first bottlenecks never run out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Turn {
    /// These: `CPU of app-2`.
    pub relieved: Vec<String>,
    /// What is full next, by the utilisation law.
    pub next: String,
    /// At so many requests a second.
    pub full_at_per_s: f64,
    /// The load that was tried, near that. `None`: not simulated, for it is so high, or not measured.
    pub tried: Option<Load>,
    /// What was busiest then, as measured.
    pub busiest: Option<Busy>,
    /// Whether that is what the law says, or as busy within 2%, and at least 80% of it is in use.
    pub is_next: Option<bool>,
}

/// A service at several sizes, all else as it is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Curves {
    /// Which.
    pub service: String,
    /// By instances.
    pub wider: Vec<Sized>,
    /// By cores of each of its hosts.
    pub taller: Vec<Sized>,
}

impl Curves {
    /// Its name, a size in words, and what was found of it, one after the other.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, String, &Sized)> {
        let wider = self.wider.iter().map(|it| (it, "instance"));
        let taller = self.taller.iter().map(|it| (it, "core"));
        wider.chain(taller).map(|(it, of)| (self.service.as_str(), sized(it.size, of), it))
    }
}

/// One of its sizes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Sized {
    /// Instances, or cores.
    pub size: u32,
    /// The site's bound, requests a second.
    pub bound_per_s: Option<f64>,
    /// Where the first objective is missed, as simulated: about, low, high. `None`: not near there.
    pub missed_at: Option<[Load; 3]>,
}

/// A service made larger.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Grown {
    /// Which.
    pub service: String,
    /// Instances that there are.
    pub from: u32,
    /// With these and more instances.
    pub wider: Vec<Size>,
    /// With half, as many, one and a half times and twice the cores of each host.
    pub taller: Vec<Size>,
}

impl Grown {
    /// With half, as many, one and a half times and twice the cores, as far as there are such numbers.
    pub(super) fn by_cores(&self) -> [Option<&Size>; 4] {
        // Twice as many is the last, and always there; half and half as many again may not be.
        let Some((twice, rest)) = self.taller.split_last() else { return [None; 4] };
        let now = twice.size / 2;
        let of = |is: &dyn Fn(u32) -> bool| rest.iter().find(|it| is(it.size));
        [of(&|size| size < now), of(&|size| size == now), of(&|size| size > now), Some(twice)]
    }
}

/// What a service could serve at one of its sizes.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Size {
    /// Instances, or cores of each.
    pub size: u32,
    /// Requests a second at which the first of its own stations is full, whatever else is. `None`:
    /// it cannot be done, or nothing of it runs out.
    pub alone_per_s: Option<f64>,
    /// Of the whole site with it.
    pub site_per_s: Option<f64>,
}

/// One more of what runs out first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Step {
    /// `app: 5 instances`.
    pub what: String,
    /// What was the bottleneck before.
    pub relieves: String,
    /// The bound with it, requests a second.
    pub bound_per_s: f64,
    /// The load at which the first objective is missed with it, as simulated, about.
    pub missed_at: Option<Load>,
    /// Cost an hour with it; a machine with more cores is taken to cost as much more.
    pub cost_per_h: Option<f64>,
    /// So many steps before it, more of the same, are left out.
    pub skipped: u32,
}
