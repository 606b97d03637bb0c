"""Is killed by somebody while it is loaded or warmed, as often as the test wants it to be."""

import os
import signal
from pathlib import Path

from webargs import fields

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])


def be_killed(when):
    """The files `load-0`, `load-1` … stand for one kill each, `load` for one each time."""
    for victim in [*sorted(HOME.glob(f"{when}-*")), HOME / when]:
        if victim.exists():
            with (HOME / "journal").open("a") as journal:
                journal.write(f"killed: {when}\n")
            if victim.name != when:
                victim.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


be_killed("load")


def warm():
    be_killed("warm")


def get_predict_args():
    return {"die": fields.Bool(load_default=False)}


def predict(die):
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"pid": os.getpid()}


def get_train_args():
    return {}


def train():
    with (HOME / "journal").open("a") as journal:
        journal.write("trains\n")
    return {"trained": True}
