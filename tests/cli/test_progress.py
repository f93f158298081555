"""The line that shows a run while it trains."""

import io
import re

from unweave.cli.progress import Progress

RUN = {"run": "runs/a", "steps": 1000, "batch_size": 50, "data": "dots"}
RECORD = {
    "step": 100,
    "seconds": 10.0,
    "images_per_s": 500.0,
    "reconstruction": 41.23456,
    "kl": 3.0,
    "loss/model": 44.23456,
    "active": 6,
    "kl per latent": [0.1, 0.2],
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_holds_steps_terms_active_latents_speed_and_time_left(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    screen = Terminal()
    progress = Progress(screen)
    for record in (RUN, RECORD, RECORD | {"step": 1000}):
        progress(record)
    progress.close()
    first, second = re.findall(r"\r\x1b\[2K([^\r\n]*)", screen.getvalue())
    assert first == "100/1,000  reconstruction 41.23  kl 3  active 6  500 images/s  1 min 30 s left"
    assert second.startswith("1,000/1,000")
    assert second.endswith("0 s left")
    assert screen.getvalue().endswith("\n")
    assert capsys.readouterr().out == "data: dots\n"


def test_a_narrow_terminal_keeps_to_one_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    screen = Terminal()
    progress = Progress(screen)
    progress(RUN)
    progress(RECORD)
    assert len(screen.getvalue().removeprefix("\r\x1b[2K")) == 29


def test_it_is_quiet_elsewhere(capsys):
    stream = io.StringIO()
    progress = Progress(stream)
    for record in (RUN, {"resumed": 40}, RECORD):
        progress(record)
    progress.close()
    assert stream.getvalue() == ""
    assert capsys.readouterr().out == "data: dots\nresumed at step 40\n"


def test_losses_are_shown_where_no_term_is_named():
    progress = Progress(Terminal())
    progress(RUN)
    assert "loss/model 2" in progress.line({"step": 1, "images_per_s": 0.0, "loss/model": 2.0})
