//! Ctrl-C, or the end that a job runner announces: what is finished is kept.

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag::{register, register_conditional_shutdown},
};
use std::sync::{Arc, atomic::AtomicBool};

use super::exit::Exit;

/// Set by the first Ctrl-C (or `SIGTERM`): no further replication is begun, and those finished are reported. The
/// second one ends the program at once.
pub(super) fn on_interrupt() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: what the flag is before the signal sets it decides. Where signals cannot be caught, they end
        // the program: results are whole or absent.
        let code = i32::from(Exit::Interrupted.code());
        let second = register_conditional_shutdown(signal, code, Arc::clone(&interrupted));
        drop(second.and_then(|_| register(signal, Arc::clone(&interrupted))));
    }
    interrupted
}
