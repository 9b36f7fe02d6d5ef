//! The scenario language: parsed, checked whole, compiled to a blueprint.
