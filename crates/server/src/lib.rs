//! The HTTPS adapter around policy: TLS, routes, faces, store, audit log.
