import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.data.mutations import Crashed, Tally, withstood


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, so that no test sees what another one, or the user, has kept."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def withstand(
    record_property: Callable[[str, object], None], tmp_path: Path, own_cache: Path
) -> Callable[..., Tally]:
    """`withstood`, what comes of it noted in the report that benchmarks/fuzz.py reads."""

    def noted(*given: object, **more: object) -> Tally:
        try:
            tally = withstood(*given, **more, places=(tmp_path, own_cache))
        except Crashed as error:
            record_property("mutated", json.dumps(asdict(error.tally)))
            raise
        record_property("mutated", json.dumps(asdict(tally)))
        return tally

    return noted
