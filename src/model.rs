//! The site as it runs. No word of any product here: products are presets over these nouns.

pub mod blueprint;
