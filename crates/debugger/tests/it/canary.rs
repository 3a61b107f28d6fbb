//! No secret stands in a diagnosis or in a report of it, wherever in the request it stood.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use strongroom_contract::diagnosis::Diagnosis;
use strongroom_debugger::report::{html, markdown};

use crate::case::{Pasted, all};

/// Short enough not to look like a credential by its length.
const CANARY: &str = "Canary-hunter2!Zq";

fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = secret
        .replace('!', "%21")
        .replace('+', "%2B")
        .replace('/', "%2F");
    vec![
        secret.to_owned(),
        secret.to_lowercase(),
        // Without its ends, which shift with what stands beside it.
        BASE64_STANDARD.encode(secret).get(..16).unwrap().to_owned(),
        BASE64_URL_SAFE_NO_PAD
            .encode(secret)
            .get(..16)
            .unwrap()
            .to_owned(),
        hex::encode(secret),
        percent,
        form,
    ]
}

fn assert_without(secret: &str, diagnosis: &Diagnosis, name: &str) {
    let json = serde_json::to_string(diagnosis).unwrap();
    let texts = [
        ("JSON", json),
        ("Markdown", markdown(diagnosis)),
        ("HTML", html(diagnosis)),
    ];
    for (kind, text) in texts {
        let lower = text.to_lowercase();
        for form in forms(secret) {
            assert!(
                !lower.contains(&form.to_lowercase()),
                "{name}: {kind} holds {form}:\n{text}"
            );
        }
    }
}

/// The request with a marked secret in one place.
fn marked(request: &Pasted, place: usize, secret: &str) -> Option<Pasted> {
    let mut marked = request.clone();
    let basic = BASE64_STANDARD.encode(format!("user:{secret}"));
    match place {
        0 => marked.headers.push(("x-note".into(), secret.into())),
        1 => marked
            .headers
            .push(("cookie".into(), format!("sid={secret}; a=b"))),
        2 => marked
            .headers
            .push(("authorization".into(), format!("Bearer {secret}"))),
        3 => marked
            .headers
            .push(("authorization".into(), format!("Basic {basic}"))),
        4 => marked
            .headers
            .push(("x-forwarded-host".into(), secret.into())),
        5 => {
            let mark = if marked.url.contains('?') { '&' } else { '?' };
            marked.url = format!(
                "{}{mark}api_token={}",
                marked.url,
                secret.replace('!', "%21")
            );
        }
        6 => marked.body = format!("{{\"note\":\"{secret}\",\"n\":[\"{secret}\"]}}"),
        7 => marked.body = format!("password={secret}"),
        8 => {
            let (_, value) = marked
                .headers
                .iter_mut()
                .find(|(name, _)| name == "content-type")?;
            *value = format!("application/json; x={secret}");
        }
        _ => {
            let at = place - 9;
            let (_, value) = marked.headers.get_mut(at)?;
            *value = secret.to_owned();
        }
    }
    Some(marked)
}

#[test]
fn a_secret_in_any_place_of_a_request_stands_in_no_report() {
    for (name, case) in all("broken").into_iter().chain(all("sound")).step_by(3) {
        for place in 0..14 {
            let Some(request) = marked(&case.request, place, CANARY) else {
                continue;
            };
            let diagnosis = case.diagnose_as(request.exhibit());
            assert_without(CANARY, &diagnosis, &format!("{name}, place {place}"));
        }
    }
}

#[test]
fn the_keys_own_secrets_stand_in_no_report() {
    for (name, case) in all("broken").into_iter().chain(all("sound")) {
        let diagnosis = case.diagnose();
        for secret in case.secrets() {
            assert_without(secret, &diagnosis, &name);
        }
    }
}

#[test]
fn a_report_says_what_the_diagnosis_says_and_loads_nothing() {
    for (name, case) in all("broken") {
        let diagnosis = case.diagnose();
        let (page, text) = (html(&diagnosis), markdown(&diagnosis));
        for change in &diagnosis.changes {
            assert!(
                page.contains(&change.id) && text.contains(&change.id),
                "{name}"
            );
        }
        let rule = diagnosis.explanation.rule.unwrap().id();
        assert!(page.contains(rule) && text.contains(rule), "{name}");
        for loads in [
            "src=",
            "href=",
            "url(",
            "<script",
            "@import",
            "http-equiv=\"refresh\"",
        ] {
            assert!(!page.contains(loads), "{name}: {loads}");
        }
        assert!(page.contains("prefers-color-scheme: dark"));
    }
}
