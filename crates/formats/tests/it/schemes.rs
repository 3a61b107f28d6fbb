//! Every scheme that requests are signed with is known here by its id.

use strongroom_formats::{Auth, SavedRequest, export::Plan, openapi, postman};
use strongroom_signing::Scheme;

fn signed_by(scheme: &str) -> SavedRequest {
    SavedRequest {
        url: "https://h/".to_owned(),
        auth: Some(Auth {
            key: Some("sr://payments".to_owned()),
            scheme: Some(scheme.to_owned()),
            ..Auth::default()
        }),
        ..SavedRequest::default()
    }
}

#[test]
fn what_is_made_for_each_request_is_noted_and_the_rest_is_a_variable() {
    for scheme in Scheme::ALL {
        let plan = Plan::of(&signed_by(scheme.id())).unwrap();
        let notes = plan.notes.join(" ");
        if scheme.holds_time() {
            assert!(notes.contains("Not signed"), "{scheme}: {notes}");
            assert!(notes.contains(&format!("({scheme})")), "{scheme}: {notes}");
            assert!(plan.headers.is_empty(), "{scheme}");
        } else {
            assert!(!notes.contains("Not signed"), "{scheme}: {notes}");
            assert!(!plan.variables().is_empty(), "{scheme}");
        }
    }
}

#[test]
fn what_other_programs_name_becomes_a_scheme_that_there_is() {
    let flows = |flows: &str| {
        format!(
            r##"{{"openapi": "3.1.0", "servers": [{{"url": "https://h"}}], "security": [{{"s": []}}],
            "components": {{"securitySchemes": {{"s": {{"type": "oauth2", "flows": {{"{flows}": {{}}}}}}}}}},
            "paths": {{"/a": {{"get": {{}}}}}}}}"##
        )
    };
    let postman = |auth: &str| {
        format!(
            r##"{{"info": {{"name": "x"}}, "item": [{{"name": "a", "request": {{"method": "GET", "url": "https://h", "auth": {auth}}}}}]}}"##
        )
    };
    let imports = [
        (openapi::parse(flows("clientCredentials").as_bytes()), "oauth2"),
        (openapi::parse(flows("implicit").as_bytes()), "bearer"),
        (
            postman::parse(postman(r#"{"type": "awsv4", "awsv4": []}"#).as_bytes()),
            "sigv4",
        ),
        (
            postman::parse(
                postman(r#"{"type": "jwt", "jwt": [{"key": "algorithm", "value": "ES256"}]}"#)
                    .as_bytes(),
            ),
            "jwt-es256",
        ),
        (
            postman::parse(
                postman(
                    r#"{"type": "oauth2", "oauth2": [{"key": "grant_type", "value": "client_credentials"}]}"#,
                )
                .as_bytes(),
            ),
            "oauth2",
        ),
        (
            strongroom_formats::curl::parse(
                "curl --aws-sigv4 aws:amz:eu-west-1:s3 -u AKIA:abcd1234 https://h",
            ),
            "sigv4",
        ),
    ];
    for (import, expected) in imports {
        let auth = import.requests[0].request.auth.as_ref().unwrap();
        let scheme = auth.scheme.as_deref().unwrap();
        assert_eq!(scheme, expected);
        assert_eq!(scheme.parse::<Scheme>().unwrap().id(), expected);
    }
}
