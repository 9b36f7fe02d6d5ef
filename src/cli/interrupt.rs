//! Ctrl-C: what is finished is kept.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Set by the first Ctrl-C: no further replication is begun, and those finished are reported. The
/// second one ends the program at once.
pub(super) fn on_interrupt() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    // Where signals cannot be caught, an interrupt ends the program: results are whole or absent.
    drop(ctrlc::set_handler(handler));
    interrupted
}
