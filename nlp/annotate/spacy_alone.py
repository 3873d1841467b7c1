"""spaCy without torch: its thinc imports torch wherever that is installed, a second or more at every start for nothing that is used here."""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_hidden = "torch" not in _modules
if _hidden:
    # None makes an import fail as if torch was not installed; afterwards it can be imported as before.
    _modules["torch"] = None
try:
    import spacy
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab
finally:
    if _hidden:
        del _modules["torch"]

__all__ = ["Doc", "Language", "Vocab", "spacy"]
