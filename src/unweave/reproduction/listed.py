"""The recipes that are part of unweave, by name, and those that train a method."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import unweave
from unweave.reproduction.recipe import Recipe
from unweave.settings import nearest
from unweave.settings.yaml_file import read_yaml


def recipes() -> dict[str, Path]:
    """The recipes that are part of unweave: {name: path}."""
    package = Path(unweave.__file__).parent
    found = {}
    # installed, or in a checkout
    for place in (package / "recipes", package.parents[1] / "recipes"):
        for file in sorted(place.glob("*.yaml")):
            found[file.stem] = file
    return found


def read(name: str) -> Recipe:
    """A recipe by name or path.

    Raises ValueError with the nearest name if there is no such recipe, or with the place if it is
    not valid.
    """
    found = recipes()
    path = found.get(name)
    if name.endswith(".yaml"):
        path = Path(name)
    if path is None or not path.exists():
        raise ValueError(f"there is no recipe {name!r}; {nearest(name, found)}")
    return Recipe.read(read_yaml(path), name)


def nearest_recipe(method: str, data: str = "") -> str:
    """The recipe that trains a method, "" if none does.

    The one on these data, else that of the method's name, else one of which it is an early arm.
    """
    trained = [arm for arm in _arms() if arm.method == method]
    if not trained:
        return ""
    best = min(trained, key=lambda arm: (arm.data != data, arm.recipe != method, arm.place))
    return best.recipe


class _Trained(NamedTuple):
    """The arm of a recipe. place: among its arms, from 0."""

    recipe: str
    place: int
    method: str
    data: str


@lru_cache
def _arms() -> list[_Trained]:
    """The arms of all recipes."""
    found = []
    for name in recipes():
        for place, arm in enumerate(read(name).arms.values()):
            found.append(_Trained(name, place, arm.method, arm.data))
    return found
