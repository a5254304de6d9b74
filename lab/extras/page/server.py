"""The page's requests: who may ask, the page's files, the stream of polls, and acts."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from hmac import compare_digest
from importlib.resources import files
from typing import Any

from lab.errors import InputError, LabError
from lab.extras.film.page import joined, shipped
from lab.extras.http_server import HOST, Answer, BodyTooLarge, Request, application
from lab.extras.page.desk import Desk
from lab.extras.page.faults import fault
from lab.report.html import style

TOKEN = "x-mqlab-token"
EVERY_SECONDS = 2.0  # between two polls while somebody looks
MOST_STREAMS, MOST_ACTS, MOST_BODY_BYTES, BODY_SECONDS = 64, 16, 64 * 1024, 10.0
GRACE_SECONDS = 5.0  # in which a page that is loaded again opens its stream
_BEAT_SECONDS = 15.0  # after which a stream without news has an empty line
_FOLLOW_SECONDS = 0.1  # between two reads of the history
_LEAST_SECONDS = 0.3  # between two polls
_END_SECONDS = 1.0  # in which streams bring the end of the lab
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def new_token() -> str:
    """Return a random token of 256 bits."""
    return secrets.token_urlsafe(32)


class Page:
    """The page of a lab: its files have no data, and all data needs the token.

    One poll serves all streams. Without a stream, the lab is not polled, and after `grace` seconds no queue has a
    listener of the page. A slow stream misses polls.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        port: int,
        token: str,
        looking: Executor,
        acting: Executor,
        following: Executor,
        every: float = EVERY_SECONDS,
        grace: float = GRACE_SECONDS,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._desk, self._port, self._token = desk, port, token
        self._looking, self._acting, self._following = looking, acting, following
        self._every, self._grace, self._on_end = every, grace, on_end
        self._origins = {f"http://{name}:{port}" for name in (HOST, "localhost", "[::1]")}
        self._files = _files()
        self._streams = self._acts = self._number = self._news_number = 0
        self._state: Mapping[str, Any] = {}
        self._latest: Mapping[str, Any] = {}  # news
        self._polled = 0.0  # the time of the latest poll, by the loop's clock
        self._changed, self._soon = asyncio.Condition(), asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self.ended: LabError | None = None
        self.application = application(self._answer)

    @property
    def rests(self) -> bool:
        """Return whether the lab is not polled, since no stream is open."""
        return self._polling is None or self._polling.done()

    async def _answer(self, request: Request) -> Answer:
        answer = await self._checked(request)
        return Answer(status=answer.status, headers={**_HEADERS, **answer.headers}, body=answer.body)

    async def _checked(self, request: Request) -> Answer:
        if not request.is_for(self._port):
            return _refused(403, "the Host of the request is not this server's")
        if request.headers.get("origin", f"http://{HOST}:{self._port}") not in self._origins:
            return _refused(403, "a request of another web page is not accepted")
        foreign = request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        if foreign and request.path != "/":  # a link to the page may be anywhere
            return _refused(403, "a request of another web page is not accepted")
        methods = {"/stream": "GET", "/act": "POST"}
        if request.path not in (*self._files, *methods):
            return _refused(404, "there is no page at this address")
        if request.method != methods.get(request.path, "GET"):
            return _refused(405, f"send {methods.get(request.path, 'GET')}")
        if request.path in self._files:
            kind, text = self._files[request.path]
            return Answer(headers={"content-type": f"{kind}; charset=utf-8"}, body=text.encode())
        if not compare_digest(request.headers.get(TOKEN, "").encode(), self._token.encode()):
            return _refused(401, "the token is wrong: open the address that mqlab page has printed")
        return self._stream() if request.path == "/stream" else await self._act(request)

    def _stream(self) -> Answer:
        if self._streams >= MOST_STREAMS:
            return _refused(429, f"more than {MOST_STREAMS} pages are open")
        return Answer(headers={"content-type": "application/x-ndjson"}, body=self._states())

    async def _states(self) -> AsyncIterator[bytes]:
        """Yield each poll and all news as lines of JSON, with the map if it is another one than in the line before."""
        self._streams += 1
        self._stay()
        svg, number, news = "", 0, 0
        try:
            if self.rests:
                number = self._number  # the last poll is from before a rest
                self._polling = asyncio.create_task(self._poll())
            while True:
                await self._after((number, news))
                if (self._number, self._news_number) == (number, news):
                    yield b"\n"
                    continue
                if self._number != number:
                    number, state = self._number, self._state
                    same = state.get("svg") == svg
                    svg = state.get("svg", svg)
                    line = {key: each for key, each in state.items() if not (same and key == "svg")}
                    age = round(asyncio.get_running_loop().time() - self._polled, 1)
                    yield json.dumps({**line, "age": age}).encode() + b"\n"
                    if state["kind"] == "ended":
                        return
                if self._news_number != news:
                    news = self._news_number
                    yield json.dumps({"kind": "news", "age": 0, **self._latest}).encode() + b"\n"
        finally:
            self._streams -= 1
            self._leave_soon()

    def _leave_soon(self) -> None:
        """Have the desk leave the queues in some seconds, unless a stream is open or opens until then."""
        self._stay()
        if not self._streams:
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(self._grace, self._looking.submit, self._desk.leave)

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()

    async def _after(self, numbers: tuple[int, int]) -> None:
        """Return when there is a later poll or later news than of these numbers, or after some seconds without."""

        def is_later() -> bool:
            return (self._number, self._news_number) != numbers

        async with self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait_for(is_later), _BEAT_SECONDS)

    async def _poll(self) -> None:
        """Poll the lab while there are streams, or until the lab has ended; follow its history meanwhile."""
        loop, following = asyncio.get_running_loop(), asyncio.create_task(self._follow())
        try:
            while self._streams and self.ended is None:
                self._soon.clear()
                try:
                    state = await loop.run_in_executor(self._looking, self._desk.look)
                except InputError as error:
                    self.ended = error
                    state = await self._last_state(f"The lab has ended: {error}")
                    loop.call_later(_END_SECONDS, self._on_end)
                except LabError as error:
                    state = {"kind": "blind", "text": f"The lab cannot be polled: {error}"}
                except Exception as error:  # noqa: BLE001 - the page says so; else it would stand still without a word
                    state = {"kind": "blind", "text": f"The lab cannot be polled: {fault(error)}"}
                async with self._changed:
                    self._state, self._number, self._polled = state, self._number + 1, loop.time()
                    self._changed.notify_all()
                await asyncio.sleep(min(self._every, _LEAST_SECONDS))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._soon.wait(), self._every)
        finally:
            following.cancel()

    async def _last_state(self, text: str) -> Mapping[str, Any]:
        """Return the state of a lab that has ended, with its last news, or with the fault that hides the news."""
        last: Mapping[str, Any] = {}
        try:
            last = await asyncio.get_running_loop().run_in_executor(self._following, self._desk.last_news)
        except Exception as error:  # noqa: BLE001 - the page says so; else it would never show the end
            text = f"{text}; the last events and verdicts cannot be read: {fault(error)}"
        return {"kind": "ended", "text": text, **last}

    async def _follow(self) -> None:
        """Follow the lab's history; a step or a fault has the lab polled soon."""
        loop = asyncio.get_running_loop()
        while self.ended is None:
            try:
                news = await loop.run_in_executor(self._following, self._desk.news)
            except LabError:  # the next poll shows that the history is gone
                news = None
            except Exception as error:  # noqa: BLE001 - the page says so
                news = {"text": f"The events cannot be read: {fault(error)}"}
                await asyncio.sleep(self._every)
            if news is not None:
                if news.get("urgent"):
                    self._soon.set()
                async with self._changed:
                    self._latest, self._news_number = news, self._news_number + 1
                    self._changed.notify_all()
            await asyncio.sleep(_FOLLOW_SECONDS)

    async def _act(self, request: Request) -> Answer:
        if self._desk.read_only:
            return _refused(403, "this page only shows the lab")
        if self._acts >= MOST_ACTS:
            return _refused(429, f"{MOST_ACTS} acts wait already")
        try:
            content = json.loads(await request.body(most=MOST_BODY_BYTES, within=BODY_SECONDS))
        except BodyTooLarge:
            return _refused(413, f"the body has more than {MOST_BODY_BYTES} bytes")
        except TimeoutError:
            return _refused(408, "the body did not come")
        except (ValueError, RecursionError):
            return _refused(400, "the body is not JSON")
        self._acts += 1
        try:
            reply = await asyncio.get_running_loop().run_in_executor(self._acting, self._desk.do, content)
        except LabError as error:
            return _refused(409, str(error))
        except Exception as error:  # noqa: BLE001 - the person who clicked reads it
            return _refused(500, fault(error))
        finally:
            self._acts -= 1
            self._soon.set()
            self._leave_soon()  # a listener may have begun without a stream
        return _json(200, reply)


def _files() -> Mapping[str, tuple[str, str]]:
    """Return the page's files by their paths: kind and text."""
    script = joined(shipped("stage.js"), _own("live.js"))
    return {
        "/": ("text/html", _own("live.html")),
        "/live.js": ("text/javascript", script),
        "/live.css": ("text/css", str(style()) + shipped("film.css") + _own("live.css")),
    }


def _own(name: str) -> str:
    return files("lab.extras.page").joinpath("templates", name).read_text(encoding="utf-8")


def _json(status: int, content: Mapping[str, Any]) -> Answer:
    return Answer(status=status, headers={"content-type": "application/json"}, body=json.dumps(content).encode())


def _refused(status: int, problem: str) -> Answer:
    return _json(status, {"problem": problem})
