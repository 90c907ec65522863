//! What may enter the ledger, and what follows from it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
