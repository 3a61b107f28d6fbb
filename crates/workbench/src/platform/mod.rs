//! The local platform, from the side of the one who runs it: starting it, managing it over HTTPS
//! with the owner's key, and putting the keys that it issues into the vault.

mod allowlist;
mod export;
mod key_create;
mod key_rotate;
mod scenario;
mod serve;
mod throwaway;
mod trust;

pub use self::{
    allowlist::{allow_source, check_allowlist, grant_scope, merged_entries},
    export::{CheckedExport, Exported, export_to_file, proof_beside, verify_file},
    key_create::{Stored, create_and_store},
    key_rotate::{RotatedAndStored, rotate_and_store},
    scenario::{Play, Scenario, Staged, UnknownScenario},
    serve::{ServeOptions, serve},
    throwaway::{Handed, Part, RefusedRequest, Report, every_scope, with_platform},
    trust::{environment_lines, scenario_lines, trust_lines},
};
pub(crate) use self::{
    key_create::{create_then_store, item_of},
    key_rotate::rotate_then_store,
};
pub use crate::{manage::Platform, os::process::raise_open_files};

pub use strongroom_server::openapi;
