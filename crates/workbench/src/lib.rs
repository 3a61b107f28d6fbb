//! The use cases, one file each: session, agent, platform handle, sending; clock, keyring, operating system.
