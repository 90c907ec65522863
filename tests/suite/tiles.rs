//! The public log from outside: tiles over plain HTTP, the same as files, mirrors of both, and the audit of what they show.
//! What is right is worked out here from the words of RFC 6962 and tlog-tiles, with nothing of the product.

mod commands;
mod fetch;
mod naive;
mod server;
