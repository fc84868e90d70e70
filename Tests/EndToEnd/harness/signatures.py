"""Keys and signatures as SDKs compute them, apart from the server's own code."""

import hashlib
import hmac
import json
import re
import secrets
import time
from dataclasses import dataclass, field

import jcs

HEADER = "x-inngest-signature"
TOLERANCE = 300


def secret_of(key: str) -> str:
    """A signing key without its prefix."""
    return re.sub(r"^signkey-\w+-", "", key)


def hash_of(key: str) -> str:
    """What SDKs send instead of the key."""
    return hashlib.sha256(bytes.fromhex(secret_of(key))).hexdigest()


def sign(key: str, body: bytes, at: float | None = None) -> str:
    """The header's value for these bytes."""
    seconds = str(int(time.time() if at is None else at))
    code = hmac.new(secret_of(key).encode(), body + seconds.encode(), hashlib.sha256).hexdigest()
    return f"t={seconds}&s={code}"


def is_valid_for_go(header: str | None, body: bytes, key: str) -> bool:
    """The raw bytes are brought into canonical form, and the whole header is compared."""
    match = re.fullmatch(r"t=(\d+)&s=([0-9a-f]{64})", header or "")
    if match is None or time.time() - int(match[1]) > TOLERANCE:
        return False
    return hmac.compare_digest(sign(key, canonical(body), int(match[1])), header or "")


def is_valid_for_typescript(header: str | None, body: bytes, key: str) -> bool:
    """The header is read as a query, and what was parsed is brought into canonical form."""
    fields = dict(pair.partition("=")[::2] for pair in (header or "").split("&"))
    if abs(time.time() - int(fields.get("t") or 0)) > TOLERANCE:
        return False
    expected = sign(key, canonical(body), int(fields["t"])).partition("&s=")[2]
    return hmac.compare_digest(expected, fields.get("s", ""))


def canonical(body: bytes) -> bytes:
    """RFC 8785, by somebody else's code."""
    return jcs.canonicalize(json.loads(body)) if body else b""


@dataclass(frozen=True)
class Keys:
    """What a server in signed mode and its clients share."""

    signing: str = field(default_factory=lambda: "signkey-prod-" + secrets.token_hex(32))
    event: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer signkey-prod-{hash_of(self.signing)}"}

    @property
    def variables(self) -> dict[str, str]:
        return {"INNGEST_SIGNING_KEY": self.signing, "INNGEST_EVENT_KEY": self.event}
