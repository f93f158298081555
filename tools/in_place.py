"""Put mutated code in place of a loaded module's, for all who hold its functions and classes.

Functions are changed and not exchanged, since a test may have taken one into a table or a partial
before the mutation.
"""

from __future__ import annotations

import gc
import sys
from types import CodeType, FunctionType, ModuleType


def replace(module: ModuleType, mutated: str) -> None:
    """Put the objects of the mutated source in place of a module's, for all who have imported them."""
    names = {
        "__name__": module.__name__,
        "__package__": module.__package__,
        "__file__": module.__file__,
    }
    exec(compile(mutated, str(module.__file__), "exec"), names)
    for name, new in names.items():
        old = vars(module).get(name)
        if isinstance(new, type) and new.__module__ == module.__name__:
            for key, value in vars(new).items():
                if not become(vars(old).get(key), value) and key not in (
                    "__dict__",
                    "__weakref__",
                    "__doc__",
                ):
                    name_class(value, new, old)
                    setattr(old, key, value)
        elif not (new is old or name.startswith("__") or become(old, new)):
            rebind(old, new, name)


def become(old: object, new: object) -> bool:
    """Give a function the code of another, through its decorators; False if they are not alike."""
    if isinstance(old, classmethod | staticmethod) and type(old) is type(new):
        return become(old.__func__, new.__func__)  # type: ignore[attr-defined]  # of the same type
    if not (isinstance(old, FunctionType) and isinstance(new, FunctionType)):
        return False
    if old.__code__.co_freevars != new.__code__.co_freevars:
        return False
    for mine, other in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
        become(mine.cell_contents, other.cell_contents)
    inner = {code.co_name: code for code in new.__code__.co_consts if isinstance(code, CodeType)}
    for function in (
        gc.get_objects() if inner else ()
    ):  # what the old one returned, as decorators do
        if type(function) is FunctionType and function.__code__ in old.__code__.co_consts:
            function.__code__ = inner[function.__code__.co_name]
    old.__code__ = new.__code__
    old.__defaults__ = new.__defaults__
    old.__kwdefaults__ = new.__kwdefaults__
    return True


def name_class(function: object, new: type, old: object) -> None:
    """Let `super()` of a function, through its decorators, mean the old class."""
    for cell in getattr(function, "__closure__", None) or ():
        if cell.cell_contents is new:
            cell.cell_contents = old
        elif isinstance(cell.cell_contents, FunctionType):
            name_class(cell.cell_contents, new, old)


def rebind(old: object, new: object, name: str) -> None:
    """Change a name in every module of the sources and tests where it stands for the old object."""
    for module in list(sys.modules.values()):
        if module.__name__.startswith(("unweave", "tests")) and vars(module).get(name) is old:
            setattr(module, name, new)
