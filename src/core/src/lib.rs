//! Every byte of Xuefen that is signed, hashed or shown.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
pub mod hash;
pub use hash::Hash;
