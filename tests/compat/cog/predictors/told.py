"""What predictors tell beside their output, metrics and logs; and the context."""

import logging
import subprocess
import sys

from cog import BaseRunner, current_scope


class Measures(BaseRunner):
    def run(self) -> str:
        self.record_metric("words", 3)
        self.record_metric("tokens", 1, mode="incr")
        self.record_metric("tokens", 2, mode="incr")
        self.record_metric("steps", "a", mode="append")
        self.record_metric("steps", "b", mode="append")
        self.record_metric("timing.load", 0.5)
        self.record_metric("timing.run", 1.5)
        self.record_metric("gone", True)
        del self.scope.metrics["gone"]
        self.scope.metrics["table"] = {"a": [1, 2]}
        return "measured"


class MeasuresNothing(BaseRunner):
    def run(self) -> str:
        self.record_metric("gone", True)
        self.record_metric("gone", None)
        return "measured"


class MeasuresWrongly(BaseRunner):
    def run(self, kind: str) -> str:
        try:
            match kind:
                case "name":
                    self.record_metric("1st", 1)
                case "reserved":
                    self.record_metric("predict_time", 1)
                case "type":
                    self.record_metric("a", 1)
                    self.record_metric("a", "text")
                case "mode":
                    self.record_metric("a", 1, mode="other")
                case "value":
                    self.record_metric("a", object())
                case "deep":
                    self.record_metric("a.b.c.d.e", 1)
        except Exception as error:
            return type(error).__name__
        return "no error"


class KnowsContext(BaseRunner):
    def run(self) -> str:
        return repr(sorted(current_scope().context.items()))


class Prints(BaseRunner):
    def run(self) -> str:
        print("to stdout")
        print("to stderr", file=sys.stderr)
        logging.getLogger("model").warning("to the log")
        print("ünïcode ✓")
        sys.stdout.write("no end of line")
        return "printed"


class PrintsInChild(BaseRunner):
    def run(self) -> str:
        subprocess.run(["echo", "from a child"], check=True)
        return "printed"
