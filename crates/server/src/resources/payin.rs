//! Payins: `currency`, `gst`, `amount`, `name`, `email` and `payin_method_name` are required;
//! `external_id`, `description`, `payin_method_params` and `webhook_notification` may be there.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_contract::time::UnixMillis;

use super::fields::{Fields, money};
use crate::face::FieldErrors;

/// How long a payin can be paid.
const PAYABLE: Duration = Duration::from_secs(24 * 3_600);
/// Australia's goods and services tax, in percent.
const GST_PERCENT: u64 = 10;

pub(super) fn create(body: &Value, uuid: &str, now: UnixMillis) -> Result<Value, FieldErrors> {
    let mut fields = Fields::of(body);
    let currency = fields.currency("currency");
    let gst = fields.flag("gst");
    let amount = fields.amount("amount");
    let name = fields.text("name");
    let email = fields.email("email");
    let method = fields.text("payin_method_name");
    let external_id = fields.optional_text("external_id");
    let description = fields.optional_text("description");
    if fields
        .value("payin_method_params")
        .is_some_and(|params| !params.is_object())
    {
        fields.wrong("payin_method_params", "must be an object");
    }
    let webhook = fields.webhook("webhook_notification", false);
    let tax = if gst { amount * GST_PERCENT / 100 } else { 0 };
    let expires = now.after(PAYABLE);
    fields.finish(json!({
        "uuid": uuid,
        "name": name,
        "email": email,
        "external_id": external_id,
        "status": "pending",
        "pay_code": {},
        "currency": currency,
        "gst": gst,
        "amount": money(amount),
        "gst_amount": money(tax),
        "total": money(amount + tax),
        "paid_amount": 0,
        "payment_method": method,
        "description": description,
        "is_refundable": false,
        "expired_at": expires,
        "pay_by": expires,
        "webhook_notification": webhook,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Value {
        json!({
            "currency": "AUD", "gst": true, "amount": 500.55, "name": "Hello Clever",
            "email": "test@example.com", "payin_method_name": "au_payid_npp_aud",
            "external_id": "order-1",
            "webhook_notification": {
                "endpoint_url": "https://localhost:9000/hook", "authorization_header": "hush"
            },
        })
    }

    #[test]
    fn what_was_asked_for_is_made_and_no_secret_shown_again() {
        let payin = create(&body(), "ABCDEFGH", UnixMillis(0)).unwrap();
        assert_eq!(payin["uuid"], "ABCDEFGH");
        assert_eq!(payin["amount"], 500.55);
        assert_eq!(payin["gst_amount"], 50.05);
        assert_eq!(payin["total"], 550.6);
        assert_eq!(payin["status"], "pending");
        assert!(!payin.to_string().contains("hush"));
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (field, value, message) in [
            ("amount", json!("500"), "must be a number"),
            ("amount", json!(-1), "must be greater than 0"),
            ("amount", json!(1.005), "must have at most two decimals"),
            ("amount", json!(1e15), "is too large"),
            ("amount", Value::Null, "can't be blank"),
            (
                "currency",
                json!("aud"),
                "must be an ISO 4217 code such as AUD",
            ),
            ("gst", json!("yes"), "must be true or false"),
            ("name", json!("  "), "can't be blank"),
            ("name", json!("a\u{0}b"), "must not hold control characters"),
            ("email", json!("nobody"), "is not an e-mail address"),
            ("payin_method_params", json!([]), "must be an object"),
            ("external_id", json!(7), "must be a text"),
        ] {
            let mut body = body();
            body[field] = value;
            let errors = create(&body, "A", UnixMillis(0)).unwrap_err();
            assert_eq!(errors, [(field.to_owned(), message.to_owned())]);
        }
        let mut body = body();
        body["webhook_notification"]["endpoint_url"] = json!("ftp://example.com");
        let errors = create(&body, "A", UnixMillis(0)).unwrap_err();
        assert_eq!(errors[0].0, "webhook_notification.endpoint_url");
    }

    #[test]
    fn everything_missing_is_told_at_once() {
        let errors = create(&json!({}), "A", UnixMillis(0)).unwrap_err();
        let names: Vec<_> = errors.iter().map(|(name, _)| name.as_str()).collect();
        let required = [
            "currency",
            "gst",
            "amount",
            "name",
            "email",
            "payin_method_name",
        ];
        assert_eq!(names, required);
        let errors = create(&json!([1]), "A", UnixMillis(0)).unwrap_err();
        assert_eq!(
            errors,
            [("body".to_owned(), "must be an object".to_owned())]
        );
    }
}
