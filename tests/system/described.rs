//! A foreign tool makes requests out of the platform's OpenAPI document, sound ones and broken ones, and
//! holds every answer against it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use strongroom_testkit::Home;

use crate::{
    load::Credentials,
    scene::{Scene, soak},
};

/// What answers are held to: no fault of ours, and nothing that the document does not have.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      negative_data_rejection,missing_required_header,\
                      unsupported_method,allow_header_conformance,ignored_auth";

/// How many requests are made for each operation, beside those that walk through its limits.
fn examples() -> u32 {
    (5 * soak()).min(500)
}

/// The same requests each time, unless `make soak` says which.
fn seed() -> String {
    env::var("PROPTEST_RNG_SEED").unwrap_or_else(|_| "1".to_owned())
}

/// The tool's settings. What is secret in them it reads from its environment.
fn settings(ca: &str) -> String {
    format!(
        r#"tls-verify = "{ca}"
request-timeout = 30
continue-on-failure = true
warnings = false

[generation]
database = "none"
with-security-parameters = false

# With a secret-key, as most integrations call it.
[[operations]]
include-tag = ["api", "standard"]
headers = {{ app-id = "${{APP_ID}}", secret-key = "${{SECRET_KEY}}" }}

[[operations]]
include-tag = "management"
headers = {{ Authorization = "Bearer ${{MANAGEMENT_KEY}}" }}

# Who waits for rows of the log waits up to half a minute.
[[operations]]
include-operation-id = "get-manage-v1-audit-rows"
parameters = {{ "query.wait_ms" = 0 }}
"#
    )
}

#[test]
fn what_the_platform_answers_is_in_its_document() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let scopes = [
        "payins:read",
        "payins:write",
        "payouts:read",
        "payouts:write",
        "refunds:read",
        "refunds:write",
    ];
    let scopes = scopes.iter().flat_map(|scope| ["--scope", *scope]);
    let arguments: Vec<_> = ["--limit", "1000000"].into_iter().chain(scopes).collect();
    let _ = scene.issue("payments", &arguments);
    let credentials = Credentials::read(&home, "payments");
    let address = scene.platform.address();
    let owner = fs::read_to_string(Path::new(&address.state).join("owner.key")).unwrap();

    // One side after the other: what is managed changes what keys may do.
    for side in ["^/(api|std|oauth|openapi)", "^/manage/"] {
        let settings = home.file("schemathesis.toml", &settings(&address.ca));
        let mut tool = Command::new(program());
        let ran = home
            .surround(&mut tool)
            .envs(credentials.variables())
            .env("MANAGEMENT_KEY", &owner)
            .args(["--config-file", &settings, "run"])
            .arg(scene.platform.url("/openapi.json"))
            .args(["--include-path-regex", side, "--checks", CHECKS])
            .args(["--phases", "examples,coverage,fuzzing,stateful"])
            .args(["--max-examples", &examples().to_string()])
            .args(["--seed", &seed(), "--no-color", "--no-shrink"])
            .current_dir(home.outermost())
            .output()
            .expect("schemathesis starts (scripts/setup installs it)");
        let report = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{report}");
        assert!(!report.contains(&owner), "a secret is in the report");
        assert!(report.contains("passed"), "{report}");
    }
    let verified = scene.manage(&["audit", "verify"]);
    assert_eq!(verified["ok"], true, "{verified}");
}

/// The tool, among the Python peers.
fn program() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let program = target.join("peers/bin/schemathesis");
    assert!(
        program.exists(),
        "{} is not installed: run `make setup`",
        program.display()
    );
    program
}
