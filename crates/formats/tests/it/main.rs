//! Files of ours and of others, read and written.

#[cfg(test)]
mod broken_yaml;
#[cfg(test)]
mod curl;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod http_file;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod saved;
#[cfg(test)]
mod schemes;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod support;
