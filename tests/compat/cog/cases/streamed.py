"""Outputs in parts: waited for, as events, to webhooks."""

from __future__ import annotations

from .. import differences as differ
from .case import ASYNCHRONOUS, hooked, predict, request, stream

CASES = [
    predict("YieldsWords", "waited for"),
    predict("YieldsWords", "nothing", text=""),
    stream("YieldsWords", "events", differ.ORDER_OF_LOGS),
    stream("YieldsWords", "no parts", text=""),
    predict("YieldsNumbers", "waited for"),
    stream("YieldsNumbers", "events", count=2),
    stream("YieldsNumbers", "many", count=1000),
    predict("YieldsNumbers", "wrong input", count=-1),
    stream("YieldsNumbers", "wrong input", count=-1),
    predict("YieldsSlowly", "waited for", count=2, pause=0.05),
    stream("YieldsSlowly", "events", pause=0.05),
    predict("YieldsThenFails", "waited for"),
    stream("YieldsThenFails", "events"),
    predict("YieldsUnmarked", "waited for"),
    stream("YieldsUnmarked", "not marked", differ.STREAMS_UNMARKED),
    predict("StreamsWhole", "waited for"),
    stream("StreamsWhole", "events"),
    request(
        "YieldsWords", "both asynchronous and events", "POST", "/predictions",
        {"id": "both", "input": {}}, headers=(*ASYNCHRONOUS, ("Accept", "text/event-stream")),
        differs=(differ.ORDER_OF_LOGS,),
    ),
    hooked("YieldsSlowly", "webhooks", differ.ORDER_OF_WEBHOOKS),
    hooked(
        "YieldsSlowly", "webhook of the start and the end", differ.ORDER_OF_WEBHOOKS,
        events=["start", "completed"],
    ),
    hooked(
        "YieldsSlowly", "webhook of the output", differ.ORDER_OF_WEBHOOKS,
        events=["output", "completed"],
    ),
    hooked("YieldsThenFails", "webhook of a failure", events=["completed"]),
    hooked("StreamsWhole", "webhooks of one value", differ.ORDER_OF_WEBHOOKS),
    hooked("StreamsWhole", "waited for, with a webhook", asynchronous=False, events=["completed"]),
    hooked(
        "StreamsWhole", "trace", events=["completed"],
        headers=(("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),),
    ),
]  # fmt: skip
