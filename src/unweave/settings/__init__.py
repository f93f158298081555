"""Settings: constructor keywords with type, default, unit, range and search law in the annotation.

    Beta = Annotated[float, Setting("nats of loss per nat of KL", low=0)]
    def __init__(self, *, beta: Beta = 4.0): ...

The command line, `unweave.train`, studies and the docs all read the same signature; there is no
second list of options.
"""

from unweave.settings.names import UnknownName, as_option, full_name, nearest
from unweave.settings.signature import Keyword, Setting, keywords

__all__ = ["Keyword", "Setting", "UnknownName", "as_option", "full_name", "keywords", "nearest"]
