"""The certificate authority of one lab, and the key stores of its brokers. The only user of cryptography.

The authority's private key stays in this process. Only a lab that gets brokers later keeps the key in its state file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.base.dataclass import dataclass

_BEFORE = timedelta(days=1)  # since clocks differ
_AFTER = timedelta(weeks=8)  # since labs may be left running
_LOOPBACK = IPv4Address("127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabAuthority:
    """The authority that signs the certificates of one lab's brokers."""

    certificate: x509.Certificate
    now: datetime
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def create(cls, now: datetime) -> LabAuthority:
        """Return a new authority, valid from a day before `now` to eight weeks after."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("mqlab certificate authority")
        builder = _builder(name, name, key.public_key(), now)
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        return cls(certificate=certificate, now=now, _key=key)

    @classmethod
    def of_pem(cls, pem: str, now: datetime) -> LabAuthority:
        """Return the authority that `pem` returned; raise ValueError for any other text."""
        key = load_pem_private_key(pem.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not a key of an authority")
        return cls(certificate=x509.load_pem_x509_certificate(pem.encode()), now=now, _key=key)

    @property
    def pem(self) -> str:
        """Return the private key and the certificate."""
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (key + self.ca_pem()).decode()

    def issue(self, names: Sequence[str], addresses: Sequence[IPv4Address | IPv6Address], password: str) -> bytes:
        """Return a PKCS12 key store with a new key, its certificate for these names and addresses, and the authority's.

        The certificate is for `localhost` and 127.0.0.1 too, since clients use published ports of this machine.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [
            *(x509.DNSName(name) for name in dict.fromkeys([*names, "localhost"])),
            *(x509.IPAddress(address) for address in dict.fromkeys([*addresses, _LOOPBACK])),
        ]
        builder = _builder(_name("mqlab broker"), self.certificate.subject, key.public_key(), self.now)
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, SHA256())
        )
        return pkcs12.serialize_key_and_certificates(
            b"broker", key, certificate, [self.certificate], _encryption(password)
        )

    def trust_store(self, password: str) -> bytes:
        """Return a trust store with this authority for Java, which would read a plain PKCS12 of it as empty."""
        entry = pkcs12.PKCS12Certificate(self.certificate, b"mqlab")
        return pkcs12.serialize_java_truststore([entry], _encryption(password))

    def ca_pem(self) -> bytes:
        """Return the authority's certificate for clients, as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


def _encryption(password: str) -> KeySerializationEncryption:
    """Return the encryption of a store, with one round of key derivation: 20,000 cost each broker half a second."""
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1)
    return builder.build(password.encode())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _AFTER)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
