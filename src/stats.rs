//! Numbers in, numbers out: intervals over replications.
