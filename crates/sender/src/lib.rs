//! Sends a finished request and reports what happened on the wire.
