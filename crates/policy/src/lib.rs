//! Pure: the platform's rules. Key record, request facts, now and state give a decision and a trace.
