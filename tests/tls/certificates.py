"""Certificates of an authority that the tests have made."""

from pathlib import Path

import trustme

AUTHORITY = trustme.CA(key_type=trustme.KeyType.ECDSA)


def write(
    folder: Path, leaf: trustme.LeafCert | None = None, name: str = "cert.pem"
) -> tuple[Path, Path]:
    """A certificate and its key, each replaced at once."""
    leaf = leaf or AUTHORITY.issue_cert("localhost", "127.0.0.1", "::1")
    chain, key = folder / name, folder / f"key-of-{name}"
    for path, parts in ((chain, leaf.cert_chain_pems), (key, [leaf.private_key_pem])):
        fresh = path.with_suffix(".new")
        fresh.write_bytes(b"".join(part.bytes() for part in parts))
        fresh.replace(path)
    return chain, key
