//! Files of ours and of others, read and written.

#[cfg(test)]
mod saved;
#[cfg(test)]
mod support;
