//! The three names that the module exports, and the one buffer behind them (docs/adr/0022).
//!
//! The page reserves room for a request, writes it there, asks for the answer and reads it from the same place. Lengths and
//! places are numbers; no pointer is followed on this side, so nothing here needs an unsafe block.

use std::sync::Mutex;

/// The request, then its answer. WebAssembly gives a module one thread; the lock is what safe Rust asks for.
static EXCHANGE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn with_exchange<T>(act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    act(&mut EXCHANGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Makes room for a request of `length` bytes and says where it is to be written.
#[allow(unsafe_code, reason = "an exported name; there is no unsafe block")]
#[unsafe(no_mangle)]
pub extern "C" fn xuefen_request(length: usize) -> *mut u8 {
    with_exchange(|exchange| {
        *exchange = vec![0; length];
        exchange.as_mut_ptr()
    })
}

/// Answers the request that was written; the length of the answer.
#[allow(unsafe_code, reason = "an exported name; there is no unsafe block")]
#[unsafe(no_mangle)]
pub extern "C" fn xuefen_answer() -> usize {
    with_exchange(|exchange| {
        *exchange = crate::answer(exchange);
        exchange.len()
    })
}

/// Where the answer is. Good until the next call.
#[allow(unsafe_code, reason = "an exported name; there is no unsafe block")]
#[unsafe(no_mangle)]
pub extern "C" fn xuefen_place() -> *const u8 {
    with_exchange(|exchange| exchange.as_ptr())
}
