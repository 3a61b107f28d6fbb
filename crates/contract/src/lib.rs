//! The shapes that cross a border: the documents that `--json` prints, the frames of the agent's
//! socket, the bodies of the platform's management API, and the window's bridge.
//!
//! Pure data. Field names here are what scripts and the window see: renaming one is a breaking
//! change, and the snapshot tests of the command line fail.
//!
//! With the feature `typescript`, the types of the bridge can say what they are in TypeScript; they
//! are the same without it.

pub mod agent;
pub mod answer;
pub mod audit;
pub mod burst;
pub mod clients;
pub mod collection;
pub mod compose;
pub mod diagnosis;
pub mod error;
pub mod exchange;
pub mod explain;
pub mod export;
pub mod history;
pub mod jwt;
pub mod limits;
pub mod manage;
pub mod platform;
pub mod requests;
pub mod run;
pub mod scheme;
pub mod secret;
pub mod time;
pub mod vault;
pub mod window;
