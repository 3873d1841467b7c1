"""The spaCy language object: blank Chinese with a private jieba tokenizer and the project's own dictionary."""

from __future__ import annotations

import functools
import logging
import marshal
import os
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import jieba

from nlp.annotate.spacy_alone import Doc, Language, Vocab, spacy

# jieba's word list is read from a cache of its own making; the cache lies in the user's own folder, where nobody else can write.
jieba.setLogLevel(logging.ERROR)
_CACHE = "jieba.cache"


class JiebaTokenizer:
    """Text -> `Doc` with jieba's words; the dictionary belongs to this object, never to the process (`jieba.add_word` is global)."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        self._jieba = jieba.Tokenizer()
        folder = _cache_folder()
        if folder is not None:
            self._jieba.tmp_dir = str(folder)
            self._take_cache(folder / _CACHE)
        with as_file(files("nlp").joinpath("resources/dictionary.txt")) as path, path.open(encoding="utf-8") as words:
            self._jieba.load_userdict(words)

    def _take_cache(self, path: Path) -> None:
        """Take the words that jieba kept there at an earlier start; it would read the file piece by piece, three times as slow. Else it makes them anew."""
        try:
            words, total = marshal.loads(path.read_bytes())
        except (OSError, ValueError, TypeError, EOFError):
            return
        if isinstance(words, dict) and isinstance(total, int):
            self._jieba.FREQ, self._jieba.total, self._jieba.initialized = words, total, True

    def __call__(self, text: str) -> Doc:
        """Tokens that cover `text` without a gap; offsets of tokens are offsets of `text`."""
        words = self._jieba.lcut(text, HMM=True)
        return Doc(self.vocab, words=words, spaces=[False] * len(words))


def _cache_folder() -> Path | None:
    base = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "ducha"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return folder


@functools.cache
def build_language() -> Language:
    """The pipeline tokenizer -> cues. Built once a process; `language(text).user_data["cues"]` holds the cues found."""
    # Importing the module registers the component under its name.
    from nlp.annotate import cues  # noqa: PLC0415

    language = spacy.blank("zh")
    tokenizer: Any = JiebaTokenizer(language.vocab)
    language.tokenizer = tokenizer
    language.add_pipe(cues.COMPONENT)
    return language
