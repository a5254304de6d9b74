"""The lab's certificates: a client that trusts the authority accepts a broker under each of its names."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from lab.amazonmq.files.certificates import LabAuthority

HOST = "b-1234a5b6-78cd-901e-2f3a-45b6c7d8e9f0-1.mq.ap-southeast-1.amazonaws.com"


def _server(store: bytes, password: str, folder: Path) -> ssl.SSLContext:
    key, certificate, _ = pkcs12.load_key_and_certificates(store, password.encode())
    assert key is not None and certificate is not None
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    near, far = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except OSError:
            far.close()

    with near:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            client.wrap_socket(near, server_hostname=name).close()
        finally:
            near.close()
            thread.join()


def test_a_client_accepts_a_broker_under_its_names_and_no_other(tmp_path: Path) -> None:
    authority = LabAuthority.create(datetime.now(UTC))
    server = _server(authority.issue([HOST, "tokyo"], [IPv4Address("10.1.0.5")], "word"), "word", tmp_path)
    client = ssl.create_default_context(cadata=authority.ca_pem().decode())
    for name in (HOST, "tokyo", "localhost", "10.1.0.5", "127.0.0.1"):
        _shake_hands(client, server, name)
    for name in ("singapore", "10.1.0.6"):
        with pytest.raises(ssl.SSLCertVerificationError):
            _shake_hands(client, server, name)


def test_another_labs_authority_is_not_trusted(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    server = _server(LabAuthority.create(now).issue([HOST], [], "word"), "word", tmp_path)
    client = ssl.create_default_context(cadata=LabAuthority.create(now).ca_pem().decode())
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(client, server, HOST)


def test_certificates_hold_from_a_day_before_for_some_weeks() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    authority = LabAuthority.create(now)
    _, leaf, others = pkcs12.load_key_and_certificates(authority.issue([HOST], [], "word"), b"word")
    assert leaf is not None
    for certificate in (authority.certificate, leaf):
        assert certificate.not_valid_before_utc == now - timedelta(days=1)
        assert certificate.not_valid_after_utc == now + timedelta(weeks=8)
    assert others == [authority.certificate]
    leaf.verify_directly_issued_by(authority.certificate)


def test_the_trust_store_holds_the_authority_and_no_key() -> None:
    authority = LabAuthority.create(datetime.now(UTC))
    store = pkcs12.load_pkcs12(authority.trust_store("word"), b"word")
    assert store.key is None and store.cert is None
    assert [each.certificate for each in store.additional_certs] == [authority.certificate]


def test_the_private_key_is_not_printed() -> None:
    authority = LabAuthority.create(datetime.now(UTC))
    assert "key" not in repr(authority).lower().replace("publickey", "")
    assert x509.load_pem_x509_certificate(authority.ca_pem()) == authority.certificate
