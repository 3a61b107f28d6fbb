//! The agent's protocol: what the vault's owner process and its clients say to each other.
//!
//! A frame is a little-endian `u32` length and that many bytes of JSON. A client sends
//! [`Request`]s; each is answered by any number of [`Reply::Progress`] and one [`Reply::Ok`] or
//! [`Reply::Err`] with the same `id`. The first request is [`Hello`]. [`Cancel`] stops another
//! request of the same connection, and so does closing the connection.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    burst::{BurstArgs, BurstReport, BurstSample},
    collection::{
        Collection, EnvironmentView, FolderArgs, MoveEntry, NewFolder, PathArgs, Placed,
        RemovedEntry, SaveEnvironment, SaveRequest, SavedRequest,
    },
    compose::{Composed, ComposedPreview, ComposedSend},
    diagnosis::{Diagnosis, Exhibit},
    error::Failure,
    exchange::{Exchange, Preview, SendRequest, SignArgs, SignedRequest},
    history::{
        Comparison, HistoryCompareArgs, HistoryEntry, HistoryFilter, HistoryId, HistoryPage,
        HistoryRemoveArgs, HistoryRemoved, HistoryRestored, SentElsewhere,
    },
    jwt::{JwtReport, JwtVerifyArgs},
    run::{RunArgs, RunReport, RunStep},
    secret::Revealed,
    time::UnixMillis,
    vault::{
        EditKey, Enrolled, Enrolment, EnrolmentStarted, HeldCertificate, ItemList, ItemView,
        NewKey, Unlocked, VaultStatus, Verification,
    },
};

/// The protocol's version: `v` of every frame.
pub const VERSION: u32 = 1;
/// The longest frame that is accepted, in bytes.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;

/// A request from a client.
#[derive(Serialize, Deserialize)]
pub struct Request {
    /// [`VERSION`].
    pub v: u32,
    /// Chosen by the client, unique among its requests under way.
    pub id: u64,
    /// [`Operation::NAME`].
    pub op: String,
    /// [`Operation::Args`].
    pub args: Box<RawValue>,
}

/// An answer from the owner.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "ReplyFields")]
pub enum Reply {
    /// Still at work.
    Progress {
        /// [`VERSION`].
        v: u32,
        /// The request's id.
        id: u64,
        /// How far it is.
        progress: Progress,
    },
    /// Done.
    Ok {
        /// [`VERSION`].
        v: u32,
        /// The request's id.
        id: u64,
        /// [`Operation::Output`].
        result: Box<RawValue>,
    },
    /// Failed.
    Err {
        /// [`VERSION`].
        v: u32,
        /// The request's id.
        id: u64,
        /// Why.
        error: Failure,
    },
}

/// A [`Reply`] as it is read: serde's tagged enums cannot hold a [`RawValue`].
#[derive(Deserialize)]
struct ReplyFields {
    kind: ReplyKind,
    v: u32,
    id: u64,
    #[serde(default)]
    progress: Option<Progress>,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReplyKind {
    Progress,
    Ok,
    Err,
}

impl TryFrom<ReplyFields> for Reply {
    type Error = &'static str;

    fn try_from(fields: ReplyFields) -> Result<Self, Self::Error> {
        let ReplyFields { v, id, .. } = fields;
        match (fields.kind, fields.progress, fields.result, fields.error) {
            (ReplyKind::Progress, Some(progress), _, _) => Ok(Self::Progress { v, id, progress }),
            (ReplyKind::Ok, _, Some(result), _) => Ok(Self::Ok { v, id, result }),
            (ReplyKind::Err, _, _, Some(error)) => Ok(Self::Err { v, id, error }),
            _ => Err("a reply without what its kind promises"),
        }
    }
}

/// How far long work is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, such as `deriving the key`.
    pub stage: String,
    /// How many units are done.
    pub done: u64,
    /// How many there are; absent if unknown.
    pub total: Option<u64>,
    /// What has just come about, for operations that tell more than how far they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
}

/// What comes about while an operation is at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A request of a run is done.
    RunStep(Box<RunStep>),
    /// A burst goes on.
    BurstSample(BurstSample),
}

/// One operation of the owner.
pub trait Operation {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it takes.
    type Args: Serialize + DeserializeOwned;
    /// What it answers.
    type Output: Serialize + DeserializeOwned;
}

macro_rules! operations {
    ($($(#[$doc:meta])+ $name:ident = $wire:literal: $args:ty => $output:ty;)+) => {
        $(
            $(#[$doc])+
            #[derive(Debug)]
            pub struct $name;

            impl Operation for $name {
                const NAME: &'static str = $wire;
                type Args = $args;
                type Output = $output;
            }
        )+

        /// The names of every operation, in the order of their declaration.
        pub const OPERATIONS: &[&str] = &[$($wire),+];
    };
}

operations! {
    /// The handshake, first on every connection.
    Hello = "hello": HelloArgs => Welcome;
    /// Stops another request of this connection.
    Cancel = "cancel": CancelArgs => Nothing;
    /// The vault's status.
    Status = "status": Nothing => VaultStatus;
    /// Begins to create a vault: answers with what to scan. The draft lives as long as the
    /// connection.
    CreateBegin = "vault.create.begin": Enrolment => EnrolmentStarted;
    /// Creates the vault of the draft. With a code, the table starts at its step and the code is
    /// spent; without, it starts at the current step.
    CreateFinish = "vault.create.finish": EnrolFinish => Enrolled;
    /// Begins to recover a vault with its recovery code: new passphrase, device secret, seed.
    RecoverBegin = "vault.recover.begin": RecoverArgs => EnrolmentStarted;
    /// Finishes the recovery that was begun on this connection, as [`CreateFinish`] does.
    RecoverFinish = "vault.recover.finish": EnrolFinish => Enrolled;
    /// Opens the vault.
    Unlock = "vault.unlock": UnlockArgs => Unlocked;
    /// Closes the vault; every key goes from memory.
    Lock = "vault.lock": Nothing => VaultStatus;
    /// Checks the file: structure and checksums while locked, everything while unlocked.
    Verify = "vault.verify": Nothing => Verification;
    /// Checks whether a key of this name could be added now: unlocked, writable, name free.
    KeyCheck = "key.check": KeyName => Nothing;
    /// Adds an API key.
    KeyAdd = "key.add": NewKey => ItemView;
    /// Lists the items.
    KeyList = "key.list": Nothing => ItemList;
    /// Shows one item without its secret.
    KeyShow = "key.show": KeyName => ItemView;
    /// Shows a certificate: names, issuer, dates.
    KeyCertificate = "key.certificate": KeyName => HeldCertificate;
    /// Replaces what is known of an API key beside its secret.
    KeyEdit = "key.edit": KeyEditArgs => ItemView;
    /// Changes what the scheme of an API key is told beside its secret.
    KeySet = "key.set": KeySetArgs => ItemView;
    /// Adds a version of an API key's secret, which takes over; the one before it is kept.
    KeyRenew = "key.renew": KeyRenewArgs => ItemView;
    /// Removes an item and all its versions. Asked for by the window, it is hidden at once and
    /// removed a little later, or when the vault is locked: until then, [`KeyRestore`] undoes it.
    KeyRemove = "key.remove": KeyName => ItemView;
    /// Undoes a removal that was asked for by the window a moment ago.
    KeyRestore = "key.restore": KeyName => ItemView;
    /// Reveals one field of an item: needs the reveal grant.
    Read = "read": ReadArgs => Value;
    /// Signs and sends a request: needs the use grant, and the item's allowed hosts.
    Send = "send": SendRequest => Exchange;
    /// Shows how a request would be signed, without its secret and without sending it.
    RequestPreview = "request.preview": SendRequest => Preview;
    /// Signs a request and gives it back: needs the use grant, and the item's allowed hosts. A secret
    /// that would stand in it is replaced by its reference.
    RequestSign = "request.sign": SignArgs => SignedRequest;
    /// Fills in a composed request's placeholders, signs and sends it, as [`Send`] does.
    ComposedSendNow = "composed.send": ComposedSend => Exchange;
    /// Shows the very bytes of a composed request, with its secrets masked, or what keeps it from being
    /// sent.
    ComposedShow = "composed.preview": ComposedSend => ComposedPreview;
    /// Lists what was sent, the newest first. Needs the open vault, as all of the history does.
    HistoryList = "history.list": HistoryFilter => HistoryPage;
    /// One entry of the history, whole.
    HistoryGet = "history.get": HistoryId => HistoryEntry;
    /// Puts into the history what a program sent by itself, without anything of the vault.
    HistoryKeep = "history.keep": SentElsewhere => Nothing;
    /// Removes entries of the history from its file. Until the vault is locked, [`HistoryRestore`] puts
    /// the newest of them back.
    HistoryRemove = "history.remove": HistoryRemoveArgs => HistoryRemoved;
    /// Puts entries back that were removed a moment ago.
    HistoryRestore = "history.restore": HistoryRemoveArgs => HistoryRestored;
    /// Removes the whole history for good.
    HistoryClear = "history.clear": Nothing => HistoryRemoved;
    /// An entry's request, ready to be sent again or changed.
    HistoryResend = "history.resend": HistoryId => Composed;
    /// How the answers of two entries differ.
    HistoryCompare = "history.compare": HistoryCompareArgs => Comparison;
    /// What a folder of requests holds. Needs no vault, as all of a collection does not.
    CollectionList = "collection.list": FolderArgs => Collection;
    /// One saved request.
    CollectionLoad = "collection.load": PathArgs => SavedRequest;
    /// Saves a request, unless its file was changed since it was loaded.
    CollectionSave = "collection.save": SaveRequest => Placed;
    /// Makes a copy of a request beside it.
    CollectionDuplicate = "collection.duplicate": PathArgs => SavedRequest;
    /// Renames or moves a request or folder.
    CollectionMove = "collection.move": MoveEntry => Placed;
    /// Removes a request or folder; the answer puts it back.
    CollectionRemove = "collection.remove": PathArgs => RemovedEntry;
    /// Puts back what was removed.
    CollectionRestore = "collection.restore": RemovedEntry => Nothing;
    /// Makes a folder in the folder at `path`, called `name`.
    CollectionNewFolder = "collection.new_folder": NewFolder => Placed;
    /// One environment of a folder.
    EnvironmentLoad = "environment.load": PathArgs => EnvironmentView;
    /// Saves an environment, unless its file was changed since it was loaded.
    EnvironmentSave = "environment.save": SaveEnvironment => Placed;
    /// Says why a request failed, by a key of the vault: what is wrong with it, and what would make it
    /// match. No secret leaves the owner.
    Explain = "request.explain": ExplainArgs => Diagnosis;
    /// The same of a request of the history, which is judged at the time at which it was sent.
    ExplainPast = "history.explain": ExplainPastArgs => Diagnosis;
    /// Checks a JSON Web Token with a key of the vault. No secret leaves the owner.
    JwtVerify = "jwt.verify": JwtVerifyArgs => JwtReport;
    /// Sends the requests of a folder in order. Each that is done is told as [`Event::RunStep`].
    RunStart = "run.start": RunArgs => RunReport;
    /// Sends one request many times over. How it goes is told as [`Event::BurstSample`].
    BurstStart = "burst.start": BurstArgs => BurstReport;
    /// Says that a person is here: the time until the vault locks itself begins anew.
    SessionTouch = "session.touch": Nothing => Nothing;
    /// Locks the vault and ends the owner, so that another process can take its place. An owner with
    /// a window refuses.
    Retire = "owner.retire": Nothing => Nothing;
}

/// No arguments, or nothing to answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// The client's side of the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloArgs {
    /// The program that calls, for Activity.
    pub client: String,
}

/// The owner's side of the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The protocol's version.
    pub protocol: u32,
    /// The owner's version, such as `0.1.0`.
    pub version: String,
    /// The owner's process id.
    pub pid: u32,
}

/// Which request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelArgs {
    /// Its id.
    pub id: u64,
}

/// Finishes an enrolment.
#[derive(Serialize, Deserialize)]
pub struct EnrolFinish {
    /// The code that the authenticator shows; absent if none is asked for.
    pub code: Option<Revealed>,
    /// Whether the vault is opened right away, without another code.
    #[serde(default)]
    pub open: bool,
}

/// Begins a recovery.
#[derive(Serialize, Deserialize)]
pub struct RecoverArgs {
    /// The recovery code as it was typed.
    pub recovery_code: Revealed,
    /// The new factors.
    pub enrolment: Enrolment,
    /// Whether a copy older than the newest one seen is accepted.
    #[serde(default)]
    pub accept_older: bool,
}

/// Opens the vault.
#[derive(Serialize, Deserialize)]
pub struct UnlockArgs {
    /// The passphrase.
    pub passphrase: Revealed,
    /// The code.
    pub code: Revealed,
    /// Replaces the clock for the choice of the code's step only.
    pub at: Option<UnixMillis>,
    /// Whether other programs may have secrets revealed until the vault is locked.
    pub allow_read: bool,
    /// Whether a copy older than the newest one seen is accepted.
    pub accept_older: bool,
}

/// Names an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyName {
    /// Its name or id.
    pub name: String,
}

/// Replaces what is known of an API key beside its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEditArgs {
    /// Its name or id.
    pub name: String,
    /// What it is to be.
    pub key: EditKey,
}

/// Changes what the scheme of an API key is told beside its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySetArgs {
    /// Its name or id.
    pub name: String,
    /// The scheme that it has from now on; the one that it has if absent. What another scheme does not
    /// know goes.
    pub scheme: Option<String>,
    /// Settings by name, in the place of those that are there.
    pub set: BTreeMap<String, String>,
    /// The names of settings that go.
    pub unset: Vec<String>,
}

/// A request that failed, and the key that it should be made with.
#[derive(Serialize, Deserialize)]
pub struct ExplainArgs {
    /// The request.
    pub exhibit: Exhibit,
    /// The item's name or id.
    pub key: String,
    /// The scheme that it should be signed with; the item's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
}

/// A request of the history, and the key that it should be made with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainPastArgs {
    /// The entry's id.
    pub id: u64,
    /// The item's name or id; the one that it was sent with if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The scheme that it should be signed with; the one that it was sent with if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
}

/// Adds a version of an API key's secret.
#[derive(Serialize, Deserialize)]
pub struct KeyRenewArgs {
    /// Its name or id.
    pub name: String,
    /// The new secret.
    pub secret: Revealed,
}

/// Names a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadArgs {
    /// `sr://NAME/FIELD`.
    pub reference: String,
}

/// A field's value.
#[derive(Serialize, Deserialize)]
pub struct Value {
    /// The value.
    pub value: Revealed,
}
