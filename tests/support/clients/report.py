"""Runs checks, and prints what each has found as JSON: nothing, or what is wrong."""

import asyncio
import inspect
import json
import traceback


def run(checks, argument):
    told = {}
    for name, check in checks.items():
        if not name.startswith("check_"):
            continue
        try:
            found = check(argument)
            if inspect.isawaitable(found):
                asyncio.run(_awaited(found))
            told[name] = ""
        except BaseException:
            told[name] = traceback.format_exc()
    print(json.dumps(told))


async def _awaited(found):
    await found
