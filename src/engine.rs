//! The clockwork: time, the queue of pending events, luck, slabs. It knows nothing of the web.

pub mod belts;
pub mod digest;
pub mod list;
pub mod luck;
pub mod maths;
pub mod memo;
pub mod queue;
pub mod ring;
pub mod sample;
pub mod slab;
pub mod time;
pub mod timeline;
