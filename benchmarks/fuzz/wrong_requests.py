"""What attackers ask of a page: strategies of Hypothesis, and bytes that are hardly HTTP."""

import random
from urllib.parse import urlencode

from hypothesis import strategies as some

PATHS = (
    "/", "/study/1", "/study/1/result/1/report.html", "/study/1/result/1/report.pdf", "/errors",
    "/audit", "/login", "/logout", "/metrics", "/healthz", "/study/1/send", "/study/2/grade_again",
    "/study/3/release", "/study/4/set_priority", "/study/5/hold", "/study/5/ignore",
    "/delivery/5/send_again", "/page.css", "/page.js", "/users.json", "/docs", "/openapi.json",
    "/static/x", "/.env", "/results/000001/study-000001/report.html",
)  # fmt: skip
_PARTS = (
    "..", "%2e%2e", "..%2f", "%2e%2e%2f", "..\\", "%5c..%5c", "%00", "%0d%0aSet-Cookie:%20a=x",
    "....//", "%252e%252e", "%c0%ae%c0%ae", "/", "//evil.example", "@evil.example", "%ff", ";", "~",
    "-1", "0", "00", "1e9", "9" * 40, "1%20OR%201=1", "'--", "{{7*7}}", "%3Cscript%3E", "CON", "*",
)  # fmt: skip
_VALUES = (
    "", "0", "-1", "1e9", "9" * 30, "x", "' OR '1'='1", "<script>alert(1)</script>", "{{7*7}}",
    "\u202e", "../../users.json", "\x00", "\ud7ff", "x" * 600, "18FXXX", "${jndi:ldap://x}", "%n%s",
    "가" * 40, "\r\nX: y", "-99999", "1.5", "NaN",
)  # fmt: skip
_NAMES = ("group", "outcome", "number", "person", "before", "after", "language", "token", "name",
          "password", "series", "tracer", "priority", "next", "__proto__", "")  # fmt: skip

values = some.one_of(some.sampled_from(_VALUES), some.text(max_size=40))
fields = some.lists(some.tuples(some.sampled_from(_NAMES), values), max_size=4)
paths = some.one_of(
    some.sampled_from(PATHS),
    some.builds(lambda path, part: f"{path}/{part}", some.sampled_from(PATHS),
                some.sampled_from(_PARTS)),
    some.builds(lambda path, part, place: "/".join(
        [*path.split("/")[:place], part, *path.split("/")[place + 1 :]]),
        some.sampled_from(PATHS), some.sampled_from(_PARTS), some.integers(1, 4)),
    some.from_regex(r"\A/[!-~]{0,60}\Z"),
)  # fmt: skip
headers = some.lists(
    some.one_of(
        some.sampled_from([
            ("Host", "evil.example"), ("Host", ""), ("Host", "localhost:8043@evil.example"),
            ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", "http://["),
            ("Sec-Fetch-Site", "cross-site"), ("X-Forwarded-For", "127.0.0.1"),
            ("X-Forwarded-For", ",,,"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=::1"),
            ("X-Remote-User", "administer"), ("Authorization", "Basic YWRtaW5pc3Rlcjp4"),
            ("Authorization", "Bearer x"), ("Cookie", "session=x; __Host-session=x"),
            ("Cookie", "session=" + "x" * 5000), ("Cookie", "=;;=;\"\\"), ("Cookie", "login=x"),
            ("Content-Type", "application/json"), ("Content-Type", "multipart/form-data"),
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-16"),
            ("Accept-Language", "../../etc/passwd"), ("Accept-Language", "ko;q=x," * 200),
            ("Range", "bytes=0-,-1,5-2"), ("If-Range", "x"), ("If-Modified-Since", "x"),
            ("X-Live", "1"), ("X-HTTP-Method-Override", "DELETE"), ("Content-Length", "-1"),
        ]),
        some.tuples(some.from_regex(r"\A[A-Za-z-]{1,20}\Z"),
                    some.text(some.characters(max_codepoint=255), max_size=60)),
    ),
    max_size=4,
)  # fmt: skip
methods = some.sampled_from(("GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS",
                             "TRACE", "PATCH", "PROPFIND"))  # fmt: skip
bodies = some.one_of(
    some.builds(lambda found: urlencode(found, errors="replace").encode(), fields),
    some.binary(max_size=200),
    some.just(b"a=" + b"x" * 20_000),
)


def raw_requests(count: int, first: int) -> list[bytes]:
    """Bytes that are hardly HTTP."""
    chance = random.Random(first)  # noqa: S311 (a fuzzer)
    right = b"GET /study/1 HTTP/1.1\r\nHost: localhost\r\nCookie: session=x\r\n\r\n"
    post = (b"POST /study/1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            b"application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\ntoken=x")  # fmt: skip
    tricks = [
        b"GET /audit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n0\r\n\r\nGET /audit HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://evil.example/audit HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"\r\n\r\n\r\n", b"\x00" * 100,
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n", b"GET /\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]  # fmt: skip
    made = []
    for number in range(count):
        base = bytearray(chance.choice([right, post, *tricks]))
        for _ in range(0 if number < len(tricks) else chance.randrange(4)):
            place = chance.randrange(len(base) or 1)
            if base and chance.random() < 0.5:
                base[place] = chance.randrange(256)
            else:
                del base[place : place + chance.randrange(8)]
        made.append(tricks[number] if number < len(tricks) else bytes(base))
    return made
