//! A diagnosis as a document for a ticket. It holds nothing that the diagnosis does not, and that holds no secret.

mod html;
mod markdown;

pub use html::html;
pub use markdown::markdown;
