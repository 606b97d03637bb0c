"""Checks for slow imports, and imports that print."""

from __future__ import annotations

from deepaas.check.session import Session, printed_bytes

SLOW_SECONDS = 10


def tell(session: Session, what: str, later: str, seconds: float, before: int) -> None:
    """Report an import that was slow or printed something.

    Args:
        what: what was imported.
        later: the author's function that may be slow instead.
        before: number of bytes printed before the import.
    """
    if seconds > SLOW_SECONDS:
        session.add(
            "import-slow",
            session.place,
            f"importing {what} takes {seconds:.0f} s, for every command and every worker",
            f"move slow imports and loading weights to {later} or to the functions that need them",
        )
    if (printed := printed_bytes() - before) > 0:
        session.add(
            "import-prints",
            session.place,
            f"importing {what} prints {printed} bytes",
            "use logging instead: commands print their results to standard output",
        )
