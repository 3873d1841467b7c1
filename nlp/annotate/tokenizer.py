"""The spaCy language object: blank Chinese with a private jieba tokenizer and the project's own dictionary."""

from __future__ import annotations

import functools
import logging
import marshal
import os
import re
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import jieba

from nlp.annotate.spacy_alone import Doc, Language, Vocab, spacy

# jieba's word list is read from a cache of its own making; the cache lies in the user's own folder, where nobody else can write.
jieba.setLogLevel(logging.ERROR)
_CACHE: Final = "jieba.cache"
# jieba never takes a word across one of these marks, so that what stands between two of them can be cut by itself.
_PARTS: Final = re.compile("[，。；：、！？（）“”]+|[^，。；：、！？（）“”]+")


class JiebaTokenizer:
    """Text -> `Doc` with jieba's words; the dictionary belongs to this object, never to the process (`jieba.add_word` is global)."""

    def __init__(self, vocab: Vocab, *, where: re.Pattern[str] | None = None) -> None:
        """`where` says which stretches between two marks are cut into words: those in which it is found, all where none is given; the others stay whole."""
        self.vocab = vocab
        self._where = where
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
        words: list[str] = []
        for part in _PARTS.findall(text):
            words += self._jieba.lcut(part, HMM=True) if self._where is None or self._where.search(part) else [part]
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
    """The pipeline tokenizer -> cues. Built once a process; `language(text).user_data["cues"]` holds the cues found.

    Only what a rule asks words of is cut into words: cutting is half the work of this pipeline.
    """
    # Importing the module registers the component under its name.
    from nlp.annotate import cues  # noqa: PLC0415

    # A bare vocabulary: what a word is like (its shape, whether it is an address, …) no rule asks, and it would be worked out anew for every word.
    language = spacy.blank("zh", vocab=Vocab())
    tokenizer: Any = JiebaTokenizer(language.vocab, where=cues.asks_words())
    language.tokenizer = tokenizer
    language.add_pipe(cues.COMPONENT)
    return language
