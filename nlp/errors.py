"""Exceptions of the project and the one shape that their messages have."""

from __future__ import annotations


class DuchaError(Exception):
    """A failure that the user can act on; its text is one line.

    Parameters
    ----------
    what : what is wrong, with expected against found where that was checked.
    where : file, sheet or page, row; empty where the message needs no place.
    remedy : what to do about it; empty only where nothing can be done.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        message = f"{where}：{what}" if where else what
        super().__init__(f"{message}。{remedy}" if remedy else message)


class UsageError(DuchaError):
    """The command was called in a way that it does not take (exit code 2)."""


class InputError(DuchaError):
    """A report file cannot be read as what it should be (exit code 1)."""


class HeaderError(InputError):
    """A table was found, but a needed column could not be placed in it."""


class CoverageError(InputError):
    """Characters of a table did not arrive in its items."""


class ResourceError(DuchaError):
    """A file that ships with the program, or a settings file, is malformed."""


class OutputError(DuchaError):
    """Results cannot be written where they should go."""


class ModelError(DuchaError):
    """A model folder is missing, damaged, or made for other labels."""


class ScaleError(DuchaError):
    """Work on other processes or machines cannot be begun, or cannot go on."""


class GateError(DuchaError):
    """A model did not pass what it must pass before it is used."""


class CorpusError(DuchaError):
    """A labelled quarter breaks its format or contradicts itself."""


class StoreError(DuchaError):
    """The store of labels cannot be opened, or does not take what it was given."""


class ConflictError(StoreError):
    """A change was made on a state of the row that is no longer the present one; `entries` are the changes made since (`nlp.store.fold.Entry`)."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "", entries: tuple[object, ...] = ()) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.entries = entries


class Interrupted(KeyboardInterrupt):
    """Ctrl-C stopped a run that can go on; its text is one line that says how."""
