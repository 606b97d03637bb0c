"""The one shape of errors that clients see."""

from .client import Answer


def assert_failure(answer: Answer, status: int) -> str:
    """The answer is a clear failure with this status; returns its message."""
    assert answer.status == status, (answer.status, answer.body[:500])
    assert answer.headers["content-type"].partition(";")[0] == "application/json"
    body = answer.json()
    assert body["code"] == status
    message = body["message"]
    assert isinstance(message, str)
    assert message
    assert len(message) < 5000
    assert "Traceback" not in message
    return message
