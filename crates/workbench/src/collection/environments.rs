//! One environment.

use strongroom_contract::{
    collection::{EnvironmentView, PathArgs, Placed, SaveEnvironment},
    error::{ErrorCode, Failure},
};
use strongroom_formats::{
    Environment,
    layout::Names,
    saved::{self, ENVIRONMENTS},
    secrets,
    template::is_name,
};

use super::{joined, names_in, unwritable, write};
use crate::folder::Folder;

/// Loads an environment.
///
/// # Errors
///
/// `NotFound`; `Usage` with line and column if its file is malformed.
pub(crate) fn load(args: &PathArgs) -> Result<EnvironmentView, Failure> {
    let loaded = Folder::open(&args.folder)?.environment_at(&args.path)?;
    Ok(EnvironmentView {
        path: args.path.clone(),
        name: loaded.content.name,
        production: loaded.content.production,
        variables: loaded.content.variables,
        version: Some(loaded.version),
    })
}

/// Saves an environment: over its file, or as a new one. A value that looks like a secret is refused: it
/// belongs into the vault.
///
/// # Errors
///
/// `Conflict` if the file was changed since it was loaded; `Refused` for a secret; `Usage` for a name.
pub(crate) fn save(args: SaveEnvironment) -> Result<Placed, Failure> {
    let folder = Folder::open(&args.folder)?;
    let view = args.environment;
    for (name, value) in &view.variables {
        let plain = name.strip_prefix("secret:").unwrap_or(name);
        if !is_name(plain) {
            return Err(Failure::new(
                ErrorCode::Usage,
                format!("{name:?} can't be a variable's name"),
            )
            .hint("use letters, digits, '_', '-' and '.'"));
        }
        let is_template = value.contains("{{") || value.starts_with("sr://");
        if !is_template && secrets::kind_of(name, value).is_some() {
            return Err(Failure::new(
                ErrorCode::Refused,
                format!(
                    "the value of {name} looks like a secret, and this file is not for secrets"
                ),
            )
            .hint("put it into the vault, and set the variable to sr://NAME/secret"));
        }
    }
    let path = if view.path.is_empty() {
        let above = folder.place(ENVIRONMENTS)?;
        std::fs::create_dir_all(&above).map_err(|error| unwritable(ENVIRONMENTS, &error))?;
        let taken = names_in(&folder, ENVIRONMENTS)?;
        let mut names = Names::beside(taken.iter().map(String::as_str));
        joined(ENVIRONMENTS, &names.environment(&view.name))
    } else {
        view.path
    };
    let text = saved::write_environment(&Environment {
        name: view.name,
        production: view.production,
        variables: view.variables,
    });
    let version = write(&folder, &path, &text, view.version.as_deref())?;
    Ok(Placed {
        path,
        version: Some(version),
    })
}
