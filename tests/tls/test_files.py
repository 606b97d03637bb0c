"""What is said of certificates that cannot be used, and when files are read again."""

import asyncio
import datetime as dt
import logging
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from deepaas.web import certificate as reloading
from deepaas.web.certificate import Certificate
from deepaas.web.tls import TlsBroken, TlsFiles, load

from .certificates import AUTHORITY, write


def nothing() -> str:
    return ""


def issued(**options: object) -> trustme.LeafCert:
    return AUTHORITY.issue_cert("localhost", **options)  # type: ignore[arg-type]


def long_ago() -> trustme.LeafCert:
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    return issued(not_before=begin, not_after=begin + dt.timedelta(days=30))


def test_a_good_pair_tells_when_it_ends(tmp_path: Path) -> None:
    found = load(TlsFiles(*write(tmp_path), nothing))
    assert found.doubt == ""
    assert found.ends > 2e9
    assert found.context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    chain, key = write(tmp_path)
    _, other = write(tmp_path, name="other.pem")
    half = tmp_path / "half.pem"
    half.write_bytes(chain.read_bytes()[:300])
    half_key = tmp_path / "half-key.pem"
    half_key.write_bytes(key.read_bytes()[:100])
    empty = tmp_path / "empty.pem"
    empty.touch()
    small = tmp_path / "binary.pem"
    small.write_bytes(b"\x30\x82\xff" * 100)
    for files, told in [
        (TlsFiles(chain, other, nothing), "does not belong to"),
        (TlsFiles(half, key, nothing), "no complete certificate"),
        (TlsFiles(chain, half_key, nothing), "cannot be read: is it complete"),
        (TlsFiles(empty, key, nothing), "no complete certificate"),
        (TlsFiles(small, key, nothing), "no complete certificate"),
        (TlsFiles(chain, empty, nothing), "cannot be read: is it complete"),
        (TlsFiles(tmp_path / "none", key, nothing), "none cannot be read: No such file"),
        (TlsFiles(chain, tmp_path, nothing), "cannot be read: Is a directory"),
        (TlsFiles(chain, key, nothing, empty), "empty.pem contains no certificates"),
    ]:
        with pytest.raises(TlsBroken, match=told):
            load(files)


def test_an_encrypted_key_needs_its_password(tmp_path: Path) -> None:
    chain, key = write(tmp_path)
    secret = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    assert load(TlsFiles(chain, key, lambda: "open sesame")).doubt == ""
    for password in ("", "wrong"):
        with pytest.raises(TlsBroken, match="cannot be read: is it complete, and its password"):
            load(TlsFiles(chain, key, lambda given=password: given))  # type: ignore[misc]


def test_an_expired_one_is_used_at_the_start_but_replaces_no_good_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = TlsFiles(*write(tmp_path, long_ago()), nothing)
    assert load(files).doubt == "certificate has expired"
    bad = Certificate(files)
    assert "clients may refuse" in caplog.text
    caplog.clear()
    write(tmp_path)
    asyncio.run(bad.reload())
    good = bad.context
    write(tmp_path, long_ago())
    asyncio.run(bad.reload())
    assert bad.context is good
    assert "the old certificate stays in use, because" in caplog.text
    assert "certificate has expired" in caplog.text


def test_it_is_read_again_when_what_a_symlink_leads_to_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As Kubernetes replaces secrets: ``..data`` leads to another folder."""
    monkeypatch.setattr(reloading, "LOOK_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    data = tmp_path / "data"
    data.symlink_to("one")
    files = TlsFiles(data / "cert.pem", data / "key-of-cert.pem", nothing)

    async def swap() -> None:
        certificate = Certificate(files)
        watching = asyncio.ensure_future(certificate.watch())
        first = certificate.context
        fresh = tmp_path / "fresh"
        fresh.symlink_to("two")
        fresh.replace(data)
        while certificate.context is first:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        second = certificate.context
        # A broken one is told once, however often it is looked at.
        (tmp_path / "two" / "cert.pem").write_text("half")
        while "stays in use" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        looks = 0
        state = TlsFiles.state

        def counted(self: TlsFiles) -> tuple[object, ...]:
            nonlocal looks
            looks += 1
            return state(self)

        monkeypatch.setattr(TlsFiles, "state", counted)
        while looks < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert certificate.context is second
        write(tmp_path / "two")
        while certificate.context is second:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        watching.cancel()

    asyncio.run(asyncio.wait_for(swap(), 30))
    assert caplog.text.count("stays in use") == 1
    assert caplog.text.count("read the TLS certificate again") == 2
