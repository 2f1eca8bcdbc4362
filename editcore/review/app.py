"""The review page over HTTP: the page itself, the line, pictures, and posts of what people do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError

from editcore.decisions import MOST_TRIES, REASONS
from editcore.manifest import Damaged
from editcore.review.desk import Conflict, Desk, Forbidden, Person, Seen
from editcore.review.door import Door, LinkDoor, Tokens
from editcore.review.line import Filter
from editcore.review.pictures import SIDES, Kind, Pictures
from editcore.review.posts import Apply, ApproveAll, Decision, Hold, UndoOf

MOST_BYTES = 8 << 20
"""Longest body of a post."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRANGER = "Open the link that `vitrine review` printed, or sign in at the proxy in front of this page.\n"


class HandOver(Protocol):
    """What happens to decisions once they are written."""

    about: str
    """A sentence for the page."""

    def decided(self) -> None:
        """Somebody decided, just now."""

    def ask(self) -> str:
        """Do it now; says within seconds, in a sentence, what is done."""

    def state(self) -> tuple[bool, str]:
        """Whether it is being done, and a sentence for people, perhaps empty."""


def _person(request: Request) -> Person:
    """Whom ``_refused`` let in."""
    who: Person = request.state.person
    return who


Who = Annotated[Person, Depends(_person)]


def build(desk: Desk, door: Door, hand_over: HandOver) -> FastAPI:
    """The application that serves one desk."""
    app = FastAPI(title="Vitrine review", docs_url=None, redoc_url=None, openapi_url=None)
    tokens, pictures, page = Tokens(door.seed), Pictures(), _template()
    app.mount("/static", StaticFiles(packages=[("editcore.review", "static")]), name="static")

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = _refused(request, door, tokens)
        response = refused or await answer(request)
        response.headers.update(HEADERS)
        response.headers.setdefault(
            "Cache-Control", "no-cache" if "/static/" in request.url.path else "no-store"
        )
        return response

    @app.get("/health", response_class=PlainTextResponse)
    def health() -> str:
        return "ok\n"

    @app.get("/", response_class=HTMLResponse)
    def start(who: Who) -> str:
        setup = {
            "title": desk.shown().title,
            "who": who.name,
            "role": who.role,
            "token": tokens.of(who),
            "reasons": [{"id": reason, "label": label} for reason, label in REASONS.items()],
            "most_tries": MOST_TRIES,
            "hand_over": hand_over.about,
        }
        return page.render(setup=setup)

    @app.get("/queue")
    def queue(
        who: Who,
        wanted: Annotated[Filter, Depends()],
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        return desk.look(who, wanted, offset, limit)

    @app.get("/pictures/{row_id}/{kind}")
    def picture(who: Who, row_id: str, kind: Kind, picture: str, side: int = 1600) -> Response:
        found = desk.row(row_id, picture) if side in SIDES else None
        if found is None:
            raise FileNotFoundError("There is no such picture here any more; reload the page.")
        data, media_type = pictures.of(*found, kind, side)
        return Response(data, media_type=media_type, headers={"Cache-Control": "private, max-age=86400"})

    @app.post("/decisions")
    def decide(who: Who, post: Decision) -> dict[str, Any]:
        seen = [Seen(row.row_id, row.picture, row.last) for row in post.rows]
        number = desk.decide(who, seen, **post.model_dump(exclude={"rows"}))
        hand_over.decided()
        return {"entry": number, "unapplied": desk.unapplied()}

    @app.post("/decisions/all")
    def approve_all(who: Who, post: ApproveAll) -> dict[str, Any]:
        wanted = Filter(post.view, post.recipe, post.find)
        number, count = desk.approve_all(who, wanted, post.total, post.journal, post.id, post.seconds)
        hand_over.decided()
        return {"entry": number, "unapplied": desk.unapplied(), "count": count}

    @app.post("/undo")
    def undo(who: Who, post: UndoOf) -> dict[str, Any]:
        number, rows = desk.undo(who, post.entry, post.id)
        hand_over.decided()
        return {"entry": number, "unapplied": desk.unapplied(), "rows": rows}

    @app.post("/hold")
    def hold(who: Who, post: Hold) -> Response:
        other = desk.hold(who, post.row_id)
        told = {"held_by": other, **({"detail": f"{other} is looking at this picture."} if other else {})}
        return JSONResponse(told, 409 if other else 200)

    @app.post("/apply")
    def apply(who: Who, post: Apply) -> dict[str, str]:
        if who.role == "viewer":
            raise Forbidden(f"{who.name} is viewer here; publishing takes a reviewer.")
        return {"text": hand_over.ask()}

    @app.get("/state")
    def state(who: Who) -> dict[str, Any]:
        unapplied, (applying, text) = desk.unapplied(), hand_over.state()
        return {"journal": desk.journal.book.last, "unapplied": unapplied, "applying": applying, "text": text}

    _sentences(app)
    return app


def _refused(request: Request, door: Door, tokens: Tokens) -> Response | None:
    """The answer to a request that may not go on; None lets it, with ``request.state.person``."""
    path = request.url.path
    if path == "/health" or path.startswith("/static/"):
        return None
    if isinstance(door, LinkDoor) and path == "/" and door.fits(request.query_params.get("key", "")):
        response = RedirectResponse("/", 303)  # the key leaves the address bar
        response.set_cookie(door.cookie, door.key, httponly=True, samesite="strict")
        return response
    who = door.who(request.headers, request.cookies)
    if who is None:
        return PlainTextResponse(STRANGER, 401) if path == "/" else _problem(401, STRANGER.strip())
    request.state.person = who
    if request.method == "POST":
        if not tokens.right(who, request.headers.get("X-Vitrine-Token", "")):
            return _problem(403, "This page is from before the server started again; reload it.")
        if not request.headers.get("Content-Length", "").isdigit():
            return _problem(411, "A post has to say its length.")
        if int(request.headers["Content-Length"]) > MOST_BYTES:
            return _problem(413, f"A post may have {MOST_BYTES >> 20} MB at most; choose fewer pictures.")
    return None


def _template() -> Any:
    env = Environment(
        loader=PackageLoader("editcore.review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template("review.html.j2")


def _problem(code: int, text: str, **more: Any) -> JSONResponse:
    return JSONResponse({"detail": text, **more}, code)


def _sentences(app: FastAPI) -> None:
    """Errors as sentences with a code each."""

    def told(code: int) -> Callable[[Request, Exception], Response]:
        return lambda request, error: _problem(code, str(error))

    def invalid(request: Request, error: Exception) -> Response:
        problem = error.errors()[0]  # type: ignore[attr-defined]
        where = ".".join(str(part) for part in problem["loc"] if part != "body")
        text = str(problem["msg"]).removeprefix("Value error, ")
        return _problem(422, f"{where}: {text}" if where else text)

    def conflict(request: Request, error: Exception) -> Response:
        return _problem(409, str(error), rows=getattr(error, "rows", []))

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ValidationError, invalid)
    app.add_exception_handler(Conflict, conflict)
    for kind, code in {
        Forbidden: 403,
        FileNotFoundError: 404,
        ValueError: 422,
        Damaged: 500,
        OSError: 503,
    }.items():
        app.add_exception_handler(kind, told(code))
