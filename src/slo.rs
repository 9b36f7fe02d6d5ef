//! Objectives: what was promised, what was counted, and whether the promise is kept.

mod bad;
mod budget;
pub mod difference;
pub mod evidence;
mod few;
pub mod gate;
pub mod objective;
pub mod one_run;
mod rare;
pub mod recorded;
pub mod recovery;
pub mod sides;
mod stretch;
mod sum;
mod tail;
pub mod versus;
