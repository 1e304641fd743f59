"""Answers that are made once: the public database is never written while it is served, so they stay right until its end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The answers asked for last, by what was asked."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Any, Value] = OrderedDict()

    def get(self, key: Any) -> Value | None:
        """The answer, or None where it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Any, value: Value) -> None:
        """Keep an answer; the one that nobody asked for the longest goes."""
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)


Page = tuple[dict[str, Any], bytes]


def keep_pages(app: Any, worth: Callable[[Any], bool], most: int = 16, largest: int = 2_000_000) -> Any:
    """An ASGI application that gives whole answers again: those of GET requests whose scope is `worth` it, status 200 and no
    more than `largest` bytes. Two hosts have two answers, since pages hold their own address."""
    pages: Kept[Page] = Kept(most)

    async def kept(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not worth(scope):
            await app(scope, receive, send)
            return
        named = {
            name: value for name, value in scope["headers"] if name in (b"host", b"x-forwarded-proto", b"x-forwarded-host")
        }
        key = (scope.get("scheme"), scope["path"], scope["query_string"], *sorted(named.items()))
        if (page := pages.get(key)) is not None:
            await send(page[0])
            await send({"type": "http.response.body", "body": page[1]})
            return
        start: dict[str, Any] = {}
        body = b""

        async def noting(event: dict[str, Any]) -> None:
            nonlocal start, body
            if event["type"] == "http.response.start":
                start = event
            elif start.get("status") == 200 and len(body) <= largest:
                body += event.get("body", b"")
                if not event.get("more_body") and len(body) <= largest:
                    pages.put(key, (start, body))
            await send(event)

        await app(scope, receive, noting)

    return kept
