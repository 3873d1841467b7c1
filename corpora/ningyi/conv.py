import json, re, sys

sys.path.insert(0, "/work/main")
from types import SimpleNamespace as NS
from nlp.training.audit import expected_verdicts

rows = []
for fn in sorted(__import__("glob").glob("src*.txt")):
    for b in re.split(r"\n\s*\n", open(fn, encoding="utf-8").read().strip()):
        d = {}
        for l in b.split("\n"):
            assert l[1] == ":", (fn, l[:60])
            d[l[0]] = l[2:].strip()
        n = len(rows) + 1
        s = d["S"].split()
        r = {
            "id": f"{n:03d}",
            "number": str(n),
            "task": d["T"],
            "units": d["U"].split(","),
            "text": d["X"].replace("\\n", "\n"),
            "status": s[0],
            "basis": s[1] if len(s) == 3 else None,
            "severity": int(s[-1]),
        }
        if "Q" in d:
            r["pairs"] = []
            for q in d["Q"].split(";"):
                a = q.strip().split("|")
                t, v = [eval(x) for x in a[2:4]]
                t, v = [int(round(x)) if abs(x - round(x)) < 1e-6 else x for x in (t, v)]
                vs = expected_verdicts(NS(kind=a[1], target=t, result=v), elapsed=0.5)
                assert len(vs) == 1
                r["pairs"].append({"name": a[0], "kind": a[1], "target": t, "result": v, "verdict": list(vs)[0]})
        plain = re.sub(r"\{[A-Z]\}|\[[a-z]+\||<\d+\||[\]>]", "", r["text"])
        if len(plain) > 60:
            if "G" not in d:
                print(n, "no gist", len(plain))
            else:
                r["gist"] = d["G"]
                if len(d["G"]) > 40:
                    print(n, "gist", len(d["G"]))
                # gist fragments
                for f in re.split("[，；、。]", d["G"]):
                    if f and f not in plain:
                        print(n, "gist frag not verbatim:", f)
        rows.append(r)
open("h1.jsonl", "w", encoding="utf-8").write("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
