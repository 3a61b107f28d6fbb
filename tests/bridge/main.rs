//! The window's TypeScript types are the ones that Rust has: what is committed is what is made now.
//! `make bridge` writes it anew.

use std::{any::type_name, collections::BTreeMap, fs, path::Path};

use strongroom_contract::{
    answer::{BodyMatches, BodyRows, FindInBody, RowsOfBody},
    burst::BurstReport,
    clients::ClientView,
    collection::{
        Collection, EnvironmentView, MoveEntry, PathArgs, Placed, RemovedEntry, SaveEnvironment,
        SaveRequest, SavedRequest,
    },
    compose::{ComposedPreview, ComposedSend},
    diagnosis::{Diagnosis, Exhibit, LookedInto, PastedCase},
    error::Failure,
    exchange::Exchange,
    explain::Explanation,
    history::{
        Comparison, HistoryEntry, HistoryFilter, HistoryPage, HistoryRemoved, HistoryRestored,
    },
    jwt::{JwtReport, PastedToken},
    limits::LimitSuggestion,
    manage::{AllowAllView, AuditPage, KeyView, SourceCheck},
    requests::{ExportedRequest, ForeignOpened, ForeignRead, OpenForeign},
    run::{RunArgs, RunReport},
    scheme::SchemeView,
    vault::{
        CertificateLook, EditKey, Enrolled, HeldCertificate, ItemView, NewKey, TypedCertificate,
    },
    window::{
        ActivityRow, AllowlistCheck, Answered, AuditExported, BurstPlan, Draft, EditIssued,
        EnrolmentShown, ExactRequest, ForeignText, IssueKey, PlatformStatus, Reopened, ReportForm,
        RunPlan, Session, Settings,
    },
};
use ts_rs::{Config, TS, TypeVisitor};

const FILE: &str = "ui/src/bridge/generated/contract.ts";
const HEAD: &str = "// Made from the crate `contract` by `make bridge`: not to be edited.\n";

/// The declarations by name, each with what it stands on.
struct Declarations {
    config: Config,
    by_name: BTreeMap<String, Declaration>,
}

struct Declaration {
    /// The path of the type in Rust.
    of: &'static str,
    text: String,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Types of the language have no file.
        if T::output_path().is_none() {
            return T::visit_generics(self);
        }
        let name = T::ident(&self.config);
        let of = type_name::<T>();
        if let Some(declared) = self.by_name.get(&name) {
            assert_eq!(declared.of, of, "two types have the name {name}");
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let text = format!("{docs}export {}\n", T::decl(&self.config));
        self.by_name.insert(name, Declaration { of, text });
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn contract() -> String {
    let mut declarations = Declarations {
        // Numbers of JSON: none of ours goes beyond 2^53.
        config: Config::new().with_large_int("number"),
        by_name: BTreeMap::new(),
    };
    declarations.visit::<ActivityRow>();
    declarations.visit::<AllowlistCheck>();
    declarations.visit::<AllowAllView>();
    declarations.visit::<Answered>();
    declarations.visit::<AuditExported>();
    declarations.visit::<AuditPage>();
    declarations.visit::<BurstPlan>();
    declarations.visit::<BurstReport>();
    declarations.visit::<CertificateLook>();
    declarations.visit::<Collection>();
    declarations.visit::<Comparison>();
    declarations.visit::<ComposedPreview>();
    declarations.visit::<ComposedSend>();
    declarations.visit::<Diagnosis>();
    declarations.visit::<BodyMatches>();
    declarations.visit::<BodyRows>();
    declarations.visit::<Draft>();
    declarations.visit::<EditIssued>();
    declarations.visit::<EditKey>();
    declarations.visit::<Enrolled>();
    declarations.visit::<EnrolmentShown>();
    declarations.visit::<EnvironmentView>();
    declarations.visit::<Exchange>();
    declarations.visit::<Exhibit>();
    declarations.visit::<Explanation>();
    declarations.visit::<Failure>();
    declarations.visit::<HeldCertificate>();
    declarations.visit::<HistoryEntry>();
    declarations.visit::<HistoryFilter>();
    declarations.visit::<HistoryPage>();
    declarations.visit::<HistoryRemoved>();
    declarations.visit::<HistoryRestored>();
    declarations.visit::<ExactRequest>();
    declarations.visit::<FindInBody>();
    declarations.visit::<ExportedRequest>();
    declarations.visit::<ForeignOpened>();
    declarations.visit::<ForeignRead>();
    declarations.visit::<ForeignText>();
    declarations.visit::<OpenForeign>();
    declarations.visit::<PathArgs>();
    declarations.visit::<IssueKey>();
    declarations.visit::<ItemView>();
    declarations.visit::<JwtReport>();
    declarations.visit::<KeyView>();
    declarations.visit::<LimitSuggestion>();
    declarations.visit::<ClientView>();
    declarations.visit::<MoveEntry>();
    declarations.visit::<LookedInto>();
    declarations.visit::<NewKey>();
    declarations.visit::<PastedCase>();
    declarations.visit::<PastedToken>();
    declarations.visit::<Placed>();
    declarations.visit::<PlatformStatus>();
    declarations.visit::<RemovedEntry>();
    declarations.visit::<Reopened>();
    declarations.visit::<ReportForm>();
    declarations.visit::<RunArgs>();
    declarations.visit::<RunPlan>();
    declarations.visit::<RunReport>();
    declarations.visit::<SaveEnvironment>();
    declarations.visit::<SaveRequest>();
    declarations.visit::<SavedRequest>();
    declarations.visit::<RowsOfBody>();
    declarations.visit::<SchemeView>();
    declarations.visit::<Session>();
    declarations.visit::<SourceCheck>();
    declarations.visit::<Settings>();
    declarations.visit::<TypedCertificate>();
    let declared = declarations.by_name.into_values();
    declared.fold(HEAD.to_owned(), |file, declaration| {
        file + "\n" + &declaration.text
    })
}

#[test]
fn the_committed_types_are_those_that_rust_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let made = contract();
    if std::env::var_os("STRONGROOM_WRITE_BRIDGE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, made).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{FILE} is not what the crate `contract` has now: run `make bridge` and look at the change"
    );
}

#[test]
fn what_has_its_own_json_form_has_its_own_type() {
    let made = contract();
    for declared in [
        "export type UnixMillis = string;",
        "export type Revealed = string;",
        "export type VaultState = \"none\" | \"locked\" | \"unlocked\";",
        "{ ok: true, normalized: Array<string> } | { ok: false, problem: string }",
        "\"act\": \"allow_source\"",
        "details: unknown",
        "locks_in_seconds?: number | null",
    ] {
        assert!(made.contains(declared), "{declared} is not in\n{made}");
    }
    assert!(!made.contains("bigint"));
}
