#!/usr/bin/env python3
"""Writes the corpus: broken requests with the diagnosis that must come out, and sound ones.

Signs by itself, with nothing of ours: what the debugger reads was made by a foreign signer (key pairs by Python's
`cryptography`). Run it in this folder after a case was added; the files are what the tests read. Signatures with
RSA-PSS are others each time.
"""

import base64
import binascii
import datetime
import hashlib
import hmac
import json
import os
import unicodedata
import urllib.parse
import zlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NOW = 1793534400  # 2026-11-01T12:00:00Z
NONCE = "bm9uY2Utb2YtMTYtYnl0ZXM"


def checked(prefix, random):
    """A credential in the platform's form: its last six characters are a CRC-32 in base 62."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, check = zlib.crc32((prefix + random).encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = alphabet[digit] + check
    return prefix + random + check


KEY = {
    "name": "payments-sandbox",
    "id": checked("sr_app_test_", "CorpusPayments00000001"),
    "secret": checked("sr_sk_test_", "CorpusPaymentsSecret000000000001"),
}
LIVE = {
    "name": "payments-live",
    "id": checked("sr_app_live_", "CorpusPayments00000002"),
    "secret": checked("sr_sk_live_", "CorpusPaymentsSecret000000000002"),
}
# Keys of other providers, whose ids and secrets have other forms.
FOREIGN = {"name": "acme", "id": "merchant-4711", "secret": "p+q/r8Zk2Lw=s3Mt9Vx&y"}
BASE64_KEY = {"name": "acme-b64", "id": "merchant-4712", "secret": base64.b64encode(b"a secret of 24 raw bytes").decode()}
HEX_KEY = {"name": "acme-hex", "id": "merchant-4713", "secret": hashlib.sha256(b"acme").hexdigest()}

URL = "https://api.example.com/api/v2/payins"
ORDER = {"amount": 1250, "currency": "AUD", "reference": "INV-2041", "customer": {"name": "Zoe", "email": "zoe@example.com"}}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


BODY = compact(ORDER)


def raw(text):
    return text if isinstance(text, bytes) else text.encode()


def digest(body, algorithm="sha-256"):
    name = {"sha-256": "sha256", "sha-512": "sha512"}[algorithm]
    return f"{algorithm}=:{base64.b64encode(hashlib.new(name, raw(body)).digest()).decode()}:"


def split(url):
    scheme, rest = url.split("://", 1)
    cut = min([i for i in (rest.find("/"), rest.find("?")) if i >= 0] or [len(rest)])
    authority, target = rest[:cut], rest[cut:]
    path, mark, query = target.partition("?")
    return scheme, authority, path or "/", mark + query


def component(name, method, url, headers):
    scheme, authority, path, query = split(url)
    derived = {
        "@method": method, "@target-uri": url, "@authority": authority, "@scheme": scheme,
        "@path": path, "@query": query or "?", "@request-target": path + query,
    }
    if name in derived:
        return derived[name]
    return ", ".join(value.strip() for key, value in headers if key.lower() == name)


def signed(
    method="POST", url=URL, body=BODY, headers=None, key=KEY, keyid=None, secret=None, cover=None, created=NOW - 4,
    nonce=NONCE, alg="hmac-sha256", hash="sha256", expires=None, content_digest=None,
    as_method=None, as_url=None, as_body=None, as_headers=None, as_base=None, as_params=None, as_cover=None,
    encode=lambda mac: ":" + base64.b64encode(mac).decode() + ":", send_input=None, drop=(), sign=None,
):
    """A request by RFC 9421. What `as_...` says was signed; the rest is what was sent."""
    headers = list([("content-type", "application/json")] if headers is None else headers)
    if body is not None or content_digest:
        signed_body = as_body if as_body is not None else (body or "")
        headers.append(("content-digest", content_digest or digest(signed_body)))
    if cover is None:
        cover = ["@method", "@target-uri"] + [name for name, _ in headers if name in ("content-digest", "content-type")]
    params = f";created={created}"
    if expires:
        params += f";expires={expires}"
    params += f';keyid="{keyid or key["id"]}"'
    if alg:
        params += f';alg="{alg}"'
    params += f';nonce="{nonce}"'
    names = " ".join(f'"{name}"' for name in cover)
    view = dict(headers)
    view.update(as_headers or {})
    lines = [
        f'"{name}": ' + component(name, as_method or method, as_url or url, list(view.items()))
        for name in (as_cover or cover)
    ]
    params_line = f'"@signature-params": ({names})' + (as_params or params)
    base = "\n".join(lines + [params_line])
    if as_base:
        base = as_base(base)
    mac = sign(raw(base)) if sign else hmac.new(raw(secret or key["secret"]), raw(base), hash).digest()
    sent = [(name, value) for name, value in headers if name not in drop]
    line = f"sig1=({names}){params}"
    sent.append(("signature-input", send_input(line) if send_input else line))
    sent.append(("signature", "sig1=" + encode(mac)))
    return {"method": method, "url": url, "headers": sent, "body": raw(body or "")}


def pair(id=KEY["id"], secret=KEY["secret"], names=("app-id", "secret-key"), extra=(), method="POST", url=URL, body=BODY):
    headers = [("content-type", "application/json")]
    if id is not None:
        headers.append((names[0], id))
    if secret is not None:
        headers.append((names[1], secret))
    return {"method": method, "url": url, "headers": headers + list(extra), "body": raw(body)}


def b64url(data):
    return base64.urlsafe_b64encode(raw(data)).rstrip(b"=").decode()


def jwt(claims=None, secret=BASE64_KEY["secret"], alg="HS256", encode=b64url):
    claims = claims or {"iss": "acme", "sub": BASE64_KEY["id"], "iat": NOW - 60, "exp": NOW + 3540, "jti": "1.7f"}
    head = encode(compact({"alg": alg, "typ": "JWT"}))
    signing_input = head + "." + encode(compact(claims))
    return signing_input + "." + encode(hmac.new(raw(secret), signing_input.encode(), "sha256").digest())


def bearer(value, name="authorization"):
    return {"method": "GET", "url": "https://api.example.com/api/v1/ping", "headers": [(name, value)], "body": b""}


def whsec(raw_bytes):
    return "whsec_" + base64.b64encode(raw_bytes).decode()


# Secrets of webhook endpoints. Standard Webhooks decodes them, the t= form uses them as text.
HOOK = {"name": "hook-orders", "id": "ep_orders", "secret": whsec(hashlib.sha256(b"the endpoint of orders").digest())}
OLD_HOOK = {"name": "hook-orders-old", "id": "ep_orders_old", "secret": whsec(hashlib.sha256(b"the endpoint before").digest())}
EVENT = {"type": "payin.settled", "data": {"id": "pay_2041", "amount": 1250, "note": "paid"}}
EVENT_BODY = compact(EVENT)
HOOK_URL = "https://shop.example.com/hooks/payments"


def decoded(key):
    return base64.b64decode(key["secret"].removeprefix("whsec_"))


def hook(body=EVENT_BODY, as_body=None, secret=None, at=NOW - 4, content="{id}.{at}.", write=lambda mac: "v1," + base64.b64encode(mac).decode(), drop=(), more=""):
    """A webhook by Standard Webhooks. `as_body` was signed where it is not what arrived."""
    id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
    signed_bytes = content.format(id=id, at=at).encode() + raw(body if as_body is None else as_body)
    mac = hmac.new(raw(decoded(HOOK) if secret is None else secret), signed_bytes, "sha256").digest()
    headers = [("content-type", "application/json"), ("webhook-id", id), ("webhook-timestamp", str(at)), ("webhook-signature", write(mac) + more)]
    return {"method": "POST", "url": HOOK_URL, "headers": [each for each in headers if each[0] not in drop], "body": raw(body)}


def t_v1(body=EVENT_BODY, as_body=None, secret=None, at=NOW - 4, content="{at}.", write=lambda mac: mac.hex(), more="", name="stripe-signature"):
    """A webhook as Stripe signs them."""
    signed_bytes = content.format(at=at).encode() + raw(body if as_body is None else as_body)
    mac = hmac.new(raw(HOOK["secret"] if secret is None else secret), signed_bytes, "sha256").digest()
    headers = [("content-type", "application/json"), (name, f"t={at},v1={write(mac)}{more}")]
    return {"method": "POST", "url": HOOK_URL, "headers": headers, "body": raw(body)}


AWS = {"name": "aws-orders", "id": "AKIDCORPUSORDERS0001", "secret": "wJalrCorpus/K7MDENG+bPxRfiCYCORPUSKEY01x"}
OTHER_AWS = {"name": "aws-billing", "id": "AKIDCORPUSBILLING001", "secret": "9tTqCorpus/A8NEFOH+cQySgjDZDCORPUSKEY02y"}
AWS_URL = "https://orders.example.com/prod/pay%20ins?to=2026-11-01&from=a%20b"


def aws_uri(text, keep=""):
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 or chr(byte) in "-_.~" + keep else f"%{byte:02X}" for byte in text.encode())


def aws_query(query, is_sorted=True):
    pairs = [tuple(aws_uri(urllib.parse.unquote_plus(part)) for part in (pair.split("=", 1) + [""])[:2]) for pair in query.split("&") if pair]
    return "&".join("=".join(pair) for pair in (sorted(pairs) if is_sorted else pairs))


def sigv4(method="POST", url=AWS_URL, body=BODY, key=AWS, secret=None, service="execute-api", at=NOW - 4, content=None, as_method=None, as_path=None, as_query=None, as_host=None, as_body=None):
    """A request by AWS Signature Version 4. What `as_...` says was signed; the rest is what was sent."""
    time = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    _, host, path, query = split(url)
    signed_body = hashlib.sha256(raw(body if as_body is None else as_body)).hexdigest()
    headers = [("content-type", "application/json"), ("host", as_host or host), ("x-amz-date", time)]
    if content:
        headers.append(("x-amz-content-sha256", signed_body))
    headers.sort()
    names = ";".join(name for name, _ in headers)
    canonical_path = as_path or (path if service == "s3" else aws_uri(path, "/"))
    canonical_query = aws_query(query[1:]) if as_query is None else as_query
    lines = "".join(f"{name}:{text}\n" for name, text in headers)
    canonical = "\n".join([as_method or method, canonical_path, canonical_query, lines, names, signed_body])
    scope = f"{time[:8]}/eu-central-1/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    mac = b"AWS4" + raw(key["secret"] if secret is None else secret)
    for part in scope.split("/") + [to_sign]:
        mac = hmac.new(mac, part.encode(), "sha256").digest()
    sent = [(name, host if name == "host" else text) for name, text in headers]
    sent.append(("authorization", f"AWS4-HMAC-SHA256 Credential={key['id']}/{scope}, SignedHeaders={names}, Signature={mac.hex()}"))
    return {"method": method, "url": url, "headers": sent, "body": raw(body)}


BROKEN, SOUND = {}, {}
PLATFORM = {"scopes": ["payins:write"], "may_sign": True}


def broken(name, what, request, rule, changes, *, key=KEY, others=(), platform=None, decision="refused", now=NOW, cause=None):
    assert name not in BROKEN, name
    BROKEN[name] = (what, request, key, others, platform, now, {"decision": decision, "rule": rule, "changes": changes, "cause": cause})


def sound(name, what, request, *, key=KEY, others=(), platform=None, now=NOW):
    assert name not in SOUND, name
    decision = "accepted" if platform else "unknown"
    SOUND[name] = (what, request, key, others, platform, now, {"decision": decision, "rule": None, "changes": [], "cause": None})


# --- app-id and secret-key ------------------------------------------------------------------------------------------

broken("pair-underscores", "PHP: header names with underscores", pair(names=("app_id", "secret_key")), "identify", ["header-name"])
broken("pair-x-prefix", "Express: the headers are called X-App-Id and X-Secret-Key", pair(names=("X-App-Id", "X-Secret-Key")), "identify", ["header-name"])
broken("pair-zero-width", "A secret copied out of a web page has a zero-width space at its end", pair(secret=KEY["secret"] + "\u200b"), "identify", ["value-invisible"])
broken("pair-nbsp", "An app-id copied out of a document has a no-break space before it", pair(id="\u00a0" + KEY["id"]), "identify", ["value-invisible"])
broken("pair-bom", "A secret read from a file with a byte order mark", pair(secret="\ufeff" + KEY["secret"]), "identify", ["value-invisible"])
broken("pair-quotes", "docker --env-file: the quotes of the file become part of the secret", pair(secret='"' + KEY["secret"] + '"'), "authenticate", ["value-quotes"])
broken("pair-id-quotes", "Single quotes of a shell stay around the app-id", pair(id="'" + KEY["id"] + "'"), "identify", ["value-quotes"])
broken("pair-swapped", "app-id and secret-key are swapped", pair(id=KEY["secret"], secret=KEY["id"]), "identify", ["swapped"])
broken("pair-base64", "The secret is sent in base64", pair(secret=base64.b64encode(KEY["secret"].encode()).decode()), "authenticate", ["value-base64"])
broken("pair-other-environment", "The live secret beside the sandbox app-id", pair(secret=LIVE["secret"]), "authenticate", ["other-key"], others=[LIVE])
broken("pair-truncated", "The last two characters of the secret were not copied", pair(secret=KEY["secret"][:-2]), "authenticate", ["value-truncated"])
broken("pair-id-typo", "One character of the app-id is mistyped", pair(id=KEY["id"].replace("Payments", "Paymemts")), "identify", ["id-typo"])
broken("pair-twice", "A middleware adds the app-id a second time", pair(extra=[("app-id", KEY["id"])]), "identify", ["duplicate-header"])
broken("pair-combined", "A proxy joins the two app-id lines to one", pair(id=KEY["id"] + ", " + KEY["id"]), "identify", ["duplicate-header"])
broken("pair-variable", "Postman: the variable is not defined and goes out as it stands", pair(secret="{{secret_key}}"), "authenticate", ["unfilled-variable"])
broken("pair-undefined", "Node: process.env.SECRET_KEY is undefined", pair(secret="undefined"), "authenticate", ["unfilled-variable"])
broken("pair-shell-variable", "A shell with single quotes sends the name of its variable", pair(secret="$SECRET_KEY"), "authenticate", ["unfilled-variable"])
broken("pair-as-bearer", "The secret is sent as a bearer token, beside the app-id", pair(secret=None, extra=[("authorization", "Bearer " + KEY["secret"])]), "identify", ["credential-place"])
broken("pair-as-basic", "app-id and secret go out as Basic", pair(id=None, secret=None, extra=[("authorization", "Basic " + base64.b64encode((KEY["id"] + ":" + KEY["secret"]).encode()).decode())]), "identify", ["credential-place"])
broken("pair-secret-missing", "The secret's header is not there at all", pair(secret=None), "identify", [], cause="secret-key")
broken("pair-nothing", "No credential at all", pair(id=None, secret=None), "identify", [], cause="no credential")
broken("pair-lower-case", "A gateway writes header values in lower case", pair(secret=KEY["secret"].lower()), "authenticate", ["value-case"])
broken("pair-percent-encoded", "The secret went through encodeURIComponent", pair(id=FOREIGN["id"], secret="p%2Bq%2Fr8Zk2Lw%3Ds3Mt9Vx%26y"), "authenticate", ["value-percent-encoded"], key=FOREIGN)
broken("pair-wrong", "A secret that is of nobody", pair(secret=checked("sr_sk_test_", "NobodysSecretNobodysSecret000000")), "authenticate", [])
broken("pair-names-and-quotes", "Pair: header names with underscores, and quotes around the secret", pair(names=("app_id", "secret_key"), secret='"' + KEY["secret"] + '"'), "identify", ["header-name", "value-quotes"])
broken("pair-base64-newline", "Pair: `echo $SECRET | base64` encodes a line end too", pair(secret=base64.b64encode(KEY["secret"].encode() + b"\n").decode()), "authenticate", ["value-base64", "value-invisible"])
broken("pair-zero-width-and-quotes", "Pair: a zero-width space and typographic quotes", pair(secret="\u201c" + KEY["secret"] + "\u200b\u201d"), "identify", ["value-invisible", "value-quotes"])

# --- RFC 9421: the body ---------------------------------------------------------------------------------------------

UMLAUT = dict(ORDER, reference="Käufer/2041 <b>&")
NESTED = {"b": 1, "a": {"d": [1, 2], "c": "x"}, "amount": 100}
broken("body-newline", "curl -d @file drops the line end that was signed", signed(as_body=BODY + "\n"), "authenticate", ["body-trailing-newline"])
broken("body-newline-added", "An editor's final line end is sent and was not signed", signed(body=BODY + "\n", as_body=BODY), "authenticate", ["body-trailing-newline"])
broken("body-crlf", "Windows line ends are sent, Unix ones were signed", signed(body=json.dumps(ORDER, indent=2).replace("\n", "\r\n"), as_body=json.dumps(ORDER, indent=2)), "authenticate", ["body-line-endings"])
broken("body-key-order", "Java: a HashMap gives the members in another order the second time", signed(body=compact(NESTED), as_body=compact(json.loads(json.dumps(NESTED, sort_keys=True)))), "authenticate", ["body-json-key-order"])
broken("body-python-spaces", "Python: json.dumps is signed, requests(json=...) sends it without spaces", signed(as_body=json.dumps(ORDER, ensure_ascii=False)), "authenticate", ["body-json-whitespace"])
broken("body-node-reparsed", "Node: a pretty body was parsed and stringified again before it was signed", signed(body=json.dumps(ORDER, indent=2, ensure_ascii=False), as_body=BODY), "authenticate", ["body-json-whitespace"])
broken("body-php-pretty", "PHP: JSON_PRETTY_PRINT is signed, the client library sends it compact", signed(as_body=json.dumps(ORDER, indent=4, ensure_ascii=False)), "authenticate", ["body-json-whitespace"])
broken("body-unicode-escapes", "Python: ensure_ascii is signed, UTF-8 is sent", signed(body=compact(UMLAUT), as_body=json.dumps(UMLAUT, separators=(",", ":"))), "authenticate", ["body-json-escapes"])
broken("body-php-slashes", "PHP: json_encode escapes slashes in what is signed", signed(body=compact(dict(ORDER, url="https://shop.example/a/b")), as_body=compact(dict(ORDER, url="https://shop.example/a/b")).replace("/", "\\/")), "authenticate", ["body-json-escapes"])
broken("body-go-html", "Go: encoding/json escapes < > & in what is signed", signed(body=compact(dict(ORDER, note="a<b> & c")), as_body=compact(dict(ORDER, note="a<b> & c")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")), "authenticate", ["body-json-escapes"])
broken("body-numbers", "Python: 1250 became 1250.0 in what was signed", signed(as_body=compact(dict(ORDER, amount=1250.0))), "authenticate", ["body-json-numbers"])
broken("body-numbers-text", "An amount is sent as text that was signed as a number", signed(body=compact(dict(ORDER, amount="1250")), as_body=BODY), "authenticate", ["body-json-numbers"])
broken("body-latin1", "Java: getBytes() on Windows sends Latin-1, UTF-8 was signed", signed(body=compact(UMLAUT).encode("latin-1"), as_body=compact(UMLAUT)), "authenticate", ["body-charset"])
broken("body-mojibake", "UTF-8 was taken for Latin-1 and encoded once more on the way", signed(body=compact(UMLAUT).encode().decode("latin-1"), as_body=compact(UMLAUT)), "authenticate", ["body-charset"])
broken("body-bom", ".NET: a byte order mark is sent and was not signed", signed(body="\ufeff" + BODY, as_body=BODY), "authenticate", ["body-bom"])
broken("body-nfd", "macOS: a name is decomposed in what was signed", signed(body=compact(UMLAUT), as_body=unicodedata.normalize("NFD", compact(UMLAUT))), "authenticate", ["body-unicode-form"])
broken("body-form-plus", "A form is signed with %20 and sent with +", signed(headers=[("content-type", "application/x-www-form-urlencoded")], body="note=paid+in+full&amount=1250", as_body="note=paid%20in%20full&amount=1250"), "authenticate", ["body-form-encoding"])
broken("body-empty-object", "axios: {} is signed and nothing is sent", signed(body=None, as_body="{}", content_digest=digest("{}")), "authenticate", ["body-empty"])
broken("body-lost", "A proxy drops the body", signed(body="", as_body=BODY), "authenticate", ["body-lost"])
broken("body-sorted-spaced", "Pair: sorted members and spaces are signed", signed(as_body=json.dumps(NESTED, sort_keys=True), body=compact(NESTED)), "authenticate", ["body-json-key-order", "body-json-whitespace"])
broken("body-spaced-newline", "Pair: spaces and a final line end are signed", signed(as_body=json.dumps(ORDER, ensure_ascii=False) + "\n"), "authenticate", ["body-json-whitespace", "body-trailing-newline"])
broken("body-spaced-escapes", "Pair: json.dumps as it is out of the box: spaces and \\u escapes", signed(body=compact(UMLAUT), as_body=json.dumps(UMLAUT)), "authenticate", ["body-json-escapes", "body-json-whitespace"])
broken("body-crlf-newline", "Pair: Windows line ends, and a final one", signed(body=json.dumps(ORDER, indent=2).replace("\n", "\r\n") + "\r\n", as_body=json.dumps(ORDER, indent=2)), "authenticate", ["body-line-endings", "body-trailing-newline"])
broken("body-changed", "A gateway adds a member to the body: no change of form explains it", signed(body=compact(dict(ORDER, trace="a1b2")), as_body=BODY), "authenticate", [], cause="body")

# --- RFC 9421: the target -------------------------------------------------------------------------------------------

Q = "https://api.example.com/api/v2/payins/detail?to=2026-11-01&from=2026-10-01"


def get(url, as_url=None, **more):
    return signed("GET", url, None, headers=[], as_url=as_url, **more)


broken("query-sorted", "The query is sorted before it is signed, and sent unsorted", get(Q, Q.split("?")[0] + "?from=2026-10-01&to=2026-11-01"), "authenticate", ["query-order"])
broken("query-plus", "URLSearchParams sends +, encodeURIComponent signed %20", get(URL + "/detail?name=a+b", URL + "/detail?name=a%20b"), "authenticate", ["query-space"])
broken("query-double", "The query is encoded a second time before it is signed", get(URL + "/detail?ref=a%2Fb", URL + "/detail?ref=a%252Fb"), "authenticate", ["query-double-encoding"])
broken("query-hex-case", "Percent escapes are signed in lower case", get(URL + "/detail?ref=a%2Fb%3A", URL + "/detail?ref=a%2fb%3a"), "authenticate", ["percent-case"])
broken("query-decoded", "The framework hands out the query decoded, and that is signed", get(URL + "/detail?ref=a%2Fb%3Ac", URL + "/detail?ref=a/b:c"), "authenticate", ["query-decoded"])
broken("query-not-signed", "Only the path is signed", get(Q, Q.split("?")[0]), "authenticate", ["query-missing"])
broken("query-not-sent", "A redirect drops the query", get(URL + "/detail", as_url=URL + "/detail?"), "authenticate", ["query-missing"])
broken("scheme-http", "Behind a TLS terminator the application takes itself for http", get(URL, URL.replace("https", "http")), "authenticate", ["scheme"])
broken("host-default-port", "The port 443 is written out in what is signed", signed(as_url=URL.replace(".com", ".com:443")), "authenticate", ["host-port"])
broken("host-port-missing", "The port is not in what is signed", signed(url="https://localhost:8443/api/v2/payins", as_url="https://localhost/api/v2/payins"), "authenticate", ["host-port"])
broken("host-forwarded", "A proxy puts its own host in; what was signed stands in X-Forwarded-Host", signed(url="https://internal.lan/api/v2/payins", as_url=URL, headers=[("content-type", "application/json"), ("x-forwarded-host", "api.example.com")]), "authenticate", ["host"])
broken("host-case", "The host is signed as it was typed", signed(as_url=URL.replace("api.example", "API.Example")), "authenticate", ["host-case"])
broken("path-slash", "A final slash is signed and not sent", signed(as_url=URL + "/"), "authenticate", ["path-trailing-slash"])
broken("path-slash-added", "Django adds a final slash", signed(url=URL + "/", as_url=URL), "authenticate", ["path-trailing-slash"])
broken("path-prefix-stripped", "A proxy strips the prefix it was reached by", signed(url=URL, as_url="https://api.example.com/gateway/api/v2/payins", headers=[("content-type", "application/json"), ("x-forwarded-prefix", "/gateway")]), "authenticate", ["path-prefix"])
broken("path-prefix-added", "What is signed lacks the first part of the path: it belongs to the base URL", signed(as_url="https://api.example.com/v2/payins"), "authenticate", ["path-prefix"])
broken("path-only", "Only the path and the query are signed as the target URI", signed(as_url=URL, as_base=lambda base: base.replace('"@target-uri": https://api.example.com', '"@target-uri": ')), "authenticate", ["target-form"])
broken("path-decoded", "The framework hands out the path decoded", get("https://api.example.com/files/a%3Ab", "https://api.example.com/files/a:b"), "authenticate", ["path-decoded"])
broken("path-double-slash", "Base URL and path are joined with two slashes", signed(as_url="https://api.example.com//api/v2/payins"), "authenticate", ["path-double-slash"])
broken("method-lower", "axios: the method is signed in lower case", signed(as_method="post"), "authenticate", ["method-case"])
broken("method-override", "A library retries as GET what was signed as HEAD", signed("GET", URL, None, headers=[], as_method="HEAD"), "authenticate", ["method"])

# --- RFC 9421: the key ----------------------------------------------------------------------------------------------

broken("secret-newline", "The secret was read from a file with its line end", signed(secret=KEY["secret"] + "\n"), "authenticate", ["secret-whitespace"])
broken("secret-crlf", "The secret was read from a Windows file with its line end", signed(secret=KEY["secret"] + "\r\n"), "authenticate", ["secret-whitespace"])
broken("secret-quotes", "The quotes of an env file are part of the secret", signed(secret='"' + KEY["secret"] + '"'), "authenticate", ["secret-quotes"])
broken("secret-base64-decoded", "The secret was decoded as base64 before use; this provider takes its text", signed(key=BASE64_KEY, secret=base64.b64decode(BASE64_KEY["secret"])), "authenticate", ["secret-decoded"], key=BASE64_KEY)
broken("secret-hex-decoded", "The secret was decoded as hex before use", signed(key=HEX_KEY, secret=binascii.unhexlify(HEX_KEY["secret"])), "authenticate", ["secret-decoded"], key=HEX_KEY)
broken("secret-base64-encoded", "The secret was encoded in base64 before use", signed(secret=base64.b64encode(KEY["secret"].encode())), "authenticate", ["secret-encoded"])
broken("secret-hashed", "The secret was hashed before use", signed(secret=hashlib.sha256(KEY["secret"].encode()).hexdigest()), "authenticate", ["secret-hashed"])
broken("secret-other-environment", "Signed with the live key's secret", signed(secret=LIVE["secret"]), "authenticate", ["other-key"], others=[LIVE])
broken("secret-of-nobody", "Signed with a secret that is not known here", signed(secret="something else"), "authenticate", [])
broken("keyid-typo", "The keyid lost a character", signed(keyid=KEY["id"][:-1]), "identify", ["id-typo"])
broken("keyid-is-secret-name", "The keyid is the name of the key, not its app-id", signed(keyid="payments-sandbox"), "identify", ["id-is-name"])

# --- RFC 9421: the form ---------------------------------------------------------------------------------------------

broken("signature-hex", "The MAC is written in hex before base64", signed(encode=lambda mac: ":" + base64.b64encode(mac.hex().encode()).decode() + ":"), "authenticate", ["signature-encoding"])
broken("signature-url-safe", "base64url where base64 is expected", signed(nonce="url-safe-nonce-3", encode=lambda mac: ":" + base64.urlsafe_b64encode(mac).decode() + ":"), "identify", ["signature-encoding"])
broken("signature-bare", "The colons around the signature are missing", signed(encode=lambda mac: base64.b64encode(mac).decode()), "identify", ["signature-syntax"])
broken("signature-quoted", "The signature is a string in quotes", signed(encode=lambda mac: '"' + base64.b64encode(mac).decode() + '"'), "identify", ["signature-syntax"])
broken("signature-sha512", "HMAC-SHA512 was used", signed(hash="sha512"), "authenticate", ["algorithm"])
broken("signature-alg", "alg says hmac-sha512", signed(alg="hmac-sha512", hash="sha512"), "identify", [], cause="alg")
broken("keyid-unquoted", "The keyid is not in quotes", signed(send_input=lambda line: line.replace(f'keyid="{KEY["id"]}"', f'keyid={KEY["id"]}')), "identify", ["parameter-quotes"])
broken("created-quoted", "created is a string", signed(send_input=lambda line: line.replace(f"created={NOW - 4}", f'created="{NOW - 4}"')), "identify", ["parameter-quotes"])
broken("components-unquoted", "The covered components are not in quotes", signed(send_input=lambda line: line.replace('"@method"', "@method").replace('"@target-uri"', "@target-uri").replace('"content-type"', "content-type").replace('"content-digest"', "content-digest")), "identify", ["component-quotes"])
broken("label-differs", "Signature and Signature-Input have different labels", signed(send_input=lambda line: line.replace("sig1=", "sig=")), "identify", ["label"])
broken("base-newline", "The base ends with a line end", signed(as_base=lambda base: base + "\n"), "authenticate", ["base-trailing-newline"])
broken("base-crlf", "The lines of the base end with CRLF", signed(as_base=lambda base: base.replace("\n", "\r\n")), "authenticate", ["base-line-endings"])
broken("base-no-params", "The line @signature-params is not part of what was signed", signed(as_base=lambda base: base.rsplit("\n", 1)[0]), "authenticate", ["base-params"])
broken("base-order", "The lines are sorted before they are signed", signed(as_cover=["@method", "@target-uri", "content-digest", "content-type"]), "authenticate", ["component-order"])
broken("base-params-order", "The parameters are signed in another order than sent", signed(as_params=f';alg="hmac-sha256";created={NOW - 4};keyid="{KEY["id"]}";nonce="{NONCE}"'), "authenticate", ["params-order"])
broken("base-unquoted", "The names in the base are not in quotes", signed(as_base=lambda base: "\n".join(line.replace('"', "", 2) if not line.startswith('"@signature-params"') else line for line in base.split("\n"))), "authenticate", ["component-quotes"])
broken("header-charset", "The HTTP library adds a charset to Content-Type", signed(headers=[("content-type", "application/json; charset=utf-8")], as_headers={"content-type": "application/json"}), "authenticate", ["header-charset"])
broken("header-charset-removed", "A proxy removes the charset from Content-Type", signed(as_headers={"content-type": "application/json; charset=utf-8"}), "authenticate", ["header-charset"])
broken("header-dropped", "A covered header is dropped by a proxy", signed(headers=[("content-type", "application/json"), ("x-request-tag", "a1")], cover=["@method", "@target-uri", "content-type", "content-digest", "x-request-tag"], drop=("x-request-tag",)), "authenticate", ["header-dropped"], cause="x-request-tag")
broken("header-case", "The value of Content-Type is signed in lower case", signed(headers=[("content-type", "Application/JSON")], as_headers={"content-type": "application/json"}), "authenticate", ["header-value-case"])
broken("header-whitespace", "White space around a value is signed", signed(as_base=lambda base: base.replace("application/json", " application/json")), "authenticate", ["header-whitespace"])
broken("digest-not-covered", "The digest is sent and not covered", signed(cover=["@method", "@target-uri", "content-type"]), "identify", [], cause="content-digest")
broken("digest-missing", "There is a body and no digest", signed(drop=("content-digest",), cover=["@method", "@target-uri", "content-type"]), "identify", [], cause="content-digest")
broken("digest-hex", "The digest is written in hex before base64", signed(content_digest="sha-256=:" + base64.b64encode(hashlib.sha256(BODY.encode()).hexdigest().encode()).decode() + ":"), "identify", ["digest-encoding"])
broken("digest-legacy", "The digest has the form of the older Digest header", signed(content_digest="SHA-256=" + base64.b64encode(hashlib.sha256(BODY.encode()).digest()).decode()), "identify", ["digest-syntax"])
broken("digest-other-algorithm", "sha-256 is written on a SHA-512 digest", signed(content_digest=digest(BODY, "sha-512").replace("sha-512", "sha-256")), "identify", ["digest-algorithm"])
broken("digest-of-nothing", "The digest is the one of an empty body", signed(content_digest=digest("")), "authenticate", ["digest-of-nothing"])

# --- RFC 9421: time -------------------------------------------------------------------------------------------------

broken("time-milliseconds", "JavaScript: Date.now() is in milliseconds", signed(created=NOW * 1000 - 4000), "freshness", ["milliseconds"])
broken("time-zone", "Local time of Sydney is taken for UTC", signed(created=NOW + 11 * 3600 - 4), "freshness", ["time-zone"])
broken("time-zone-west", "Local time of New York is taken for UTC", signed(created=NOW - 4 * 3600 - 2), "freshness", ["time-zone"])
broken("time-old", "A signature is sent again after twenty minutes", signed(created=NOW - 1203), "freshness", [], cause="1203 s ago")
broken("time-expired", "expires lies in the past", signed(expires=NOW - 1), "freshness", [], cause="expired")

# --- RFC 9421: two defects ------------------------------------------------------------------------------------------

broken("two-http-newline", "Pair: http is signed, with a secret that has its line end", signed(as_url=URL.replace("https", "http"), secret=KEY["secret"] + "\n"), "authenticate", ["scheme", "secret-whitespace"])
broken("two-order-method", "Pair: sorted query, method in lower case", get(Q, Q.split("?")[0] + "?from=2026-10-01&to=2026-11-01", as_method="get"), "authenticate", ["method-case", "query-order"])
broken("two-port-slash", "Pair: the port is missing and a slash is too many", signed(url="https://localhost:8443/api/v2/payins", as_url="https://localhost/api/v2/payins/"), "authenticate", ["host-port", "path-trailing-slash"])
broken("two-body-key", "Pair: a line end of the body is lost, and the live key signed", signed(as_body=BODY + "\n", secret=LIVE["secret"]), "authenticate", ["body-trailing-newline", "other-key"], others=[LIVE])
broken("two-hex-newline", "Pair: the MAC in hex, of a base with a final line end", signed(as_base=lambda base: base + "\n", encode=lambda mac: ":" + base64.b64encode(mac.hex().encode()).decode() + ":"), "authenticate", ["base-trailing-newline", "signature-encoding"])
broken("two-charset-scheme", "Pair: charset added to Content-Type, http signed", signed(headers=[("content-type", "application/json; charset=utf-8")], as_headers={"content-type": "application/json"}, as_url=URL.replace("https", "http")), "authenticate", ["header-charset", "scheme"])
broken("two-quotes-newline", "Pair: keyid without quotes, and a secret with its line end", signed(secret=KEY["secret"] + "\n", send_input=lambda line: line.replace(f'keyid="{KEY["id"]}"', f'keyid={KEY["id"]}')), "identify", ["parameter-quotes", "secret-whitespace"])
broken("two-crlf-method", "Pair: CRLF in the base, method in lower case", signed(as_method="post", as_base=lambda base: base.replace("\n", "\r\n")), "authenticate", ["base-line-endings", "method-case"])

# --- tokens ---------------------------------------------------------------------------------------------------------

JWT = jwt()
broken("token-no-bearer", "The word Bearer is missing", bearer(JWT), "identify", ["bearer-word"], key=BASE64_KEY)
broken("token-token-word", "Token instead of Bearer, as another API wants it", bearer("Token " + JWT), "identify", ["bearer-word"], key=BASE64_KEY)
broken("token-bearer-twice", "The variable has the word Bearer in it already", bearer("Bearer Bearer " + JWT), "identify", ["bearer-word"], key=BASE64_KEY)
broken("token-bearer-in-access-token", "Bearer in the header access-token, which takes the token alone", bearer("Bearer " + JWT, "access-token"), "identify", ["bearer-word"], key=BASE64_KEY)
broken("token-quotes", "JSON.stringify puts quotes around the token", bearer('Bearer "' + JWT + '"'), "identify", ["value-quotes"], key=BASE64_KEY)
broken("token-secret-decoded", "The secret was decoded as base64 before it signed the token", bearer("Bearer " + jwt(secret=base64.b64decode(BASE64_KEY["secret"]))), "authenticate", ["secret-decoded"], key=BASE64_KEY)
broken("token-secret-newline", "The secret had a line end when it signed the token", bearer("Bearer " + jwt(secret=BASE64_KEY["secret"] + "\n")), "authenticate", ["secret-whitespace"], key=BASE64_KEY)
broken("token-expired", "The token is older than its hour", bearer("Bearer " + jwt({"iss": "acme", "sub": BASE64_KEY["id"], "iat": NOW - 7200, "exp": NOW - 3600, "jti": "1.7f"})), "freshness", [], key=BASE64_KEY, cause="expired")
broken("token-padded", "The parts of the token are padded base64", bearer("Bearer " + jwt(encode=lambda data: base64.urlsafe_b64encode(raw(data)).decode())), "identify", ["token-encoding"], key=BASE64_KEY)
broken("token-none", "alg is none", bearer("Bearer " + b64url(compact({"alg": "none"})) + "." + b64url(compact({"sub": "x"})) + "."), "authenticate", ["token-algorithm"], key=BASE64_KEY)
broken("token-other-key", "The token was signed with another key's secret", bearer("Bearer " + jwt(secret=HEX_KEY["secret"])), "authenticate", ["other-key"], key=BASE64_KEY, others=[HEX_KEY])

# --- the platform's own record --------------------------------------------------------------------------------------

broken("record-revoked", "The key was revoked yesterday", pair(), "state", [], platform=dict(PLATFORM, revoked=NOW - 86400), cause="revoked")
broken("record-expired", "The key has expired", pair(), "state", [], platform=dict(PLATFORM, expires=NOW - 60), cause="expired")
broken("record-not-yet", "The key begins tomorrow", pair(), "state", [], platform=dict(PLATFORM, not_before=NOW + 86400))
broken("record-source", "The request comes from a new office", pair(), "source", [], platform=dict(PLATFORM, allow=["192.0.2.0/24"], peer="203.0.113.7"), cause="203.0.113.7")
broken("record-rate", "The sixth request within a minute", pair(), "rate", [], platform=dict(PLATFORM, limit=5, used=5))
broken("record-scope", "The key may read payins and not make them", pair(), "permission", [], platform=dict(PLATFORM, scopes=["payins:read"]), cause="payins:write")
broken("record-replay", "A retry sends the same signature again", signed(), "replay", [], platform=dict(PLATFORM, nonce="seen"))
broken("record-may-not-sign", "The key was issued without the right to sign", signed(), "authenticate", [], platform=dict(PLATFORM, may_sign=False), cause="may not sign")
broken("record-unknown", "The app-id is of another platform", pair(id=LIVE["id"], secret=LIVE["secret"]), "authenticate", [], platform=PLATFORM, cause="no key")
broken("record-quotes", "The platform's record, and quotes around the secret", pair(secret='"' + KEY["secret"] + '"'), "authenticate", ["value-quotes"], platform=PLATFORM)
broken("record-body", "The platform's record, and a body with another form", signed(as_body=json.dumps(ORDER, ensure_ascii=False)), "authenticate", ["body-json-whitespace"], platform=PLATFORM)
broken("record-http", "The platform's record, and http in what was signed", signed(as_url=URL.replace("https", "http")), "authenticate", ["scheme"], platform=PLATFORM)

# --- webhooks -------------------------------------------------------------------------------------------------------

EVENT_SPACED = json.dumps(EVENT)
broken("hook-reparsed", "Express: express.json() parsed the body, and the receiver verifies JSON.stringify of it", hook(as_body=EVENT_SPACED), "authenticate", ["body-json-whitespace"], key=HOOK)
broken("hook-newline", "The sender signed a final line end that a proxy removed", hook(as_body=EVENT_BODY + "\n"), "authenticate", ["body-trailing-newline"], key=HOOK)
broken("hook-secret-text", "The sender used the text of the secret as the key, without decoding it", hook(secret=HOOK["secret"]), "authenticate", ["secret-not-decoded"], key=HOOK)
broken("hook-secret-without-prefix", "The prefix was cut off, and the rest used as text", hook(secret=HOOK["secret"].removeprefix("whsec_")), "authenticate", ["secret-not-decoded"], key=HOOK)
broken("hook-other", "The secret of the endpoint before", hook(secret=decoded(OLD_HOOK)), "authenticate", ["other-key"], key=HOOK, others=[OLD_HOOK])
broken("hook-hex", "The signature is written in hex", hook(write=lambda mac: "v1," + mac.hex()), "authenticate", ["webhook-encoding"], key=HOOK)
broken("hook-no-version", "v1, is missing before the signature", hook(write=lambda mac: base64.b64encode(mac).decode()), "authenticate", ["webhook-version"], key=HOOK)
broken("hook-body-only", "The body alone was signed", hook(content=""), "authenticate", ["webhook-content"], key=HOOK)
broken("hook-without-id", "The message's id was left out of what was signed", hook(content="{at}."), "authenticate", ["webhook-content"], key=HOOK)
broken("hook-milliseconds", "The time is in milliseconds", hook(at=(NOW - 4) * 1000), "freshness", ["milliseconds"], key=HOOK)
broken("hook-late", "A retry that kept its old time arrives an hour and ten minutes later", hook(at=NOW - 4200), "freshness", [], key=HOOK, cause="4200 s")
broken("hook-id-dropped", "A gateway lets only known headers through", hook(drop=("webhook-id",)), "identify", [], key=HOOK, cause="webhook-id")
broken("hook-changed", "The amount was changed on the way: no change of form explains it", hook(body=compact(dict(EVENT, data={"id": "pay_2041", "amount": 9, "note": "paid"})), as_body=EVENT_BODY), "authenticate", [], key=HOOK)
broken("hook-reparsed-and-other", "Pair: the body was parsed and written again, and the secret is the one before", hook(as_body=EVENT_SPACED, secret=decoded(OLD_HOOK)), "authenticate", ["body-json-whitespace", "other-key"], key=HOOK, others=[OLD_HOOK])
broken("t-v1-reparsed", "A framework parsed the body and wrote it again", t_v1(body=EVENT_BODY, as_body=json.dumps(EVENT, indent=2)), "authenticate", ["body-json-whitespace"], key=HOOK)
broken("t-v1-newline", "The body was read by lines, and its last line end is lost", t_v1(as_body=EVENT_BODY + "\n"), "authenticate", ["body-trailing-newline"], key=HOOK)
broken("t-v1-other", "The secret of the endpoint before", t_v1(secret=OLD_HOOK["secret"]), "authenticate", ["other-key"], key=HOOK, others=[OLD_HOOK])
broken("t-v1-decoded", "The secret was decoded, as Standard Webhooks does it", t_v1(secret=decoded(HOOK)), "authenticate", ["secret-decoded"], key=HOOK)
broken("t-v1-base64", "The signature is written in base64", t_v1(write=lambda mac: base64.b64encode(mac).decode()), "authenticate", ["webhook-encoding"], key=HOOK)
broken("t-v1-body-only", "The body alone was signed", t_v1(content=""), "authenticate", ["webhook-content"], key=HOOK)
broken("t-v1-milliseconds", "The time is in milliseconds", t_v1(at=(NOW - 4) * 1000), "freshness", ["milliseconds"], key=HOOK)
broken("t-v1-no-time", "A proxy cut the header at its comma", dict(t_v1(), headers=[("stripe-signature", "v1=" + "0" * 64)]), "identify", [], key=HOOK, cause="stripe-signature")
broken("t-v1-secret-newline", "Pair: the secret was read with its line end, and the body written again", t_v1(secret=HOOK["secret"] + "\n", as_body=EVENT_SPACED), "authenticate", ["body-json-whitespace", "secret-whitespace"], key=HOOK)

# --- AWS Signature Version 4 ----------------------------------------------------------------------------------------

UNSORTED = aws_query("to=2026-11-01&from=a%20b", is_sorted=False)
broken("sigv4-query-order", "The parameters were signed in the order of the URL", sigv4(as_query=UNSORTED), "authenticate", ["aws-query"], key=AWS)
broken("sigv4-query-plus", "The query was sorted and not encoded anew", sigv4(as_query="from=a+b&to=2026-11-01"), "authenticate", ["aws-query"], key=AWS)
broken("sigv4-path-once", "The path was signed as it is sent, as S3 has it", sigv4(as_path="/prod/pay%20ins"), "authenticate", ["aws-path"], key=AWS)
broken("sigv4-body-newline", "A final line end was signed that is not sent", sigv4(as_body=BODY + "\n"), "authenticate", ["body-trailing-newline"], key=AWS)
broken("sigv4-body-empty", "The payload's hash is the one of nothing", sigv4(as_body=""), "authenticate", ["digest-of-nothing"], key=AWS)
broken("sigv4-content", "The body was written again after x-amz-content-sha256 was made", sigv4(content=True, as_body=json.dumps(ORDER)), "authenticate", ["body-json-whitespace"], key=AWS)
broken("sigv4-other", "The secret of another access key", sigv4(secret=OTHER_AWS["secret"]), "authenticate", ["other-key"], key=AWS, others=[OTHER_AWS])
broken("sigv4-secret-newline", "The secret was read with its line end", sigv4(secret=AWS["secret"] + "\n"), "authenticate", ["secret-whitespace"], key=AWS)
broken("sigv4-method", "A client signed GET and sends POST", sigv4(as_method="GET"), "authenticate", ["method"], key=AWS)
broken("sigv4-host", "The host was signed with a port that is not sent", sigv4(as_host="orders.example.com:443"), "authenticate", ["host-port"], key=AWS)
broken("sigv4-late", "Signed twenty minutes ago", sigv4(at=NOW - 1210), "freshness", [], key=AWS, cause="1210 s")
broken("sigv4-other-id", "The request names another access key", sigv4(key=OTHER_AWS), "authenticate", [], key=AWS, cause="names the key")
broken("sigv4-region", "Signed for Frankfurt, and the key's owner says Virginia", sigv4(), "authenticate", [], key=dict(AWS, settings={"region": "us-east-1"}), cause="us-east-1")
broken("sigv4-query-and-secret", "Pair: an unsorted query, and a secret with its line end", sigv4(as_query=UNSORTED, secret=AWS["secret"] + "\n"), "authenticate", ["aws-query", "secret-whitespace"], key=AWS)

# --- sound ----------------------------------------------------------------------------------------------------------

sound("pair", "app-id and secret-key", pair())
sound("pair-upper-case-names", "Header names in upper case", pair(names=("App-Id", "SECRET-KEY")))
sound("pair-spaces", "White space around the values, which HTTP lets be", pair(id=" " + KEY["id"] + "\t", secret=KEY["secret"] + "  "))
sound("pair-foreign", "Another provider's key by the same headers", pair(id=FOREIGN["id"], secret=FOREIGN["secret"]), key=FOREIGN)
sound("pair-with-other-keys", "Other keys at hand that have nothing to do with it", pair(), others=[LIVE, FOREIGN])
sound("pair-record", "Against the platform's record", pair(), platform=PLATFORM)
sound("pair-record-source", "From an address that is on the list", pair(), platform=dict(PLATFORM, allow=["203.0.113.0/24"], peer="203.0.113.7"))
sound("signed", "A signed payin", signed())
sound("signed-newline", "A body that really ends with a line end", signed(body=BODY + "\n"))
sound("signed-spaces", "A body with spaces, signed as it is sent", signed(body=json.dumps(ORDER)))
sound("signed-unicode", "A body beyond ASCII", signed(body=compact(UMLAUT)))
sound("signed-bom", "A byte order mark that was signed too", signed(body="\ufeff" + BODY))
sound("signed-get", "A signed GET without a body", get(URL + "/detail"))
sound("signed-query", "A query with escapes of both cases, a plus, an empty value and a repeated name", get(URL + "/detail?a=%2f%2F&b=x+y&c=&a=2"))
sound("signed-parts", "@authority, @path and @query in place of @target-uri", get(Q, cover=["@method", "@authority", "@path", "@query"]))
sound("signed-sha512", "A digest by SHA-512", signed(content_digest=digest(BODY, "sha-512")))
sound("signed-no-alg", "Without alg", signed(alg=None))
sound("signed-old", "Made 299 seconds ago", signed(created=NOW - 299))
sound("signed-ahead", "A clock 200 seconds ahead", signed(created=NOW + 200))
sound("signed-expires", "With an end that lies ahead", signed(expires=NOW + 30))
sound("signed-port", "At a port of its own", signed(url="https://localhost:8443/api/v2/payins"))
sound("signed-record", "Against the platform's record", signed(), platform=PLATFORM)
sound("signed-extra-headers", "Headers that are not covered, added by a proxy", dict(signed(), headers=signed()["headers"] + [("x-forwarded-host", "proxy.lan"), ("via", "1.1 proxy")]))
sound("signed-foreign", "Another provider's key", signed(key=FOREIGN), key=FOREIGN)
sound("signed-base64-text", "A secret that looks like base64 and is used as text", signed(key=BASE64_KEY), key=BASE64_KEY)
sound("token", "A bearer token", bearer("Bearer " + JWT), key=BASE64_KEY)
sound("token-lower-case", "bearer in lower case", bearer("bearer " + JWT), key=BASE64_KEY)
sound("token-access-token", "The same token as access-token", bearer(JWT, "access-token"), key=BASE64_KEY)
sound("hook", "A webhook by Standard Webhooks", hook(), key=HOOK)
sound("hook-rotation", "Two signatures while the secret rotates, ours the second", hook(write=lambda mac: "v1," + base64.b64encode(b"0" * 32).decode() + " v1," + base64.b64encode(mac).decode()), key=HOOK)
sound("hook-asymmetric", "A v1a signature beside it", hook(more=" v1a,AAAA"), key=HOOK)
sound("hook-newline", "A body that really ends with a line end", hook(body=EVENT_BODY + "\n"), key=HOOK)
sound("t-v1", "A webhook as Stripe signs them", t_v1(), key=HOOK)
sound("t-v1-v0", "A v0 beside v1, as test clocks send it", t_v1(more=",v0=" + "0" * 64), key=HOOK)
sound("t-v1-spaced", "A body with spaces, signed as it is sent", t_v1(body=json.dumps(EVENT, indent=2)), key=HOOK)
sound("sigv4", "AWS Signature Version 4", sigv4(), key=AWS)
sound("sigv4-content", "With x-amz-content-sha256", sigv4(content=True), key=AWS)
sound("sigv4-not-normalized", "A service that takes the path with its double slash", sigv4(url="https://orders.example.com/a//b"), key=dict(AWS, settings={"normalize_path": "false"}))
sound("sigv4-s3", "For S3, which takes the path as it is", sigv4(service="s3", content=True), key=AWS)


# Schemes that the key tells.

FORM = {
    "name": "partner-form", "id": "partner-7", "secret": "form-secret/K7MDENG+bPxRfiCY", "scheme": "hmac-template",
    "settings": {"content": "{timestamp}.{method}.{path_and_query}.{body}", "headers": "x-timestamp: {timestamp}\\nx-signature: {signature}"},
}
OLD_FORM = dict(FORM, name="partner-old", id="partner-6", secret="form-secret/older0000000000")
FORM64 = dict(FORM, name="partner-b64", secret=base64.b64encode(b"sixteen raw byte").decode(), settings=dict(FORM["settings"], secret_encoding="base64"))
USER = {"name": "partner-basic", "id": "shop-42", "secret": "basic password of 42", "scheme": "basic"}
PLACE = {"name": "partner-key", "id": "any", "secret": "apikey0123456789abcdef", "scheme": "api-key", "settings": {"header": "x-partner-key", "prefix": "Token "}}


def form(body=BODY, as_body=None, method="POST", as_method=None, key=FORM["secret"], at=NOW - 4, hash="sha256", write=lambda mac: mac.hex(), url=URL, as_target=None):
    signed_body = raw(body if as_body is None else as_body)
    _, _, path, query = split(url)
    content = f"{at}.{as_method or method}.{as_target or path + query}.".encode() + signed_body
    mac = hmac.new(raw(key), content, hash).digest()
    return {"method": method, "url": url, "headers": [("content-type", "application/json"), ("x-timestamp", str(at)), ("x-signature", write(mac))], "body": raw(body)}


def plain(*headers):
    return {"method": "GET", "url": URL, "headers": list(headers), "body": b""}


def basic(text):
    return plain(("authorization", "Basic " + base64.b64encode(text.encode()).decode()))


broken("form-newline", "The body was signed with a line end that is not sent", form(as_body=BODY + "\n"), "authenticate", ["body-trailing-newline"], key=FORM)
broken("form-spaces", "The body was written again before it was sent", form(as_body=json.dumps(ORDER, ensure_ascii=False)), "authenticate", ["body-json-whitespace"], key=FORM)
broken("form-method", "The method was signed in lower case", form(as_method="post"), "authenticate", ["method-case"], key=FORM)
broken("form-base64", "The signature is written in base64", form(write=lambda mac: base64.b64encode(mac).decode()), "authenticate", ["form-encoding"], key=FORM)
broken("form-sha512", "The other hash was used", form(hash="sha512"), "authenticate", ["form-algorithm"], key=FORM)
broken("form-other", "The key of before was used", form(key=OLD_FORM["secret"]), "authenticate", ["other-key"], key=FORM, others=[OLD_FORM])
broken("form-text", "The secret's text was used, and not its bytes", form(key=FORM64["secret"]), "authenticate", ["secret-text"], key=FORM64)
broken("form-newline-secret", "Pair: the secret's line end, and another method", form(key=FORM["secret"] + "\n", as_method="post"), "authenticate", ["method-case", "secret-whitespace"], key=FORM)
broken("form-late", "Signed ten minutes ago", form(at=NOW - 610), "freshness", [], key=FORM)
broken("form-missing", "A proxy dropped the signature", dict(form(), headers=[("x-timestamp", str(NOW - 4))]), "identify", [], key=FORM, cause="x-signature")
broken("basic-plain", "User name and password are not encoded", plain(("authorization", "Basic shop-42:basic password of 42")), "identify", ["basic-not-encoded"], key=USER)
broken("basic-swapped", "User name and password are swapped", basic("basic password of 42:shop-42"), "authenticate", ["basic-swapped"], key=USER)
broken("basic-newline", "echo without -n", basic("shop-42:basic password of 42\n"), "authenticate", ["value-invisible"], key=USER)
broken("basic-wrong", "A password of nobody", basic("shop-42:another password"), "authenticate", [], key=USER)
broken("api-key-bearer", "Sent as a bearer token", plain(("authorization", "Bearer " + PLACE["secret"])), "identify", ["api-key-place"], key=PLACE)
broken("api-key-word", "The word before the key is missing", plain(("x-partner-key", PLACE["secret"])), "identify", ["api-key-place"], key=PLACE)
sound("form", "A provider's own form", form(), key=FORM)
sound("form-decoded", "The same with a secret in base64", form(key=b"sixteen raw byte"), key=FORM64)
sound("basic", "Basic as RFC 7617 has it", basic("shop-42:basic password of 42"), key=USER)
sound("api-key", "An API key in its header", plain(("x-partner-key", "Token " + PLACE["secret"])), key=PLACE)


# --- a provider's own form: path and query --------------------------------------------------------------------------

FORM_URL = "https://api.example.com/api/v2/payins/a%2Fb?to=2026-11-01&from=a+b"
broken("form-query-sorted", "The parameters were sorted before they were signed", form(url=FORM_URL, as_target="/api/v2/payins/a%2Fb?from=a+b&to=2026-11-01"), "authenticate", ["query-order"], key=FORM)
broken("form-query-space", "The query was signed with %20, and sent with +", form(url=FORM_URL, as_target="/api/v2/payins/a%2Fb?to=2026-11-01&from=a%20b"), "authenticate", ["query-space"], key=FORM)
broken("form-query-missing", "The path was signed without its query", form(url=FORM_URL, as_target="/api/v2/payins/a%2Fb"), "authenticate", ["query-missing"], key=FORM)
broken("form-path-decoded", "A router decoded the path before it was signed", form(url=FORM_URL, as_target="/api/v2/payins/a/b?to=2026-11-01&from=a+b"), "authenticate", ["path-decoded"], key=FORM)
broken("form-path-slash", "The path was signed with a final slash", form(as_target="/api/v2/payins/"), "authenticate", ["path-trailing-slash"], key=FORM)
broken("form-path-prefix", "A gateway takes /api off before the request is verified", form(as_target="/v2/payins"), "authenticate", ["path-prefix"], key=FORM)
broken("form-query-and-body", "Pair: a sorted query, and a line end behind the body", form(url=FORM_URL, as_target="/api/v2/payins/a%2Fb?from=a+b&to=2026-11-01", as_body=BODY + "\n"), "authenticate", ["body-trailing-newline", "query-order"], key=FORM)
sound("form-query", "A path with an escaped slash, and a query that is not sorted", form(url=FORM_URL), key=FORM)

# --- t=,v1= in a header of another name -----------------------------------------------------------------------------

TOLD = {"name": "partner-hook", "id": "ep_partner", "secret": "hook secret of partner 7/K7MDENG", "scheme": "t-v1", "settings": {"header": "x-partner-signature"}}
OLD_TOLD = dict(TOLD, name="partner-hook-old", id="ep_partner_old", secret="hook secret of before 6/K7MDENG")
TOLD64 = dict(TOLD, name="partner-hook-b64", secret=base64.b64encode(b"sixteen raw byte").decode(), settings=dict(TOLD["settings"], secret_encoding="base64"))


def told(**how):
    return t_v1(**dict({"name": "x-partner-signature", "secret": TOLD["secret"]}, **how))


broken("t-told-reparsed", "A framework parsed the body and wrote it again", told(as_body=json.dumps(EVENT)), "authenticate", ["body-json-whitespace"], key=TOLD)
broken("t-told-other", "The secret of the endpoint before", told(secret=OLD_TOLD["secret"]), "authenticate", ["other-key"], key=TOLD, others=[OLD_TOLD])
broken("t-told-body-only", "The body alone was signed", told(content=""), "authenticate", ["webhook-content"], key=TOLD)
broken("t-told-base64", "The signature is written in base64", told(write=lambda mac: base64.b64encode(mac).decode()), "authenticate", ["webhook-encoding"], key=TOLD)
broken("t-told-newline", "The secret was read with its line end", told(secret=TOLD["secret"] + "\n"), "authenticate", ["secret-whitespace"], key=TOLD)
broken("t-told-text", "The secret's text was used, and not its bytes", told(secret=TOLD64["secret"]), "authenticate", ["secret-text"], key=TOLD64)
broken("t-told-text-and-body", "Pair: the secret's text, and a body that was written again", told(secret=TOLD64["secret"], as_body=json.dumps(EVENT)), "authenticate", ["body-json-whitespace", "secret-text"], key=TOLD64)
broken("t-told-milliseconds", "The time is in milliseconds", told(at=(NOW - 4) * 1000), "freshness", ["milliseconds"], key=TOLD)
broken("t-told-elsewhere", "It stands in the header that Stripe has it in", told(name="stripe-signature"), "identify", [], key=TOLD, cause="x-partner-signature")
sound("t-told", "t=,v1= in a header of another name", told(), key=TOLD)
sound("t-told-decoded", "The same with a secret in base64", told(secret=b"sixteen raw byte"), key=TOLD64)

# --- RFC 9421 with key pairs ----------------------------------------------------------------------------------------

KEYS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../crypto/tests/data/keys")
SHA256, SHA384, SHA512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()


def pem(name):
    with open(os.path.join(KEYS, name + ".pem")) as file:
        return file.read()


def private(name):
    return serialization.load_pem_private_key(pem(name + ".private").encode(), None)


def holder(name, key, scheme, half="public"):
    return {"name": "partner-" + name, "id": "partner-" + name, "secret": pem(f"{key}.{half}"), "scheme": scheme}


ED, EC, RSA = private("rfc9421-ed25519"), private("rfc9421-ecc-p256"), private("rfc9421-rsa")
OTHER_ED, OTHER_EC, OTHER_RSA = private("rfc8037-a1"), private("rfc7515-a3"), private("rfc9421-rsa-pss")
ED_KEY = holder("ed", "rfc9421-ed25519", "rfc9421-ed25519")
EC_KEY = holder("ec", "rfc9421-ecc-p256", "rfc9421-ecdsa-p256-sha256")
PSS_KEY = holder("pss", "rfc9421-rsa", "rfc9421-rsa-pss-sha512")
V15_KEY = holder("v15", "rfc9421-rsa", "rfc9421-rsa-v1_5-sha256")
ED_OLD = holder("ed-old", "rfc8037-a1", "rfc9421-ed25519", "private")


def der(message, key=EC, hash=SHA256):
    return key.sign(message, ec.ECDSA(hash, deterministic_signing=True))


def joined(message, key=EC, hash=SHA256):
    return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(der(message, key, hash)))


def pss(message, key=RSA, hash=SHA512, salt=None):
    return key.sign(message, padding.PSS(padding.MGF1(hash), hash.digest_size if salt is None else salt), hash)


def v15(message, key=RSA, hash=SHA256):
    return key.sign(message, padding.PKCS1v15(), hash)


def sha(message, name="sha256"):
    return hashlib.new(name, message).digest()


def by_ed(**how):
    return signed(**dict({"key": ED_KEY, "alg": "ed25519", "sign": ED.sign}, **how))


def by_ec(**how):
    return signed(**dict({"key": EC_KEY, "alg": "ecdsa-p256-sha256", "sign": joined}, **how))


def by_pss(**how):
    return signed(**dict({"key": PSS_KEY, "alg": "rsa-pss-sha512", "sign": pss}, **how))


def by_v15(**how):
    return signed(**dict({"key": V15_KEY, "alg": "rsa-v1_5-sha256", "sign": v15}, **how))


SORTED = URL + "/detail?from=a+b&to=2026-11-01"
UNSORTED_URL = URL + "/detail?to=2026-11-01&from=a+b"
broken("ed-newline", "The body was signed with a line end that is not sent", by_ed(as_body=BODY + "\n"), "authenticate", ["body-trailing-newline"], key=ED_KEY)
broken("ed-query-order", "The parameters were sorted before they were signed", by_ed(method="GET", url=UNSORTED_URL, as_url=SORTED, body=None), "authenticate", ["query-order"], key=ED_KEY)
broken("ed-base-newline", "A line end behind the signature base", by_ed(as_base=lambda base: base + "\n"), "authenticate", ["base-trailing-newline"], key=ED_KEY)
broken("ed-hashed", "The base's SHA-256 was signed, as other algorithms are fed", by_ed(sign=lambda base: ED.sign(sha(base))), "authenticate", ["hashed-twice"], key=ED_KEY)
broken("ed-hashed-hex", "The base's SHA-256 was signed as text", by_ed(sign=lambda base: ED.sign(sha(base).hex().encode())), "authenticate", ["hashed-twice"], key=ED_KEY)
broken("ed-hex", "The signature's hex text is in base64", by_ed(encode=lambda mac: ":" + base64.b64encode(mac.hex().encode()).decode() + ":"), "authenticate", ["signature-encoding"], key=ED_KEY)
broken("ed-old", "The key pair of before", by_ed(sign=OTHER_ED.sign), "authenticate", ["other-key"], key=ED_KEY, others=[ED_OLD])
broken("ed-nobodys", "A key pair that is not at hand", by_ed(sign=OTHER_ED.sign), "authenticate", [], key=ED_KEY)
broken("ed-header-case", "Pair: another case of Content-Type, and CRLF between the lines", by_ed(headers=[("content-type", "application/JSON")], as_headers={"content-type": "application/json"}, as_base=lambda base: base.replace("\n", "\r\n")), "authenticate", ["base-line-endings", "header-value-case"], key=ED_KEY)
broken("ed-created-quoted", "created is written as text", by_ed(send_input=lambda line: line.replace(f"created={NOW - 4}", f'created="{NOW - 4}"')), "identify", ["parameter-quotes"], key=ED_KEY)
broken("ed-colons", "The signature is not between colons", by_ed(encode=lambda mac: base64.b64encode(mac).decode()), "identify", ["signature-syntax"], key=ED_KEY)
broken("ed-milliseconds", "created is in milliseconds", by_ed(created=(NOW - 4) * 1000), "freshness", ["milliseconds"], key=ED_KEY)
broken("ed-late", "Signed ten minutes ago", by_ed(created=NOW - 610), "freshness", [], key=ED_KEY, cause="610 s")
broken("ed-alg", "alg names the shared secret's algorithm", by_ed(alg="hmac-sha256"), "authenticate", [], key=ED_KEY, cause="ed25519")
broken("ed-id-typo", "The id is mistyped, in what is signed too", by_ed(keyid="partner-ex"), "authenticate", ["id-typo"], key=ED_KEY)
broken("ed-other-id", "The id of another partner", by_ed(keyid="merchant-4711"), "authenticate", [], key=ED_KEY, cause="names the key")
broken("ed-missing", "A proxy dropped both headers", dict(by_ed(), headers=[("content-type", "application/json")]), "identify", [], key=ED_KEY, cause="Signature-Input")
broken("ec-der", "A library that writes DER, as most do", by_ec(sign=der), "authenticate", ["signature-der"], key=EC_KEY)
broken("ec-der-query", "Pair: DER, and a query that was sorted", by_ec(sign=der, method="GET", url=UNSORTED_URL, as_url=SORTED, body=None), "authenticate", ["query-order", "signature-der"], key=EC_KEY)
broken("ec-der-body", "Pair: DER, and a body that was written again", by_ec(sign=der, as_body=json.dumps(ORDER)), "authenticate", ["body-json-whitespace", "signature-der"], key=EC_KEY)
broken("ec-der-sha512", "DER, and SHA-512", by_ec(sign=lambda base: der(base, hash=SHA512)), "authenticate", ["pair-algorithm"], key=EC_KEY)
broken("ec-hashed", "The base's digest was given to a function that hashes", by_ec(sign=lambda base: joined(sha(base))), "authenticate", ["hashed-twice"], key=EC_KEY)
broken("ec-method", "A retry after a redirect became a GET", by_ec(as_method="GET"), "authenticate", ["method"], key=EC_KEY)
broken("ec-other-kind", "An Ed25519 key pair of the same partner", by_ec(sign=OTHER_ED.sign), "authenticate", ["other-key"], key=EC_KEY, others=[ED_OLD])
broken("pss-v15", "Signed with PKCS#1 v1.5", by_pss(sign=v15), "authenticate", ["pair-algorithm"], key=PSS_KEY)
broken("pss-v15-sha512", "Signed with PKCS#1 v1.5 and SHA-512", by_pss(sign=lambda base: v15(base, hash=SHA512)), "authenticate", ["pair-algorithm"], key=PSS_KEY)
broken("pss-sha256", "Signed with SHA-256", by_pss(sign=lambda base: pss(base, hash=SHA256)), "authenticate", ["pair-algorithm"], key=PSS_KEY)
broken("pss-longest", "The salt is as long as the key allows, as OpenSSL has it unless told otherwise", by_pss(sign=lambda base: pss(base, salt=padding.PSS.MAX_LENGTH)), "authenticate", ["rsa-salt"], key=PSS_KEY)
broken("pss-twenty", "The salt has 20 bytes, the default of RFC 8017", by_pss(sign=lambda base: pss(base, salt=20)), "authenticate", ["rsa-salt"], key=PSS_KEY)
broken("pss-thirty-two", "The salt is as long as for SHA-256", by_pss(sign=lambda base: pss(base, salt=32)), "authenticate", ["rsa-salt"], key=PSS_KEY)
broken("pss-longest-slash", "Pair: the longest salt, and a final slash", by_pss(sign=lambda base: pss(base, salt=padding.PSS.MAX_LENGTH), as_url=URL + "/"), "authenticate", ["path-trailing-slash", "rsa-salt"], key=PSS_KEY)
broken("pss-hashed", "The base's SHA-512 was given to a function that hashes", by_pss(sign=lambda base: pss(sha(base, "sha512"))), "authenticate", ["hashed-twice"], key=PSS_KEY)
broken("pss-other", "Another key pair", by_pss(sign=lambda base: pss(base, key=OTHER_RSA)), "authenticate", ["other-key"], key=PSS_KEY, others=[holder("pss-old", "rfc9421-rsa-pss", "rfc9421-rsa-pss-sha512", "private")])
broken("v15-pss", "Signed with PSS", by_v15(sign=pss), "authenticate", ["pair-algorithm"], key=V15_KEY)
broken("v15-sha512", "Signed with SHA-512", by_v15(sign=lambda base: v15(base, hash=SHA512)), "authenticate", ["pair-algorithm"], key=V15_KEY)
broken("v15-host", "A proxy put its own name into Host", by_v15(as_url=URL.replace("api.example.com", "gateway.example.com"), headers=[("content-type", "application/json"), ("x-forwarded-host", "gateway.example.com")]), "authenticate", ["host"], key=V15_KEY)
sound("ed", "A request with Ed25519", by_ed(), key=ED_KEY)
sound("ed-private", "The same with the private key at hand", by_ed(), key=holder("ed", "rfc9421-ed25519", "rfc9421-ed25519", "private"))
sound("ed-query", "A query that is not sorted", by_ed(method="GET", url=UNSORTED_URL, body=None), key=ED_KEY, others=[ED_OLD])
sound("ec", "A request with ECDSA", by_ec(), key=EC_KEY)
sound("ec-spaces", "A body with spaces, signed as it is sent", by_ec(body=json.dumps(ORDER) + "\n"), key=EC_KEY)
sound("pss", "A request with RSA-PSS", by_pss(), key=PSS_KEY)
sound("v15", "A request with RSA PKCS#1 v1.5", by_v15(), key=V15_KEY)

# --- tokens made for a request --------------------------------------------------------------------------------------

CLAIMS = {"iss": "partner-jwt", "aud": "payments", "iat": NOW - 60, "exp": NOW + 240, "jti": "7f-1"}
HS_KEY = {"name": "partner-hs", "id": "partner-jwt", "secret": "a shared secret of 38 bytes for HS256.", "scheme": "jwt-hs256", "settings": {"claims": '{"aud":"payments"}'}}
OLD_HS = dict(HS_KEY, name="partner-hs-old", id="partner-jwt-old", secret="another shared secret, for before that")
HS64_KEY = dict(HS_KEY, name="partner-hs-b64", secret=base64.b64encode(b"a secret of 24 raw bytes").decode(), settings={"secret_encoding": "base64"})
RS_KEY = dict(holder("rs", "rfc9421-rsa", "jwt-rs256"), id="partner-jwt")
ES_KEY = dict(holder("es", "rfc9421-ecc-p256", "jwt-es256"), id="partner-jwt")
EDDSA_KEY = dict(holder("eddsa", "rfc9421-ed25519", "jwt-eddsa"), id="partner-jwt")


def by_hs(secret=HS_KEY["secret"], hash="sha256"):
    return lambda message: hmac.new(raw(secret), message, hash).digest()


def made(alg="HS256", sign=by_hs(), claims=None, kid="partner-jwt", encode=b64url, write=None, word="Bearer "):
    header = {"alg": alg, "typ": "JWT"}
    if kid:
        header["kid"] = kid
    message = encode(compact(header)) + "." + encode(compact(claims or CLAIMS))
    return bearer(word + message + "." + (write or encode)(sign(message.encode())))


def changed_claims(**changes):
    claims = dict(CLAIMS, **changes)
    return {name: value for name, value in claims.items() if value is not None}


def padded(data):
    return base64.urlsafe_b64encode(raw(data)).decode()


def standard(data):
    return base64.b64encode(raw(data)).decode()


broken("jwt-padded", "The parts are padded, and signed like that", made(encode=padded), "identify", ["token-encoding"], key=HS_KEY)
broken("jwt-padded-late", "The signature alone is padded", made(write=padded), "identify", ["token-encoding"], key=HS_KEY)
broken("jwt-standard", "The signature is in the standard alphabet with padding", made("RS256", v15, write=standard), "identify", ["token-encoding"], key=RS_KEY)
broken("jwt-hex", "The signature is in hex", made(write=lambda mac: mac.hex()), "authenticate", ["signature-encoding"], key=HS_KEY)
broken("jwt-hs512", "Signed with HS512, as its header says", made("HS512", by_hs(hash="sha512")), "identify", ["token-algorithm"], key=HS_KEY)
broken("jwt-none", "Nobody signed it", made("none", lambda message: b""), "identify", ["token-algorithm"], key=HS_KEY)
broken("jwt-rs512", "Signed with RS512, as its header says", made("RS512", lambda message: v15(message, hash=SHA512)), "identify", ["token-algorithm"], key=RS_KEY)
broken("jwt-ps256", "Signed with PS256, as its header says", made("PS256", lambda message: pss(message, hash=SHA256)), "identify", ["token-algorithm"], key=RS_KEY)
broken("jwt-confused", "Signed with HS256 and the public key's text, which is no secret", made("HS256", by_hs(RS_KEY["secret"])), "identify", ["token-algorithm"], key=RS_KEY)
broken("jwt-rs-as-pss", "The header says RS256, and PSS was used", made("RS256", lambda message: pss(message, hash=SHA256)), "authenticate", ["pair-algorithm"], key=RS_KEY)
broken("jwt-es-der", "A library that writes DER", made("ES256", der), "authenticate", ["signature-der"], key=ES_KEY)
broken("jwt-es-hashed", "The digest was given to a function that hashes", made("ES256", lambda message: joined(sha(message))), "authenticate", ["hashed-twice"], key=ES_KEY)
broken("jwt-eddsa-hashed", "The digest was signed", made("EdDSA", lambda message: ED.sign(sha(message))), "authenticate", ["hashed-twice"], key=EDDSA_KEY)
broken("jwt-rs-other", "Another key pair", made("RS256", lambda message: v15(message, key=OTHER_RSA)), "authenticate", ["other-key"], key=RS_KEY, others=[dict(holder("rs-old", "rfc9421-rsa-pss", "jwt-rs256", "private"), id="partner-jwt-old")])
broken("jwt-hs-other", "The secret of before", made(sign=by_hs(OLD_HS["secret"])), "authenticate", ["other-key"], key=HS_KEY, others=[OLD_HS])
broken("jwt-hs-newline", "The secret was read with its line end", made(sign=by_hs(HS_KEY["secret"] + "\n")), "authenticate", ["secret-whitespace"], key=HS_KEY)
broken("jwt-hs-text", "The secret's text was used, and not its bytes", made(sign=by_hs(HS64_KEY["secret"])), "authenticate", ["secret-text"], key=HS64_KEY)
broken("jwt-hs-quotes", "The secret was used with its quotes", made(sign=by_hs('"' + HS_KEY["secret"] + '"')), "authenticate", ["secret-quotes"], key=HS_KEY)
broken("jwt-changed", "Somebody raised what it allows", bearer(made()["headers"][0][1].replace(b64url(compact(CLAIMS)), b64url(compact(changed_claims(admin=True))))), "authenticate", [], key=HS_KEY)
broken("jwt-kid", "It names another key", made(kid="partner-jwt-2"), "authenticate", [], key=HS_KEY, cause="names the key")
broken("jwt-expired", "It ended a minute ago", made(claims=changed_claims(exp=NOW - 60)), "freshness", [], key=HS_KEY)
broken("jwt-not-yet", "It begins in ten minutes", made(claims=changed_claims(nbf=NOW + 600)), "freshness", [], key=HS_KEY, cause="not valid yet")
broken("jwt-not-yet-milliseconds", "nbf is in milliseconds", made(claims=changed_claims(nbf=(NOW - 60) * 1000)), "freshness", ["milliseconds"], key=HS_KEY)
broken("jwt-audience", "It is for the test system", made(claims=changed_claims(aud="payments-test")), "authenticate", ["token-audience"], key=HS_KEY)
broken("jwt-no-audience", "It does not say whom it is for", made(claims=changed_claims(aud=None)), "authenticate", ["token-audience"], key=HS_KEY)
broken("jwt-no-word", "The word Bearer is missing", made(word=""), "identify", ["bearer-word"], key=HS_KEY)
broken("jwt-two-words", "The word Bearer is there twice", made(word="Bearer Bearer "), "identify", ["bearer-word"], key=HS_KEY)
broken("jwt-quotes", "The token stands in quotes", bearer('Bearer "' + made(word="")["headers"][0][1] + '"'), "identify", ["value-quotes"], key=HS_KEY)
broken("jwt-absent", "A proxy dropped the header", bearer("*/*", "accept"), "identify", [], key=HS_KEY, cause="authorization")
broken("jwt-der-padded", "Pair: DER, and parts with padding", made("ES256", der, encode=padded), "identify", ["signature-der", "token-encoding"], key=ES_KEY)
sound("jwt-hs", "HS256", made(), key=HS_KEY)
sound("jwt-hs-decoded", "HS256 with a secret in base64", made(sign=by_hs(b"a secret of 24 raw bytes")), key=HS64_KEY)
sound("jwt-rs", "RS256", made("RS256", v15), key=RS_KEY)
sound("jwt-es", "ES256", made("ES256", joined), key=ES_KEY)
sound("jwt-eddsa", "EdDSA", made("EdDSA", ED.sign), key=EDDSA_KEY)
sound("jwt-audiences", "Several audiences, ours among them", made(claims=changed_claims(aud=["billing", "payments"])), key=HS_KEY)
sound("jwt-begun", "It began a minute ago", made(claims=changed_claims(nbf=NOW - 60)), key=HS_KEY)
sound("jwt-no-kid", "Without kid, named by iss", made(kid=None), key=HS_KEY)


def quoted(text):
    out = '"'
    for char in text:
        if char in '"\\':
            out += "\\" + char
        elif char in "\n\r\t":
            out += {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
        elif ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u00a0\u200b\ufeff" or unicodedata.combining(char):
            out += f"\\u{ord(char):04X}"
        else:
            out += char
    return out + '"'


def value(item):
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int):
        return str(item)
    if isinstance(item, (list, tuple)):
        return "[" + ", ".join(value(each) for each in item) + "]"
    return quoted(item)


def write(folder, name, case):
    what, request, key, others, platform, now, expect = case
    lines = [f"what = {quoted(what)}", f"now = {now}", "", "[request]", f"method = {quoted(request['method'])}", f"url = {quoted(request['url'])}", "headers = ["]
    lines += [f"    [{quoted(header)}, {quoted(text)}]," for header, text in request["headers"]]
    lines.append("]")
    try:
        lines.append(f"body = {quoted(request['body'].decode())}")
    except UnicodeDecodeError:
        lines.append(f"body_base64 = {quoted(base64.b64encode(request['body']).decode())}")
    for table, held in [("[key]", key)] + [("[[other]]", other) for other in others]:
        lines += ["", table] + [f"{field} = {quoted(held[field])}" for field in ("name", "id", "secret")]
        if "scheme" in held:
            lines.append(f"scheme = {quoted(held['scheme'])}")
        if "settings" in held:
            lines.append("settings = { " + ", ".join(f"{name} = {quoted(text)}" for name, text in held["settings"].items()) + " }")
    if platform:
        lines += ["", "[platform]"] + [f"{field} = {value(item)}" for field, item in platform.items()]
    lines += ["", "[expect]"] + [f"{field} = {value(item)}" for field, item in expect.items() if item is not None]
    with open(os.path.join(folder, name + ".toml"), "w", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


for folder, cases in (("broken", BROKEN), ("sound", SOUND)):
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    for name, case in cases.items():
        write(folder, name, case)
print(len(BROKEN), "broken,", len(SOUND), "sound")
