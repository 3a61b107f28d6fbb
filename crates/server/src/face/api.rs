//! As the real platform words it. Published are 401 and 422; the others follow the same form.

use serde_json::{Map, Value, json};

use super::{Answer, Problem};

pub(super) fn problem(problem: &Problem) -> Answer {
    let errors = match problem {
        Problem::Invalid(fields) => fields
            .iter()
            .map(|(field, message)| (field.clone(), Value::from(message.as_str())))
            .collect::<Map<_, _>>()
            .into(),
        _ => {
            let (code, message) = problem.code();
            json!({ "code": code, "message": message })
        }
    };
    Answer::json(problem.status(), &json!({ "errors": errors }))
}
