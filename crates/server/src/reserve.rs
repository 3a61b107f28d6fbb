//! Random bytes for ids and nonces, a reserve for each thread.

use std::cell::RefCell;

use strongroom_crypto::random::Reserve;

thread_local! {
    static RESERVE: RefCell<Reserve> = const { RefCell::new(Reserve::new()) };
}

/// Lends this thread's reserve to `work`, which must not ask for it again.
pub(crate) fn with_reserve<T>(work: impl FnOnce(&mut Reserve) -> T) -> T {
    RESERVE.with(|reserve| match reserve.try_borrow_mut() {
        Ok(mut reserve) => work(&mut reserve),
        Err(_) => work(&mut Reserve::new()),
    })
}
