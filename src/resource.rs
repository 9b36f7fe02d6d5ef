//! The stations of a simulation: anything with a capacity and a queue.
