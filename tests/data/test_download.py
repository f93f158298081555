import errno
import hashlib
import io
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request

import pytest

from unweave.data.sources import download
from unweave.data.sources.download import fetch, get
from unweave.data.sources.files import SOURCES, Source, located, verify
from unweave.data.sources.transfer import _Redirects

CONTENT = bytes(range(256)) * 4000  # a megabyte
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PARTS = [
    (f"{part}-{what}", rank)
    for part in ("train", "t10k")
    for what, rank in (("image", 3), ("label", 1))
]


class Handler(BaseHTTPRequestHandler):
    """/whole, /cut (breaks off after 100,000 bytes), /slow (stalls once), /no-ranges, /wrong, /to/ADDRESS (leads there)."""

    asked: list[str] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.asked.append(f"{self.path} {wanted}".strip())
        if self.path == "/gone":
            self.send_error(404)
            return
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = (
            int(wanted.removeprefix("bytes=").rstrip("-"))
            if wanted and self.path != "/no-ranges"
            else 0
        )
        if start >= len(CONTENT):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = CONTENT[start:] if self.path != "/wrong" else b"<html>quota exceeded</html>"
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        if self.path in ("/cut", "/no-ranges") and len(self.asked) < 9:
            body = body[: 100_000 if self.path == "/cut" or len(self.asked) == 1 else None]
        if self.path == "/slow" and len(self.asked) == 1:
            self.wfile.write(body[:50_000])
            time.sleep(1)
            return
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def server():
    Handler.asked = []
    yield from served(Handler)


def served(handler):
    """The address of a server of this machine, which ends with the test."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_file_lands_whole_once(server, tmp_path):
    seen = []
    target = fetch(
        f"{server}/whole",
        tmp_path / "new/file",
        sha256=SHA256,
        progress=lambda n, of: seen.append((n, of)),
    )
    assert target.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [f.name for f in target.parent.iterdir()] == ["file"]
    fetch(f"{server}/whole", target)
    assert len(Handler.asked) == 1


def test_a_cut_connection_is_taken_up_where_it_broke(server, tmp_path):
    target = fetch(f"{server}/cut", tmp_path / "file", sha256=SHA256, size=len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert Handler.asked[:3] == ["/cut", "/cut bytes=100000-", "/cut bytes=200000-"]


def test_a_part_left_by_another_day_is_continued(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT[:700_000])
    assert fetch(f"{server}/whole", tmp_path / "file", sha256=SHA256).read_bytes() == CONTENT
    assert Handler.asked == ["/whole bytes=700000-"]
    (tmp_path / "file").unlink()
    (tmp_path / "file.part").write_bytes(CONTENT)  # stopped between the last byte and the move
    assert fetch(f"{server}/whole", tmp_path / "file", sha256=SHA256).read_bytes() == CONTENT


def test_a_server_that_stalls_or_knows_no_ranges(server, tmp_path):
    assert (
        fetch(f"{server}/slow", tmp_path / "slow", sha256=SHA256, timeout=0.3).read_bytes()
        == CONTENT
    )
    Handler.asked = []
    assert fetch(f"{server}/no-ranges", tmp_path / "other", sha256=SHA256).read_bytes() == CONTENT


def test_a_wrong_file_and_a_missing_one_leave_nothing_in_place(server, tmp_path):
    with pytest.raises(ValueError, match="is not the published file: 27 bytes"):
        fetch(f"{server}/wrong", tmp_path / "file", sha256=SHA256)
    with pytest.raises(ValueError, match="is not the published file"):
        fetch(f"{server}/wrong", tmp_path / "file", size=len(CONTENT))
    (tmp_path / "file.part").write_bytes(b"x" * 700_000)
    with pytest.raises(ValueError, match="is not the published file"):
        fetch(f"{server}/whole", tmp_path / "file", sha256=SHA256)
    with pytest.raises(OSError, match="cannot be fetched: HTTP Error 404"):
        fetch(f"{server}/gone", tmp_path / "file")
    with pytest.raises(OSError, match="cannot be fetched"):
        fetch("http://127.0.0.1:9/nobody", tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_two_processes_that_fetch_one_file_bring_it_once(server, tmp_path):
    program = (
        "import sys; from pathlib import Path; from unweave.data.sources.download import fetch;"
        "print(fetch(sys.argv[1], Path(sys.argv[2]), sha256=sys.argv[3], timeout=5))"
    )
    words = [sys.executable, "-c", program, f"{server}/slow", str(tmp_path / "file"), SHA256]
    both = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [out for out, _ in said] == [f"{tmp_path / 'file'}\n"] * 2
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(Handler.asked) == 2, "the first stalls once, the second brings nothing"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_other_schemes_are_refused_also_behind_a_redirect(server, tmp_path):
    (tmp_path / "there").write_bytes(CONTENT)
    local = (tmp_path / "there").as_uri()
    for address in (local, "ftp://127.0.0.1/file", f"{server}/to/ftp://127.0.0.1/file"):
        with pytest.raises(
            ValueError, match="is not fetched: expected an address of http or https"
        ):
            fetch(address, tmp_path / "new/file")
    with pytest.raises(OSError, match=r"cannot be fetched: HTTP Error 302.*is not allowed"):
        fetch(f"{server}/to/{local}", tmp_path / "new/file")
    assert len(Handler.asked) == 2, "what is refused is not tried again"
    with pytest.raises(ValueError, match=r"leads to http://.*expected an address of https"):
        _Redirects().redirect_request(
            Request("https://one.org/a"), None, 302, "", {}, "http://one.org/a"
        )
    assert (
        fetch(f"{server}/to/{server}/whole", tmp_path / "led", sha256=SHA256).read_bytes()
        == CONTENT
    )


def test_all_files_of_a_set_are_fetched_into_a_folder_of_their_own(server, tmp_path, monkeypatch):
    one = Source(
        "whole",
        f"{server}/whole",
        "free",
        len(CONTENT),
        SHA256,
        folder="one",
        more={"slow": (0, SHA256)},
    )
    other = Source("whole", f"{server}/whole", "free", folder="other")
    monkeypatch.setitem(SOURCES, "mnist", one)
    monkeypatch.setitem(SOURCES, "fashion-mnist", other)
    assert get("mnist", tmp_path) == [tmp_path / "one/whole", tmp_path / "one/slow"]
    assert located("mnist", tmp_path, "slow") == tmp_path / "one/slow"
    assert located("mnist", tmp_path / "one") == tmp_path / "one/whole"
    assert located("fashion-mnist", tmp_path) is None  # the other set's file has this name
    assert [verify("mnist", path) for path in get("mnist", tmp_path)] == [
        f"{tmp_path / 'one' / name} is the published file" for name in ("whole", "slow")
    ]
    (tmp_path / "one/slow").write_bytes(b"changed")
    with pytest.raises(ValueError, match=r"slow is not the published file"):
        verify("mnist", tmp_path / "one/slow")
    monkeypatch.setitem(SOURCES, "mnist", replace(one, more={"wrong": (len(CONTENT), SHA256)}))
    with pytest.raises(ValueError, match=r"/wrong gave is not the published file"):
        get("mnist", tmp_path)


def test_the_catalogue_is_whole():
    for name, source in SOURCES.items():
        assert source.address.startswith("http"), name
        assert source.direct or not source.more or name == "celeba", name
        for file, (size, sha256) in source.files.items():
            assert (size > 0) == bool(sha256), (name, file)
            assert re.fullmatch("([0-9a-f]{64})?", sha256), (name, file)
    sums = [sha256 for source in SOURCES.values() for _, sha256 in source.files.values() if sha256]
    assert len(set(sums)) == len(sums) == 18
    assert all(f"{name}s-idx{rank}-ubyte.gz" in SOURCES["mnist"].files for name, rank in PARTS)
    assert SOURCES["mnist"].files.keys() == SOURCES["fashion-mnist"].files.keys()
    assert all(
        SOURCES[name].folder == name for name in ("mnist", "fashion-mnist")
    )  # files of the same names


def test_what_cannot_be_fetched_by_a_program_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)
    with pytest.raises(ValueError, match="celeba is fetched by hand: see https://"):
        get("celeba", tmp_path)
    with pytest.raises(ValueError, match="is not published as a file"):
        get("digits", tmp_path)
    with pytest.raises(ValueError, match="where to"):
        get("shapes3d")
    (tmp_path / "3dshapes.h5").write_bytes(b"there")
    assert get("shapes3d", tmp_path) == [tmp_path / "3dshapes.h5"]


class Scripted(BaseHTTPRequestHandler):
    """Gives the answers of a test, one after the other, the last one for ever: (status, headers, body).

    A body is cut off after `cut` bytes; "{start}" in a header is the byte that was asked for.
    """

    answers: list[tuple] = []
    asked: list[dict[str, str]] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        status, headers, body = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(dict(self.headers))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            if name != "cut":
                self.send_header(name, value.replace("{start}", wanted))
        self.end_headers()
        if status == 206:
            body = body[int(wanted) :] if "{start}" in headers["Content-Range"] else body
        self.wfile.write(body[: headers.get("cut")])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def scripted():
    Scripted.asked = []
    yield from served(Scripted)


OLD = b"old" * 400_000
WHOLE = (200, {}, CONTENT)
CUT = (200, {"cut": 100_000}, CONTENT)
REST = (
    206,
    {"Content-Range": "bytes {start}-1023999/1024000", "Content-Length": "924000"},
    CONTENT,
)
FROM_0 = (206, {"Content-Range": "bytes 0-1023999/1024000"}, CONTENT)
MULTIPART = (206, {"Content-Range": "", "Content-Type": "multipart/byteranges; boundary=x"}, b"--x")


@pytest.mark.parametrize("sha256", ["", SHA256])
@pytest.mark.parametrize(
    "answers",
    [
        [CUT, REST],
        [CUT, FROM_0, WHOLE],
        [CUT, MULTIPART, WHOLE],
        [CUT, (416, {}, b""), WHOLE],
        [CUT, (416, {"Content-Range": "bytes */50"}, b""), WHOLE],
        [(200, {"ETag": '"a"', "cut": 100_000}, OLD), (200, {"ETag": '"b"'}, CONTENT)],
        [
            (200, {"ETag": '"a"', "cut": 100_000}, OLD),
            (206, REST[1] | {"ETag": '"b"'}, CONTENT),
            WHOLE,
        ],
        [(500, {}, b"x"), (503, {}, b"x"), (429, {}, b"x"), (408, {}, b"x"), WHOLE],
        [(200, {"Content-Length": "many"}, CONTENT)],
        [(200, {"Content-Length": "9" * 5000}, CONTENT)],
    ],
)
def test_whatever_a_server_does_the_file_is_that_of_one_version(
    scripted, tmp_path, answers, sha256
):
    """Of two versions, or of a part and the whole behind it, a file of neither was made."""
    Scripted.answers = answers
    assert fetch(f"{scripted}/file", tmp_path / "file", sha256=sha256).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert len(Scripted.asked) == len(answers)


def test_a_part_of_another_day_is_resumed_if_the_server_knows_its_version(scripted, tmp_path):
    part, version = tmp_path / "file.part", tmp_path / "file.part.version"
    part.write_bytes(b"of what?")
    Scripted.answers = [WHOLE]
    assert fetch(f"{scripted}/file", tmp_path / "file").read_bytes() == CONTENT
    assert "Range" not in Scripted.asked[0], "nothing shows what the part is of"
    (tmp_path / "file").unlink()
    part.write_bytes(CONTENT[:100_000])
    version.write_text('"a"')
    Scripted.asked.clear()
    Scripted.answers = [(206, REST[1] | {"ETag": '"a"'}, CONTENT)]
    assert fetch(f"{scripted}/file", tmp_path / "file").read_bytes() == CONTENT
    assert (Scripted.asked[0]["Range"], Scripted.asked[0]["If-Range"]) == ("bytes=100000-", '"a"')
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_weak_tag_is_no_version_and_a_date_is_one(scripted, tmp_path):
    date = "Tue, 15 Nov 1994 12:45:26 GMT"
    headers = {"ETag": 'W/"a"', "Last-Modified": date}
    Scripted.answers = [
        (200, headers | {"cut": 100_000}, CONTENT),
        (206, REST[1] | headers, CONTENT),
    ]
    assert fetch(f"{scripted}/file", tmp_path / "file").read_bytes() == CONTENT
    assert Scripted.asked[1]["If-Range"] == date


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((302, {"Location": "/again"}, b""), "HTTP Error 302"),
        ((302, {"Location": "http://[::1"}, b""), "Invalid IPv6 URL"),
        ((500, {}, b"x"), "HTTP Error 500"),
        ((403, {}, b"x"), "HTTP Error 403"),
        ((204, {}, b""), "an answer without a file, 204"),
        ((200, {"Content-Length": str(10**18)}, CONTENT), "1,024,000 of 1,000,000"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line_with_its_address(
    scripted, tmp_path, answer, expected
):
    """A loop of redirects, a status line of garbage and a wrong address had lines of their own."""
    Scripted.answers = [answer]
    with pytest.raises(OSError, match=re.escape(f"{scripted}/file cannot be fetched")) as caught:
        fetch(f"{scripted}/file", tmp_path / "file", sha256=SHA256)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    kept = (tmp_path / "file.part").is_file()
    assert ("is kept in" in str(caught.value)) == kept == ("of 1,000" in expected)


def test_a_file_of_nothing_is_none(scripted, tmp_path):
    Scripted.answers = [(200, {}, b"")]
    with pytest.raises(ValueError, match="is not the published file: 0 bytes"):
        fetch(f"{scripted}/file", tmp_path / "file")


def test_between_attempts_without_a_new_byte_there_is_a_pause(scripted, tmp_path, monkeypatch):
    """A server that is overloaded for two seconds had its five attempts within one of them."""
    paused: list[float] = []
    monkeypatch.setattr(download, "PAUSE", 0.5)
    monkeypatch.setattr(download.time, "sleep", paused.append)
    Scripted.answers = [(503, {}, b"x")] * 3 + [CUT, REST]
    fetch(f"{scripted}/file", tmp_path / "file", sha256=SHA256)
    assert paused == [0.5, 1.0, 2.0]


def test_the_bytes_before_a_stall_are_not_lost(tmp_path):
    """Fewer than a block came before each stall, so that none was ever written."""

    class Stalling(Scripted):
        def do_GET(self) -> None:
            start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
            self.asked.append(dict(self.headers))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(CONTENT) - start))
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.end_headers()
            self.wfile.write(CONTENT[start : start + 150_000])
            time.sleep(0.6)

    Scripted.asked = []
    running = served(Stalling)
    address = next(running)
    fetch(f"{address}/file", tmp_path / "file", sha256=SHA256, timeout=0.2)
    assert [int(asked.get("Range", "bytes=0-")[6:-1]) for asked in Scripted.asked] == [
        150_000 * i for i in range(7)
    ]
    next(running, None)


class Full(io.BytesIO):
    """A file on a full disk."""

    def write(self, block) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_is_full_is_said_with_the_file_and_not_tried_again(
    scripted, tmp_path, monkeypatch
):
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, *how: Full() if "w" in how[0] else opened(path, *how)
    )
    Scripted.answers = [WHOLE]
    with pytest.raises(OSError, match="No space left") as caught:
        fetch(f"{scripted}/file", tmp_path / "file", sha256=SHA256)
    assert caught.value.filename == str(tmp_path / "file.part")
    assert len(Scripted.asked) == 1
