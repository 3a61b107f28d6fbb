//! Every operation of the protocol, and what it does.

use std::sync::Arc;

use serde_json::value::RawValue;
use strongroom_contract::{
    agent::{
        BurstStart, CollectionDuplicate, CollectionList, CollectionLoad, CollectionMove,
        CollectionNewFolder, CollectionRemove, CollectionRestore, CollectionSave, ComposedSendNow,
        ComposedShow, CreateBegin, CreateFinish, EnrolFinish, EnvironmentLoad, EnvironmentSave,
        Event, Explain, ExplainPast, Hello, HistoryClear, HistoryCompare, HistoryGet, HistoryKeep,
        HistoryList, HistoryRemove, HistoryResend, HistoryRestore, JwtVerify, KeyAdd,
        KeyCertificate, KeyCheck, KeyEdit, KeyList, KeyRemove, KeyRenew, KeyRestore, KeySet,
        KeyShow, Lock, Nothing, Operation, Progress, Read, RecoverBegin, RecoverFinish,
        RequestPreview, RequestSign, Retire, RunStart, Send, SessionTouch, Status, Unlock, Verify,
    },
    burst::BurstSample,
    compose::{Composed, ComposedSend},
    error::{ErrorCode, Failure},
    exchange::Exchange,
    history::{HistoryId, SentElsewhere},
    vault::Enrolled,
};
use strongroom_crypto::SecretText;
use strongroom_sender::Phase;

use crate::{
    activity::Act,
    agent::{
        Owner,
        connection::{Outbox, Peer},
    },
    cancel::Cancellation,
    collection, explain,
    frames::{self, Encoded, RequestFrame},
    history::{self, Kept},
    jwt, keys,
    os::clock,
    read,
    runs::Runner,
    send::{self, Filled, Redaction, Signer},
    session::{Caller, Draft, Session, Work},
    verify,
};

/// Carries out one request and makes the frame of its answer.
pub(super) async fn answer(
    body: &[u8],
    owner: &Arc<Owner>,
    peer: &Arc<Peer>,
    cancellation: &Cancellation,
    outbox: &Outbox,
) -> Result<Encoded, Failure> {
    let request: RequestFrame<'_> =
        serde_json::from_slice(body).map_err(|error| frames::malformed(&error))?;
    let call = Call {
        id: request.id,
        args: request.args,
        owner,
        peer,
        cancellation,
        outbox,
    };
    match request.op.as_ref() {
        Status::NAME => call.block::<Status>(|session, _, _| session.status()).await,
        CreateBegin::NAME => call.begin::<CreateBegin>(Session::begin_creation).await,
        RecoverBegin::NAME => call.begin::<RecoverBegin>(Session::begin_recovery).await,
        CreateFinish::NAME => call.finish::<CreateFinish>(CreateBegin::NAME).await,
        RecoverFinish::NAME => call.finish::<RecoverFinish>(RecoverBegin::NAME).await,
        Unlock::NAME => {
            if peer.caller == Caller::Window {
                // A recovery that was begun has the file for itself; a person who unlocks instead
                // has given it up.
                peer.drop_draft();
            }
            call.block::<Unlock>(|session, args, work| session.unlock(args, work))
                .await
        }
        Lock::NAME => {
            call.block::<Lock>(|session, _, work| session.lock(&work.client))
                .await
        }
        Verify::NAME => {
            call.block::<Verify>(|session, _, _| verify::verify(session))
                .await
        }
        KeyCheck::NAME => {
            call.block::<KeyCheck>(|session, args, _| keys::check(session, &args))
                .await
        }
        KeyAdd::NAME => call.block::<KeyAdd>(keys::add).await,
        KeyList::NAME => {
            call.block::<KeyList>(|session, _, _| keys::list(session))
                .await
        }
        KeyShow::NAME => {
            call.block::<KeyShow>(|session, args, _| keys::show(session, &args))
                .await
        }
        KeyCertificate::NAME => {
            call.block::<KeyCertificate>(|session, args, _| keys::certificate(session, &args))
                .await
        }
        KeyRemove::NAME => {
            call.block::<KeyRemove>(|session, args, work| keys::remove(session, &args, work))
                .await
        }
        KeyEdit::NAME => call.block::<KeyEdit>(keys::edit).await,
        KeySet::NAME => call.block::<KeySet>(keys::set).await,
        KeyRenew::NAME => call.block::<KeyRenew>(keys::renew).await,
        KeyRestore::NAME => {
            call.block::<KeyRestore>(|session, args, work| keys::restore(session, &args, work))
                .await
        }
        RequestPreview::NAME => {
            call.block::<RequestPreview>(|session, args, _| send::preview(session, &args))
                .await
        }
        Explain::NAME => {
            call.block::<Explain>(|session, args, work| explain::with_key(session, &args, work))
                .await
        }
        ExplainPast::NAME => {
            call.block::<ExplainPast>(|session, args, work| {
                let entry = history::show(session, HistoryId { id: args.id })?;
                explain::past(session, &entry, &args, work)
            })
            .await
        }
        JwtVerify::NAME => call.block::<JwtVerify>(jwt::verify).await,
        SessionTouch::NAME => {
            call.block::<SessionTouch>(|session, _, _| {
                session.touch();
                Ok(Nothing {})
            })
            .await
        }
        Read::NAME => {
            call.block::<Read>(|session, args, work| read::read(session, &args, work))
                .await
        }
        Send::NAME => call.send().await,
        RequestSign::NAME => call.sign().await,
        ComposedSendNow::NAME => call.send_composed().await,
        RunStart::NAME => call.run().await,
        BurstStart::NAME => call.burst().await,
        ComposedShow::NAME => {
            call.block::<ComposedShow>(|session, args, _| send::preview_composed(session, &args))
                .await
        }
        CollectionList::NAME => {
            call.block::<CollectionList>(|_, args, _| collection::list(&args))
                .await
        }
        CollectionLoad::NAME => {
            call.block::<CollectionLoad>(|_, args, _| collection::load(&args))
                .await
        }
        CollectionSave::NAME => {
            call.block::<CollectionSave>(|_, args, _| collection::save(args))
                .await
        }
        CollectionDuplicate::NAME => {
            call.block::<CollectionDuplicate>(|_, args, _| collection::duplicate(&args))
                .await
        }
        CollectionMove::NAME => {
            call.block::<CollectionMove>(|_, args, _| collection::move_entry(&args))
                .await
        }
        CollectionRemove::NAME => {
            call.block::<CollectionRemove>(|_, args, _| collection::remove(&args))
                .await
        }
        CollectionRestore::NAME => {
            call.block::<CollectionRestore>(|_, args, _| {
                collection::restore(&args).map(|()| Nothing {})
            })
            .await
        }
        CollectionNewFolder::NAME => {
            call.block::<CollectionNewFolder>(|_, args, _| collection::new_folder(&args))
                .await
        }
        EnvironmentLoad::NAME => {
            call.block::<EnvironmentLoad>(|_, args, _| collection::load_environment(&args))
                .await
        }
        EnvironmentSave::NAME => {
            call.block::<EnvironmentSave>(|_, args, _| collection::save_environment(args))
                .await
        }
        HistoryList::NAME => {
            call.block::<HistoryList>(|session, args, _| history::list(session, &args))
                .await
        }
        HistoryGet::NAME => {
            call.block::<HistoryGet>(|session, args, _| history::show(session, args))
                .await
        }
        HistoryKeep::NAME => call.keep_sent().await,
        HistoryRemove::NAME => {
            call.block::<HistoryRemove>(|session, args, _| history::remove(session, &args))
                .await
        }
        HistoryRestore::NAME => {
            call.block::<HistoryRestore>(|session, args, _| history::restore(session, &args))
                .await
        }
        HistoryClear::NAME => {
            call.block::<HistoryClear>(|session, _, _| history::clear(session))
                .await
        }
        HistoryResend::NAME => {
            call.block::<HistoryResend>(|session, args, _| history::resend(session, args))
                .await
        }
        HistoryCompare::NAME => {
            call.block::<HistoryCompare>(|session, args, _| history::compare(session, args))
                .await
        }
        Retire::NAME => {
            let owner = Arc::clone(call.owner);
            call.block::<Retire>(move |session, _, work| {
                owner.lifetime.may_retire()?;
                // Its successor opens the file: it must not be looked at once the end has begun.
                session.close_now(&work.client);
                owner.lifetime.retire();
                Ok(Nothing {})
            })
            .await
        }
        Hello::NAME => Err(Failure::new(
            ErrorCode::Usage,
            "the handshake was done on this connection",
        )),
        unknown => Err(Failure::new(
            ErrorCode::Usage,
            format!("there is no operation {unknown:?}"),
        )
        .hint("use the strongroom that the owner was started with")),
    }
}

/// One request with what it needs.
struct Call<'a> {
    id: u64,
    args: &'a RawValue,
    owner: &'a Arc<Owner>,
    peer: &'a Arc<Peer>,
    cancellation: &'a Cancellation,
    outbox: &'a Outbox,
}

impl Call<'_> {
    fn work(&self) -> Work {
        let outbox = self.outbox.clone();
        Work {
            client: self.peer.client.clone(),
            caller: self.peer.caller,
            cancellation: self.cancellation.clone(),
            progress: Box::new(move |progress| outbox.progress(progress)),
        }
    }

    /// Carries out an operation that blocks, on a thread for such work.
    async fn block<O>(
        self,
        operation: impl FnOnce(&Session, O::Args, &Work) -> Result<O::Output, Failure>
        + std::marker::Send
        + 'static,
    ) -> Result<Encoded, Failure>
    where
        O: Operation<Args: std::marker::Send + 'static, Output: 'static>,
    {
        let args: O::Args = frames::parse(self.args)?;
        let session = Arc::clone(&self.owner.session);
        let work = self.work();
        let id = self.id;
        let hold = self.owner.lifetime.hold();
        on_a_thread(move || {
            let _hold = hold;
            let output = operation(&session, args, &work)?;
            frames::ok(id, &output)
        })
        .await
    }

    /// Begins an enrolment; its draft stays with the connection, in the place of one that was begun
    /// before.
    async fn begin<O>(
        self,
        operation: impl FnOnce(&Session, O::Args, &Work) -> Result<(Draft, O::Output), Failure>
        + std::marker::Send
        + 'static,
    ) -> Result<Encoded, Failure>
    where
        O: Operation<Args: std::marker::Send + 'static, Output: 'static>,
    {
        let peer = Arc::clone(self.peer);
        peer.drop_draft();
        let hold = self.owner.lifetime.hold();
        self.block::<O>(move |session, args, work| {
            let (draft, started) = operation(session, args, work)?;
            peer.hold_draft(O::NAME, draft, hold);
            Ok(started)
        })
        .await
    }

    /// Finishes the enrolment that `begin` began on this connection. If that fails, the draft stays,
    /// so that a typing error costs no new scan.
    async fn finish<O>(self, begin: &'static str) -> Result<Encoded, Failure>
    where
        O: Operation<Args = EnrolFinish, Output = Enrolled>,
    {
        let (draft, hold) = self.peer.take_draft(begin)?;
        let peer = Arc::clone(self.peer);
        self.block::<O>(move |session, args, work| {
            session.finish(draft, &args, work).map_err(|unfinished| {
                if let Some(draft) = unfinished.draft {
                    peer.hold_draft(begin, draft, hold);
                }
                unfinished.failure
            })
        })
        .await
    }

    /// Signs and sends a request as it is.
    async fn send(self) -> Result<Encoded, Failure> {
        let request: <Send as Operation>::Args = frames::parse(self.args)?;
        let mut exchange = self.deliver(Filled::of(request), None).await?;
        self.hold(&mut exchange);
        frames::ok(self.id, &exchange)
    }

    /// Fills in a composed request, signs and sends it.
    async fn send_composed(self) -> Result<Encoded, Failure> {
        let args: <ComposedSendNow as Operation>::Args = frames::parse(self.args)?;
        let mut exchange = self.send_one(args, Vec::new()).await?;
        self.hold(&mut exchange);
        frames::ok(self.id, &exchange)
    }

    /// Keeps the body of what the window is shown, which may be too long for its bridge.
    fn hold(&self, exchange: &mut Exchange) {
        if self.peer.caller == Caller::Window {
            self.peer.answers.hold(exchange);
        }
    }

    /// Sends the requests of a folder in order.
    async fn run(self) -> Result<Encoded, Failure> {
        let args: <RunStart as Operation>::Args = frames::parse(self.args)?;
        let mut runner = on_a_thread(move || Runner::new(args)).await?;
        while let Some((sent, known)) = runner.next_request() {
            let came_back = self.send_one(sent, known).await;
            if let Some(step) = runner.answered(came_back)? {
                self.outbox.progress(&Progress {
                    stage: step.name.clone(),
                    event: Some(Event::RunStep(Box::new(step.clone()))),
                    ..Progress::default()
                });
            }
        }
        frames::ok(self.id, &runner.finish())
    }

    /// Sends one request many times over. Activity has it once.
    async fn burst(self) -> Result<Encoded, Failure> {
        let args: <BurstStart as Operation>::Args = frames::parse(self.args)?;
        let session = Arc::clone(&self.owner.session);
        let work = self.work();
        let (args, credential, route) = on_a_thread(move || {
            let credential = send::credential(&session, &args.request, &work)?;
            let route = send::Route::of(&session, &args.request, &work)?;
            Ok((args, credential, route))
        })
        .await?;
        self.used(&route.items);
        let session = &self.owner.session;
        send::record(
            session.activity(),
            &args.request,
            credential.as_ref(),
            &Redaction::default(),
            &self.peer.client,
        );
        let sampled = |sample: &BurstSample| {
            self.outbox.progress(&Progress {
                stage: "sending".to_owned(),
                event: Some(Event::BurstSample(*sample)),
                ..Progress::default()
            });
        };
        let report = send::burst(
            session,
            args,
            credential,
            &route,
            self.cancellation,
            sampled,
        )
        .await?;
        frames::ok(self.id, &report)
    }

    /// Fills in a composed request, signs and sends it. `known` are secrets among its variables, each with
    /// what is shown in its place.
    async fn send_one(
        &self,
        args: ComposedSend,
        known: Vec<(SecretText, String)>,
    ) -> Result<Exchange, Failure> {
        let session = Arc::clone(&self.owner.session);
        let work = self.work();
        let (filled, composed) = on_a_thread(move || {
            let filled = send::filled(&session, &args, &known, &work)?;
            Ok((filled, args.request))
        })
        .await?;
        self.used(&filled.items);
        self.deliver(filled, Some(composed)).await
    }

    /// Signs and sends. The session is asked for the secret and is free again while the request is
    /// on its way. What comes back goes into the history.
    async fn deliver(
        &self,
        filled: Filled,
        composed: Option<Composed>,
    ) -> Result<Exchange, Failure> {
        let session = Arc::clone(&self.owner.session);
        let (filled, credential, route) = {
            let work = self.work();
            on_a_thread(move || {
                let credential = send::credential(&session, &filled.request, &work)?;
                let route = send::Route::of(&session, &filled.request, &work)?;
                Ok((filled, credential, route))
            })
            .await?
        };
        self.used(&route.items);
        let (request, secrets) = (&filled.request, &filled.secrets);
        let progress = |phase: Phase| {
            self.outbox.progress(&Progress {
                stage: phase.to_string(),
                ..Progress::default()
            });
        };
        let session = &self.owner.session;
        let activity = session.activity();
        let credential = credential.as_ref();
        let client = &self.peer.client;
        let entry = send::record(activity, request, credential, secrets, client);
        let at = clock::now();
        let cancelled = self.cancellation.cancelled();
        let came_back = send::deliver(
            session.home(),
            request,
            credential.map(|credential| Signer {
                session,
                credential,
            }),
            &route,
            secrets,
            cancelled,
            progress,
        )
        .await;
        if let Ok(exchange) = &came_back {
            activity.answered(entry, exchange.status, exchange.request_id.as_deref());
        }
        if !request.options.off_the_record {
            let key = credential.and_then(|credential| credential.name.as_deref());
            self.keep(Kept::sent(at, request, composed, key, came_back.clone()))
                .await;
        }
        came_back
    }

    /// Notes in Activity that items are used, beside the key.
    fn used(&self, items: &[String]) {
        let activity = self.owner.session.activity();
        for item in items {
            activity.record(Act::Used, clock::now(), Some(item), &self.peer.client);
        }
    }

    /// Keeps what a program sent by itself, if the vault is open.
    async fn keep_sent(self) -> Result<Encoded, Failure> {
        let SentElsewhere {
            at,
            request,
            came_back,
        } = frames::parse(self.args)?;
        if self.owner.session.is_open() {
            let activity = self.owner.session.activity();
            let none = Redaction::default();
            let entry = send::record(activity, &request, None, &none, &self.peer.client);
            if let Ok(exchange) = &came_back {
                activity.answered(entry, exchange.status, exchange.request_id.as_deref());
            }
            self.keep(Kept::sent(at, &request, None, None, came_back))
                .await;
        }
        frames::ok(self.id, &Nothing {})
    }

    /// Puts an exchange into the history, if the vault is open still.
    async fn keep(&self, kept: Kept) {
        let session = Arc::clone(&self.owner.session);
        drop(tokio::task::spawn_blocking(move || history::keep(&session, kept)).await);
    }

    /// Signs without sending. That is a use of the secret, and noted as one.
    async fn sign(self) -> Result<Encoded, Failure> {
        let args: <RequestSign as Operation>::Args = frames::parse(self.args)?;
        let session = Arc::clone(&self.owner.session);
        let work = self.work();
        let (args, credential) = on_a_thread(move || {
            let credential = send::credential(&session, &args.request, &work)?;
            Ok((args, credential))
        })
        .await?;
        let credential = credential.ok_or_else(|| {
            Failure::new(
                ErrorCode::Usage,
                "a request is signed with a key of the vault",
            )
            .hint("name one of the vault's keys with --key")
        })?;
        let session = &self.owner.session;
        let signed = send::sign_with_key(session.home(), &args, &credential).await?;
        let activity = session.activity();
        send::record(
            activity,
            &args.request,
            Some(&credential),
            &Redaction::default(),
            &self.peer.client,
        );
        frames::ok(self.id, &signed)
    }
}

/// Runs what blocks on a thread for such work.
pub(crate) async fn on_a_thread<T: std::marker::Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + std::marker::Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(%error, "an operation broke");
            Err(Failure::new(
                ErrorCode::Failed,
                "the operation broke inside the vault's owner; nothing already saved is lost",
            )
            .hint("its log is agent.log in the home"))
        }
    }
}
