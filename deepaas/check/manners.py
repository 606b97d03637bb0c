"""What is no fault of an import, but a nuisance to all who load the model."""

from __future__ import annotations

from deepaas.check.session import Session, printed_bytes

SLOW_SECONDS = 10


def tell(session: Session, what: str, later: str, seconds: float, before: int) -> None:
    """Tell if an import was slow, or has printed.

    Args:
        what: has been imported.
        later: the function of the author's in which there is time for it.
        before: bytes that had been printed when it began.
    """
    if seconds > SLOW_SECONDS:
        session.add(
            "import-slow",
            session.place,
            f"importing {what} takes {seconds:.0f} s: every command and every worker waits",
            f"import what is heavy, and load weights, in {later} or in the functions that need it",
        )
    if (printed := printed_bytes() - before) > 0:
        session.add(
            "import-prints",
            session.place,
            f"{printed} bytes are printed while {what} is imported",
            "use logging instead: commands write their results to the standard output",
        )
