import sys


def edit(fn, pairs):
    s = open(fn, encoding="utf-8").read()
    for a, b in pairs:
        assert s.count(a) == 1, (a, s.count(a))
        s = s.replace(a, b)
    open(fn, "w", encoding="utf-8").write(s)
