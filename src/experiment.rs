//! Replications and whole experiments; the only place with threads.
