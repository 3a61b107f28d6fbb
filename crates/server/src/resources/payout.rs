//! Payouts: `currency`, `payout_method_name`, `description`, `webhook_notification` and
//! `payout_transaction_details` are required; `external_id` and `scheduled_at` may be there.

use serde_json::{Value, json};

use super::{
    fields::{Fields, money},
    fresh_uuid,
};
use crate::face::FieldErrors;

/// The most transactions in one payout.
const MAX_TRANSACTIONS: usize = 1_000;
/// How long a description is, in characters.
const DESCRIPTION: std::ops::RangeInclusive<usize> = 5..=90;

pub(super) fn create(body: &Value, uuid: &str) -> Result<Value, FieldErrors> {
    let mut fields = Fields::of(body);
    let currency = fields.currency("currency");
    let method = fields.text("payout_method_name");
    let description = fields.text("description");
    if !description.is_empty() && !DESCRIPTION.contains(&description.chars().count()) {
        fields.wrong("description", "must have 5 to 90 characters");
    }
    let external_id = fields.optional_text("external_id");
    let scheduled_at = fields.optional_text("scheduled_at");
    let webhook = fields.webhook("webhook_notification", true);
    let (transactions, total) = transactions(&mut fields);
    fields.finish(json!({
        "uuid": uuid,
        "currency": currency,
        "payout_method_name": method,
        "description": description,
        "total_amount": money(total).to_string(),
        "status": "created",
        "scheduled_at": scheduled_at,
        "webhook_notification": webhook,
        "external_id": external_id,
        "payout_transactions": transactions,
    }))
}

fn transactions(fields: &mut Fields<'_>) -> (Vec<Value>, u64) {
    const NAME: &str = "payout_transaction_details";
    let details = match fields.value(NAME) {
        Some(Value::Array(details)) if !details.is_empty() => details.as_slice(),
        Some(_) => {
            fields.wrong(NAME, "must be a list with at least one transaction");
            &[]
        }
        None => {
            fields.wrong(NAME, "can't be blank");
            &[]
        }
    };
    if details.len() > MAX_TRANSACTIONS {
        let message = format!("must have at most {MAX_TRANSACTIONS} transactions");
        fields.wrong(NAME, message);
        return (Vec::new(), 0);
    }
    let mut total = 0_u64;
    let made = details.iter().enumerate().map(|(index, detail)| {
        let mut inner = Fields::inside(detail, format!("{NAME}.{index}."));
        let amount = inner.amount("amount");
        total = total.saturating_add(amount);
        let transaction = json!({
            "uuid": fresh_uuid(),
            "first_name": inner.text("first_name"),
            "last_name": inner.text("last_name"),
            "email": inner.email("email"),
            "amount": money(amount),
            "external_id": inner.optional_text("external_id"),
            "status": "created",
        });
        if !inner
            .value("payout_method_params")
            .is_some_and(Value::is_object)
        {
            inner.wrong("payout_method_params", "must be an object");
        }
        fields.take_errors(inner);
        transaction
    });
    let made = made.collect();
    (made, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Value {
        json!({
            "currency": "PHP", "payout_method_name": "ph_ewallet_gcash_php",
            "description": "Payout of November",
            "webhook_notification": {
                "endpoint_url": "https://localhost:9000/hook", "authorization_header": "hush"
            },
            "payout_transaction_details": [
                {"first_name": "John", "last_name": "Scarlet", "email": "j@example.com",
                 "amount": 100.5, "payout_method_params": {"account_number": "1"}},
                {"first_name": "Ann", "last_name": "Gray", "email": "a@example.com",
                 "amount": 1, "payout_method_params": {}},
            ],
        })
    }

    #[test]
    fn amounts_are_summed() {
        let payout = create(&body(), "ABCDEFGH").unwrap();
        assert_eq!(payout["total_amount"], "101.5");
        assert_eq!(payout["payout_transactions"].as_array().unwrap().len(), 2);
        assert_eq!(payout["status"], "created");
    }

    #[test]
    fn a_wrong_transaction_is_named_by_its_place() {
        let mut body = body();
        body["payout_transaction_details"][1]["amount"] = json!(0);
        body["payout_transaction_details"][0] = json!("x");
        let errors = create(&body, "A").unwrap_err();
        let names: Vec<_> = errors.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "payout_transaction_details.0",
                "payout_transaction_details.1.amount"
            ]
        );
        body["payout_transaction_details"] = json!([]);
        body["description"] = json!("abc");
        let errors = create(&body, "A").unwrap_err();
        assert_eq!(errors.len(), 2);
    }
}
