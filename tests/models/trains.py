"""A model whose training does what the test asks for, and says in a journal what happens to it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from webargs import fields

from deepaas.model.v2 import run

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])


def note(text):
    with (HOME / "journal").open("a") as journal:
        journal.write(f"{text}\n")


def wait_for(name):
    while not (HOME / name).exists():
        time.sleep(0.01)


def get_predict_args():
    return {"text": fields.Str(load_default="")}


def predict(text):
    return {"text": text}


def get_train_args():
    return {
        "how": fields.Str(load_default="returns"),
        "text": fields.Str(load_default=""),
        "count": fields.Int(load_default=1),
        "password": fields.Str(load_default=None, metadata={"format": "password"}),
        "data": fields.Field(load_default=None, type="file", location="form"),
    }


def train(how, text, count, password, data):
    note(f"begins {text}".strip())
    try:
        return HOWS[how](text, count, data)
    finally:
        note(f"leaves {text}".strip())


def _returns(text, count, data):
    print(f"hello {text}")
    return {"text": text}


def _writes(text, count, data):
    for number in range(count):
        (run.directory() / f"{number}.txt").write_text(text)
    return {"directory": str(run.directory())}


def _waits(text, count, data):
    """Until the test says so (file `go-TEXT`), or until it is interrupted."""
    (run.directory() / "begun").write_text(text)
    print("waiting", flush=True)
    wait_for(f"go-{text}")
    return {"text": text}


def _saves(text, count, data):
    """Looks for the wish to cancel by itself, and takes its time to save."""
    for step in range(10**6):
        run.progress(step, 10**6, "working")
        if run.cancelling():
            time.sleep(0.2)
            (run.directory() / "checkpoint").write_text(str(step))
            return {"steps": step}
        time.sleep(0.01)


def _handles(text, count, data):
    """Has a SIGTERM handler of its own."""

    def handle(number, frame):
        (run.directory() / "handled").write_text("SIGTERM")
        sys.exit(3)

    signal.signal(signal.SIGTERM, handle)
    note(f"ready {text}".strip())
    while True:
        time.sleep(0.01)


def _ignores(text, count, data):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (run.directory() / "begun").write_text(text)
    note(f"ready {text}".strip())
    while True:
        time.sleep(0.01)


def _keeps(text, count, data):
    """Saves what it has where it is interrupted, as training loops do."""
    (run.directory() / "begun").write_text(text)
    note(f"ready {text}".strip())
    try:
        wait_for(f"go-{text}")
    except KeyboardInterrupt:
        (run.directory() / "checkpoint").write_text("saved")
        print("saved", flush=True)
        raise
    return {"text": text}


def _lingers(text, count, data):
    """Returns, and leaves a thread that keeps the process until the test says so."""

    def linger():
        threading.main_thread().join()
        note(f"lingers {text}")
        wait_for(f"go-{text}")

    (run.directory() / "written").write_text(text)
    threading.Thread(target=linger).start()
    return {"text": text}


def _child(text, count, data):
    """Tells how the process that it has started ended."""
    child = subprocess.Popen(["sleep", "3600"])
    note(f"ready {text}".strip())
    return {"code": child.wait()}


def _needs_child(text, count, data):
    """Cannot go on without the process that it has started."""
    child = subprocess.Popen(["sleep", "3600"])
    note(f"ready {text}".strip())
    if child.wait():
        raise RuntimeError(f"the loader of the data is gone ({child.returncode})")


def _steps(text, count, data):
    """Each step waits for the test (file `TEXT-NUMBER`), then prints, tells and measures."""
    from scalars import ScalarWriter

    writer = ScalarWriter(run.directory())
    for number in range(count):
        wait_for(f"{text}-{number}")
        print(f"step {number}", flush=True)
        run.progress(number + 1, count, f"step {number}")
        writer.add("loss", 1 / (number + 1), number)
    writer.close()
    return {"steps": count}


def _links(text, count, data):
    """Puts all into its folder that a client may not have, and one file that it may."""
    folder = run.directory()
    (folder / "mine.txt").write_text("mine")
    (folder / "below").mkdir()
    (folder / "below" / "deep.txt").write_text("deep")
    (folder / "out.txt").symlink_to("/etc/hostname")
    (folder / "up").symlink_to(folder.parent)
    (folder / "root").symlink_to("/")
    (folder / "self").symlink_to("self")
    os.mkfifo(folder / "fifo")
    return {}


def _plants(text, count, data):
    """Puts a symlink to TEXT where the host will write the log from 4 MB on, and prints 6 MB."""
    os.symlink(text, run.directory().parent / "log" / f"{4 * 2**20:020d}")
    return _prints("", 6, None)


def _raises(text, count, data):
    raise ValueError(text or "on purpose")


def _dies(text, count, data):
    os.kill(os.getpid(), signal.SIGKILL)


def _exits(text, count, data):
    sys.exit(count)


def _leaves(text, count, data):
    os._exit(count)


def _forks(text, count, data):
    """Children of every kind, and then it waits."""
    subprocess.Popen(["sleep", "3600"])
    subprocess.Popen(["sleep", "3600"], start_new_session=True)
    if os.fork() == 0:
        while True:
            time.sleep(1)
    note(f"ready {text}".strip())
    if text:
        wait_for(f"go-{text}")
    return {}


def _prints(text, count, data):
    """COUNT megabytes."""
    line = b"x" * 1023 + b"\n"
    for _ in range(count):
        os.write(1, line * 1024)
    print("the end", flush=True)
    return {}


def _fills(text, count, data):
    """Writes until the disk is full."""
    with (run.directory() / "large").open("wb") as file:
        while True:
            file.write(b"x" * 2**20)
            file.flush()


def _file(text, count, data):
    content = Path(data.filename).read_bytes()
    return {"name": data.original_filename, "size": len(content), "type": data.content_type}


def _large(text, count, data):
    return {"text": "x" * count}


def _odd(text, count, data):
    return {"set": {1}, "object": object(), 3: b"bytes", "nan": float("nan")}


def _blocks(text, count, data):
    """Holds the interpreter's lock: no handler of Python's runs."""
    note(f"ready {text}".strip())
    sum(range(10**12))


HOWS = {
    name[1:]: function
    for name, function in list(globals().items())
    if name.startswith("_") and callable(function) and not name.startswith("__")
}
