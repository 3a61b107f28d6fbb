//! Pure: a request as bytes, its canonical forms, sign and verify, with every step shown.
