"""Kubeconfigs with service account tokens that are signed with the lab's own key, including expired ones."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from blueprint.lab.access import Lab, RequestFailed
from blueprint.lab.certificates import LIFETIME
from blueprint.lab.components import ISSUER


def service_account(lab: Lab, namespace: str, name: str, *, expires: dt.timedelta = LIFETIME) -> Path:
    """A kubeconfig with a bearer token for this service account, which is created if it is missing.

    A negative `expires` creates an expired token: the API server responds with 401.
    """
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    with contextlib.suppress(RequestFailed):
        lab.request("POST", accounts, {"metadata": {"name": name}})
    uid = lab.request("GET", f"{accounts}/{name}")["metadata"]["uid"]
    now = time.time()
    end = now + expires.total_seconds()
    claims = {
        "iss": ISSUER,
        "aud": [ISSUER],
        "sub": f"system:serviceaccount:{namespace}:{name}",
        "iat": int(min(now, end) - 60),
        "nbf": int(min(now, end) - 60),
        "exp": int(end),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
    }
    document = yaml.safe_load(lab.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": sign_token((lab.folder / "sa.key").read_bytes(), claims)}
    path = lab.folder / f"user-{secrets.token_hex(4)}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document))
    return path


def sign_token(signing_key: bytes, claims: Mapping[str, Any]) -> str:
    """A JSON web token (ES256) over `claims`, as the API server signs them itself (RFC 7515, 7518 3.4)."""
    key = load_pem_private_key(signing_key, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    body = f"{_base64({'alg': 'ES256', 'typ': 'JWT'})}.{_base64(claims)}"
    r, s = decode_dss_signature(key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{body}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64(value: Mapping[str, Any] | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
