//! Every request of the corpus gets the diagnosis that was written down for it.

use strongroom_contract::{diagnosis::Diagnosis, explain::Decision};

use crate::case::{Case, all};

/// What is wrong with a diagnosis; nothing if it is the one that is expected.
fn problems(case: &Case, diagnosis: &Diagnosis) -> Vec<String> {
    let mut problems = Vec::new();
    let explanation = &diagnosis.explanation;
    let decision = match explanation.decision {
        Decision::Accepted => "accepted",
        Decision::Refused => "refused",
        Decision::Unknown => "unknown",
    };
    let expect = &case.expect;
    if decision != expect.decision {
        problems.push(format!("decision {decision}, not {}", expect.decision));
    }
    let rule = explanation.rule.map(|rule| rule.id());
    if rule != expect.rule.as_deref() {
        problems.push(format!("rule {rule:?}, not {:?}", expect.rule));
    }
    let mut changes: Vec<&str> = diagnosis.changes.iter().map(|it| it.id.as_str()).collect();
    changes.sort_unstable();
    let mut expected: Vec<&str> = expect.changes.iter().map(String::as_str).collect();
    expected.sort_unstable();
    if changes != expected {
        problems.push(format!("changes {changes:?}, not {expected:?}"));
    }
    if let Some(cause) = &expect.cause
        && !explanation
            .cause
            .to_lowercase()
            .contains(&cause.to_lowercase())
    {
        problems.push(format!("cause {:?} lacks {cause:?}", explanation.cause));
    }
    if expect.rule.is_some() != diagnosis.sentence.is_some() {
        problems.push(format!("the sentence is {:?}", diagnosis.sentence));
    }
    problems
}

fn check(folder: &str, least: usize) {
    let cases = all(folder);
    assert!(cases.len() >= least, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let problems = problems(case, &case.diagnose());
        if !problems.is_empty() {
            wrong.push(format!("{name} ({}): {}", case.what, problems.join("; ")));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_is_broken_is_named() {
    check("broken", 60);
}

#[test]
fn what_is_sound_is_not_accused() {
    check("sound", 20);
}

#[test]
fn a_diagnosis_is_a_document_that_keeps_the_shape_of_an_explanation() {
    for (name, case) in all("broken") {
        let diagnosis = case.diagnose();
        let json = serde_json::to_value(&diagnosis).unwrap();
        for field in ["request_id", "decision", "rule", "cause", "checks", "fix"] {
            assert!(json.get(field).is_some(), "{name}: {field}");
        }
        let back: Diagnosis = serde_json::from_value(json).unwrap();
        assert_eq!(back, diagnosis);
    }
}
