//! Watching a log from outside, for whoever cannot afford not to know: that it grows and does nothing else, that its
//! witnesses still see it, that everybody is shown the same, and that nobody speaks in one's own name.
//!
//! What is found is an [`Alert`]; whom it wakes is the command's affair. Everything is judged by [`crate::mirror`]'s proofs;
//! a source that cannot be read is an alert of its own and never "all is well".

mod alert;
mod known;
mod look;
mod own;
mod state;

#[cfg(test)]
mod tests;

pub use alert::{Alert, Code};
pub use known::{Known, KnownError};
pub use look::{Monitor, Seen, Watch};
