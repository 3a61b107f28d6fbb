"""Foreign signers and verifiers, asked over stdin and stdout: one JSON object a line, one answer a line."""

import base64
import datetime
import json
import sys
import types
import warnings

# Keys of tests are short, times are years ago, and Authlib moves its tokens to a library of its own.
warnings.simplefilter("ignore")

import botocore.auth
import http_message_signatures as hms
import jwt
import pyotp
import standardwebhooks
from authlib.jose import JsonWebToken
from authlib.oauth2.auth import encode_client_secret_basic
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization

RFC9421 = {
    "rfc9421-hmac-sha256": hms.algorithms.HMAC_SHA256,
    "rfc9421-ed25519": hms.algorithms.ED25519,
    "rfc9421-ecdsa-p256-sha256": hms.algorithms.ECDSA_P256_SHA256,
    "rfc9421-rsa-pss-sha512": hms.algorithms.RSA_PSS_SHA512,
    "rfc9421-rsa-v1_5-sha256": hms.algorithms.RSA_V1_5_SHA256,
}


class Keys(hms.HTTPSignatureKeyResolver):
    def __init__(self, asked):
        self.asked = asked

    def resolve_private_key(self, key_id):
        assert key_id == self.asked["id"]
        if "private_key" not in self.asked:
            return self.asked["secret"].encode()
        return serialization.load_pem_private_key(self.asked["private_key"].encode(), None)

    def resolve_public_key(self, key_id):
        key = self.resolve_private_key(key_id)
        return key if isinstance(key, bytes) else key.public_key()


def message(asked):
    from http_message_signatures.structures import CaseInsensitiveDict

    return types.SimpleNamespace(
        method=asked["method"], url=asked["url"], headers=CaseInsensitiveDict(asked["headers"])
    )


def moment(asked):
    return datetime.datetime.fromtimestamp(asked["time"], datetime.timezone.utc)


def body(asked):
    return base64.b64decode(asked.get("body", ""))


def sigv4_sign(asked):
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: moment(asked).replace(tzinfo=None)
    request = AWSRequest(asked["method"], asked["url"], asked["headers"], body(asked))
    credentials = Credentials(asked["id"], asked["secret"], asked.get("token"))
    kind = botocore.auth.S3SigV4Auth if asked["service"] == "s3" else botocore.auth.SigV4Auth
    signer = kind(credentials, asked["service"], asked["region"])
    signer.add_auth(request)
    return {"headers": [[name, str(value)] for name, value in request.headers.items()]}


def rfc9421_sign(asked):
    signer = hms.HTTPMessageSigner(signature_algorithm=RFC9421[asked["scheme"]], key_resolver=Keys(asked))
    request = message(asked)
    signer.sign(
        request,
        key_id=asked["id"],
        created=moment(asked),
        nonce=asked["nonce"],
        covered_component_ids=asked["components"],
    )
    return {"headers": [[name, value] for name, value in request.headers.items()]}


def rfc9421_verify(asked):
    verifier = hms.HTTPMessageVerifier(signature_algorithm=RFC9421[asked["scheme"]], key_resolver=Keys(asked))
    verifier.max_clock_skew = datetime.timedelta(days=36500)
    results = verifier.verify(message(asked), max_age=datetime.timedelta(days=36500))
    return {"covered": sorted(results[0].covered_components)}


def jwt_sign(asked):
    key = asked.get("private_key") or asked["secret"]
    if asked["by"] == "authlib":
        token = JsonWebToken([asked["alg"]]).encode({"alg": asked["alg"], "kid": asked["id"]}, asked["claims"], key)
        return {"token": token.decode()}
    return {"token": jwt.encode(asked["claims"], key, asked["alg"], {"kid": asked["id"]})}


def jwt_verify(asked):
    key = asked.get("public_key") or asked["secret"]
    if asked["by"] == "authlib":
        return {"claims": dict(JsonWebToken([asked["alg"]]).decode(asked["token"], key))}
    options = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
    return {"claims": jwt.decode(asked["token"], key, [asked["alg"]], options)}


def webhook_sign(asked):
    return {"signature": standardwebhooks.Webhook(asked["secret"]).sign(asked["id"], moment(asked), asked["text"])}


def webhook_verify(asked):
    webhook = standardwebhooks.Webhook(asked["secret"])
    # Freshness is not what is compared: its clock is the header's.
    webhook._Webhook__verify_timestamp = lambda header: datetime.datetime.fromtimestamp(
        float(header), datetime.timezone.utc
    )
    webhook.verify(asked["text"], asked["headers"])
    return {}


def client_basic(asked):
    client = types.SimpleNamespace(client_id=asked["id"], client_secret=asked["secret"])
    _, headers, _ = encode_client_secret_basic(client, "POST", "https://h.example/token", {}, "")
    return {"authorization": headers["Authorization"]}


def totp(asked):
    secret = base64.b32encode(base64.b64decode(asked["seed"])).decode()
    return {"code": pyotp.TOTP(secret).at(asked["time"])}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"ok": globals()[asked["ask"]](asked)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
