//! One saved request.

use strongroom_contract::{
    collection::{PathArgs, Placed, SaveRequest, SavedRequest},
    error::Failure,
};
use strongroom_formats::{
    layout::Names,
    saved::{self, REQUEST_SUFFIX},
};

use super::{joined, names_in, parted, write};
use crate::folder::{Folder, convert};

/// Loads a request.
///
/// # Errors
///
/// [`ErrorCode::NotFound`](strongroom_contract::error::ErrorCode::NotFound); `Usage` with line and column
/// if its file is malformed.
pub(crate) fn load(args: &PathArgs) -> Result<SavedRequest, Failure> {
    let loaded = Folder::open(&args.folder)?.request(&args.path)?;
    Ok(SavedRequest {
        path: args.path.clone(),
        request: convert::composed(loaded.content),
        version: loaded.version,
    })
}

/// Saves a request: over its file, or as a new one in a folder.
///
/// # Errors
///
/// `Conflict` if the file was changed since it was loaded; `Usage` if the request makes no sense.
pub(crate) fn save(args: SaveRequest) -> Result<Placed, Failure> {
    let folder = Folder::open(&args.folder)?;
    let request = convert::saved(args.request)?;
    let path = if args.path.ends_with(REQUEST_SUFFIX) {
        args.path
    } else {
        let taken = names_in(&folder, &args.path)?;
        let mut names = Names::beside(taken.iter().map(String::as_str));
        joined(&args.path, &names.request(&request.name))
    };
    let text = saved::write_request(&request);
    let version = write(&folder, &path, &text, args.version.as_deref())?;
    Ok(Placed {
        path,
        version: Some(version),
    })
}

/// Makes a copy of a request beside it.
///
/// # Errors
///
/// As [`load`] and [`save`].
pub(crate) fn duplicate(args: &PathArgs) -> Result<SavedRequest, Failure> {
    let folder = Folder::open(&args.folder)?;
    let mut copy = folder.request(&args.path)?.content;
    copy.name = format!("{} (copy)", copy.name);
    let (above, _) = parted(&args.path);
    let taken = names_in(&folder, above)?;
    let path = joined(
        above,
        &Names::beside(taken.iter().map(String::as_str)).request(&copy.name),
    );
    let version = write(&folder, &path, &saved::write_request(&copy), None)?;
    Ok(SavedRequest {
        path,
        request: convert::composed(copy),
        version,
    })
}
