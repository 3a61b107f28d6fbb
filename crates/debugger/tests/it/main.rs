//! The debugger over whole requests: the corpus, secrets in every place, and what nobody would send.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod case;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod hostile;
