"""The lab's certificates and tokens: one authority, one server, and any number of users.

The only module that imports `cryptography`, which is part of the optional extra `lab`.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

LIFETIME = dt.timedelta(days=365)
_SKEW = dt.timedelta(days=7)
"""How far certificates are backdated: clocks may differ, and tests request certificates that have already expired."""

_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip

SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


def require_cryptography() -> None:
    """Raise Refused (2) if the optional extra is not installed."""
    if importlib.util.find_spec("cryptography") is None:
        message = "the lab needs the Python package cryptography, which is not installed"
        help_ = "pip install 'gpu-platform-blueprint[lab]'"
        raise Refused(Diagnostic(codes.EXTRA_MISSING, message, help=help_), exit_code=2)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> None:
        """Write NAME.crt and NAME.key. The folder is already private (umask 077)."""
        (folder / f"{name}.crt").write_bytes(self.certificate)
        (folder / f"{name}.key").write_bytes(self.key)

    @classmethod
    def read(cls, folder: Path, name: str) -> KeyPair:
        """Read what `write` wrote."""
        return cls((folder / f"{name}.crt").read_bytes(), (folder / f"{name}.key").read_bytes())


def make_authority() -> KeyPair:
    """A new certificate authority that satisfies OpenSSL's strict mode (Python 3.13's default)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    key = _new_key()
    name = _name("blueprint-lab-authority")
    usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
    builder = (
        _builder(name, name, key, LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    return KeyPair(_pem(builder.sign(key, hashes.SHA256())), _key_pem(key))


def make_server(authority: KeyPair) -> KeyPair:
    """A certificate for the API server on loopback."""
    from cryptography import x509

    names: list[x509.GeneralName] = [x509.DNSName(name) for name in SERVER_NAMES]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    return _signed(authority, _name("kube-apiserver"), LIFETIME, x509.SubjectAlternativeName(names))


def make_client(authority: KeyPair, user: str, groups: Sequence[str], expires: dt.timedelta = LIFETIME) -> KeyPair:
    """A client certificate for `user` in `groups`. With a negative `expires`, it has already expired."""
    return _signed(authority, _name(user, groups), expires)


def make_signing_key() -> bytes:
    """A private key in PEM with which the API server signs service account tokens."""
    return _key_pem(_new_key())


def _signed(authority: KeyPair, subject: x509.Name, expires: dt.timedelta, *extensions: x509.ExtensionType) -> KeyPair:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    key = _new_key()
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    builder = _builder(subject, issuer.subject, key, expires)
    for extension in (signer, *extensions):
        builder = builder.add_extension(extension, critical=False)
    return KeyPair(_pem(builder.sign(_load(authority.key), hashes.SHA256())), _key_pem(key))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, expires: dt.timedelta
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(min(now, now + expires) - _SKEW)
        .not_valid_after(now + expires)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str, organizations: Sequence[str] = ()) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _new_key() -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _load(pem: bytes) -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"the lab's keys are elliptic, this is a {type(key).__name__}")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
