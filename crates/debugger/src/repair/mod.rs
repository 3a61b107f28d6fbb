//! Other forms of what a request presents: the same credential in another header, without its quotes, written
//! as the specification has it. Each is judged again by the rules.

mod credential;
mod syntax;

use strongroom_contract::diagnosis::Change;

use crate::{exhibit::View, judge::Knowledge};

/// A request with another form of its credential.
pub(crate) struct Repaired<'v> {
    pub(crate) changes: Vec<Change>,
    pub(crate) view: View<'v>,
}

/// Every repair that changes something, the likeliest first.
pub(crate) fn repairs<'v>(view: &View<'v>, knowledge: &Knowledge<'_>) -> Vec<Repaired<'v>> {
    let mut out = syntax::repairs(view);
    out.extend(credential::repairs(view, knowledge));
    out
}

pub(crate) use self::credential::{presented_id, seen};
