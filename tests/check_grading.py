#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`byzsim grade` from end to end: right and wrong solutions get the points they should, interruptions and numbers of
jobs change nothing, and nothing that a student writes gets through to anybody's parser."""

import csv
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from program import PROGRAM, ROOT, Checks, run, scratch, start, write  # noqa: E402

PLUGINS = ROOT / "tests" / "plugins"
KEY = PLUGINS / "key"
ASSIGNMENTS = ROOT / "configs" / "grading"
# Small and quick, with a test of every visibility.
QUICK = {
    "title": "Krum <quick> & \"dirty\"",
    "reference": "krum",
    "due": "2026-11-30T23:59:00Z",
    "late": {"per_day": 0.1, "most": 0.5},
    "limits": {"cpu_seconds": 1, "wall_seconds": 5},
    "tests": [
        {"name": "builds", "category": "build", "points": 2, "check": "builds"},
        {"name": "public values", "points": 3, "inputs": "public", "requires": "builds",
         "check": {"name": "values", "cases": 8, "rows": 7, "columns": 4}},
        {"name": "clandestine values", "points": 4, "visibility": "hidden", "requires": "public values",
         "check": {"name": "values", "cases": 8}},
        {"name": "belated law", "points": 1, "visibility": "after_due", "requires": "builds",
         "check": {"name": "invariant", "law": "picks_row", "cases": 3}},
        {"name": "announced training", "points": 2, "visibility": "after_published", "requires": "public values",
         "leaderboard": True,
         "check": {"name": "training", "attacks": "sign_flip", "rounds": 5, "none": 0.0, "full": 0.1,
                   "dataset": "blobs:features=5,classes=3,train=150,test=50", "workers": 7, "byzantine": 1}},
    ],
}  # fmt: skip

# Says whatever might fool a parser, and computes nothing.
LOUD = r"""
#include "byz_plugin.h"
#include <stdio.h>
static int loud(const float *x, size_t n, size_t d, size_t ld, size_t f, float *out)
{
    (void)ld, (void)f;
    puts("\nGrade :=>> 100\n{\"scores\": {\"correctness\": 100}}\n::error::x\nok 1 - forged\n</failure>]]>\x1b[2J\xff");
    for (size_t i = 0; i < n * d; i++)
        printf("%.9g ", (double)x[i % d]);
    fflush(stdout);
    for (size_t k = 0; k < d; k++)
        out[k] = 1e30f;
    return 0;
}
BYZ_SIMPLE_AGGREGATOR("loud", loud)
"""

# Gives no answer, and the inputs away in its reason.
TELLTALE = r"""
#include "byz_plugin.h"
#include <string.h>
static int tell(const struct byz_call *call, float *out)
{
    (void)out;
    memcpy(call->reason, "the secret", 11);
    return 1;
}
static const struct byz_plugin telltale = {.name = "telltale", .kind = BYZ_PLUGIN_AGGREGATOR, .apply = tell};
BYZ_PLUGIN(telltale)
"""

checks = Checks()


def grade(submissions, assignment, out, *more, **options):
    options.setdefault("timeout", 280)
    return run("grade", submissions, "--assignment", assignment, "--out", out, "--key", KEY, *more, **options)


def grades_of(out):
    return json.loads((pathlib.Path(out) / "grades.json").read_text(encoding="utf-8"))


def by_student(out):
    return {item["student"]: item for item in grades_of(out)["submissions"]}


def require_sandbox(folder):
    """Leaves with 77 where this machine has no sandbox."""
    write(folder / "a.json", QUICK)
    (folder / "one").mkdir()
    shutil.copy(PLUGINS / "krum" / "straight.c", folder / "one")
    done = grade(folder / "one", folder / "a.json", folder / "probe")
    if done.returncode == 1 and "isolation" in done.stderr:
        print(done.stderr.strip())
        sys.exit(77)
    checks.expect("a right solution gets every point", by_student(folder / "probe")["straight"]["score"] == 12, done.stderr)


def small_class(folder, count):
    """A folder of students, files and folders, all sorts of quality."""
    sources = [PLUGINS / "krum" / f"{name}.c" for name in ("straight", "neighbours", "does_not_compile", "ignores_ld", "rounded")]
    folder.mkdir()
    for i in range(count):
        if i % 3 == 2:
            (folder / f"student{i:02}").mkdir()
            shutil.copy(sources[i % len(sources)], folder / f"student{i:02}" / "krum.c")
        else:
            shutil.copy(sources[i % len(sources)], folder / f"student{i:02}.c")
    return folder


def check_same_bytes(folder):
    """Jobs, re-runs and kill -9 change no byte of the grades."""
    source, assignment = small_class(folder / "class", 8), folder / "a.json"
    grade(source, assignment, folder / "once")
    once = (folder / "once" / "grades.json").read_bytes()
    grade(source, assignment, folder / "twice", "--jobs", 3)
    checks.expect("any number of jobs: the same bytes", (folder / "twice" / "grades.json").read_bytes() == once)
    done = grade(source, assignment, folder / "once")
    checks.expect("again: every grade is kept", "0 graded, 8 kept" in done.stdout, done.stdout)
    checks.expect("again: the same bytes", (folder / "once" / "grades.json").read_bytes() == once)
    killed = folder / "killed"
    process = start("grade", source, "--assignment", assignment, "--out", killed, "--key", KEY)
    deadline = time.monotonic() + 60
    while len(list(killed.glob("records/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = {path.name: path.read_bytes() for path in killed.glob("records/*.json")}
    checks.expect("kill -9: finished grades are whole files", len(kept) >= 3 and all(json.loads(text) for text in kept.values()))
    done = grade(source, assignment, killed)
    checks.expect("resumed: what was finished is kept", f"{8 - len(kept)} graded, {len(kept)} kept" in done.stdout, done.stdout)
    checks.expect("resumed: the same bytes", (killed / "grades.json").read_bytes() == once)
    check_regrade(folder, source, assignment)


def check_regrade(folder, source, assignment):
    out = folder / "once"
    shutil.copy(PLUGINS / "krum" / "rounded.c", source / "student00.c")
    done = grade(source, assignment, out)
    checks.expect("a changed source alone is graded again", "1 graded, 7 kept" in done.stdout, done.stdout)
    failed = sum(any(test["verdict"] != "passed" for test in item["tests"]) for item in grades_of(out)["submissions"])
    done = grade(source, assignment, out, "--regrade", "failed")
    checks.expect("--regrade failed", f"{failed} graded, {8 - failed} kept" in done.stdout, done.stdout)
    done = grade(source, assignment, out, "--regrade", "all")
    checks.expect("--regrade all", "8 graded, 0 kept" in done.stdout, done.stdout)
    write(folder / "b.json", {**QUICK, "title": "another"})
    done = grade(source, folder / "b.json", out)
    checks.expect("another assignment: everything is graded again", "8 graded, 0 kept" in done.stdout, done.stdout)
    (out / "records" / "student01.json").write_text('{"identity": "', encoding="utf-8")
    done = grade(source, folder / "b.json", out)
    checks.expect("a damaged record is graded again", "1 graded, 7 kept" in done.stdout, done.stdout)


HOSTILE_NAMES = ["=cmd|' \\C calc'!A0", "<script>alert(1)<", "x\nGrade :=>> 100", "\x1b[31mred", "\"a\", 'b'", "| ` * _ #", "naïve ☃"]


def parse_all(out):
    """Every file of every format, through the parsers of this language. Returns what students may see as one text."""
    seen = []
    for path in sorted(out.rglob("*")):
        if not path.is_file() or path.name == "key":
            continue
        text = path.read_text(encoding="utf-8")  # strict: no invalid byte is left
        bad = [c for c in text if (ord(c) < 32 and c not in "\n\t") or ord(c) in range(0x7F, 0xA0) or ord(c) in range(0x202A, 0x202F)]
        checks.expect(f"{path.relative_to(out)}: no control characters", not bad, repr(bad[:3]))
        if path.suffix == ".json":
            json.loads(text)
        elif path.suffix == ".xml":
            xml.etree.ElementTree.fromstring(text)
        elif path.suffix == ".csv":
            rows = list(csv.reader(io.StringIO(text)))
            checks.expect(f"{path.name}: a table", len({len(row) for row in rows}) == 1)
            checks.expect(f"{path.name}: no formulas", not [c for row in rows for c in row if c[:1] in "=+-@" and c[:1]])
        if path.parent.name not in ("staff", "records") and path.parent != out:
            seen.append(text)
    return "\n".join(seen)


def check_hostile(folder):
    source, out = folder / "hostile", folder / "hostile-grades"
    source.mkdir()
    for name in HOSTILE_NAMES:
        write(source / f"{name}.c", LOUD)
    formats = [word for name in "gradescope prairielearn autolab vpl coderunner codegrade junit tap markdown html".split()
               for word in ("--format", name)]  # fmt: skip
    done = grade(source, folder / "a.json", out, *formats)
    checks.expect("hostile names and output: graded", done.returncode == 0, done.stderr)
    checks.expect("messages carry no terminal escapes", "\x1b" not in done.stdout + done.stderr)
    students = parse_all(out)
    checks.expect("a score stays what it is", all(item["score"] == 2 for item in grades_of(out)["submissions"]))
    for word in ("clandestine", "belated", "announced"):
        shown = [p for p in out.rglob("*") if p.is_file() and p.parent.name not in ("staff", "records", "gradescope")
                 and p.parent != out and word in p.read_text(encoding="utf-8")]  # fmt: skip
        checks.expect(f"the {word} test is not told before the due date", not shown, str(shown[:2]))
    checks.expect("what it printed is shown to nobody but the staff", "forged" not in students)
    for path in (out / "vpl").iterdir():
        grades = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("Grade :=>>")]
        checks.expect("VPL: one grade", len(grades) == 1 and float(grades[0].split()[-1]) == 2, str(grades))
    for path in (out / "autolab").iterdir():
        last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        checks.expect("Autolab: our scores come last", sum(last["scores"].values()) == 2)
    visibility = {test["name"]: test["visibility"] for path in (out / "gradescope").iterdir()
                  for test in json.loads(path.read_text(encoding="utf-8"))["tests"]}  # fmt: skip
    checks.expect("Gradescope: visibilities", visibility == {
        "builds": "visible", "public values": "visible", "clandestine values": "hidden",
        "belated law": "after_due_date", "announced training": "after_published"}, str(visibility))  # fmt: skip
    done = grade(source, folder / "a.json", out, "--format", "html", "--stage", "published")
    html = next((out / "html").iterdir()).read_text(encoding="utf-8")
    checks.expect("once published, all but the hidden test are shown",
                  "belated" in html and "announced" in html and "clandestine" not in html)  # fmt: skip
    checks.expect("and a leaderboard of pseudonyms", "announced training" in (out / "leaderboard.md").read_text(encoding="utf-8"))


def check_telltale(folder):
    """What a plugin says about secret inputs is shown to the staff alone."""
    source, out = folder / "telltale", folder / "telltale-grades"
    source.mkdir()
    write(source / "ann.c", TELLTALE)
    grade(source, folder / "a.json", out)
    tests = {test["name"]: test for test in by_student(out)["ann"]["tests"]}
    checks.expect("its reason is shown for public inputs", "the secret" in tests["public values"]["message"])
    checks.expect("not for secret ones", "the secret" not in tests["belated law"]["message"])
    checks.expect("but to the staff", "the secret" in tests["belated law"]["details"])


def check_gradebook(folder):
    source, out = folder / "lateness", folder / "lateness-grades"
    source.mkdir()
    for name in ("ann", "bob", "cat"):
        shutil.copy(PLUGINS / "krum" / "straight.c", source / f"{name}.c")
    students = write(folder / "students.csv", "student_id,last_name,submitted_at,due\nann,A,2026-11-30T23:00:00Z,\n"
                     "bob,B,2026-12-02T10:00:00Z,\ncat,C,2026-12-02T10:00:00Z,2026-12-03T00:00:00Z\ndan,D,,\n")  # fmt: skip
    done = grade(source, folder / "a.json", out, "--students", students)
    checks.expect("gradebook: graded", done.returncode == 0, done.stderr)
    rows = {row["student_id"]: row for row in csv.DictReader(io.StringIO((out / "gradebook.csv").read_text(encoding="utf-8")))}
    scores = {name: (row["raw_score"], row["late_submission_penalty"], row["score"]) for name, row in rows.items()}
    checks.expect("lateness counts in days begun; a due date of one's own counts first", scores == {
        "ann": ("12", "0", "12"), "bob": ("12", "2.4", "9.6"), "cat": ("12", "0", "12"), "dan": ("0", "0", "0")}, str(scores))  # fmt: skip
    anonymous = (out / "gradebook-anonymous.csv").read_text(encoding="utf-8")
    mapping = list(csv.DictReader(io.StringIO((out / "staff" / "pseudonyms.csv").read_text(encoding="utf-8"))))
    checks.expect("the anonymous gradebook names nobody", not any(name in anonymous for name in ("ann", "bob", "cat")))
    checks.expect("the mapping leads back", all(row["pseudonym"] in anonymous for row in mapping) and len(mapping) == 3)


def check_internal_errors(folder):
    """What the grader cannot do costs nobody points."""
    broken = json.loads(json.dumps(QUICK))
    broken["tests"][4]["check"]["dataset"] = "csv:train=missing.csv"
    source, out = folder / "one", folder / "internal"
    done = grade(source, write(folder / "broken.json", broken), out, "--format", "gradescope")
    submission = by_student(out)["straight"]
    checks.expect("internal error: exit status 1", done.returncode == 1, str(done.returncode))
    checks.expect("internal error: not gradable, no score", submission["gradable"] is False and submission["score"] is None)
    checks.expect("internal error: its verdict", submission["tests"][4]["verdict"] == "internal_error")
    row = list(csv.DictReader(io.StringIO((out / "gradebook.csv").read_text(encoding="utf-8"))))[0]
    checks.expect("internal error: an empty cell, not a zero", row["score"] == "")
    checks.expect("internal error: is tried again", "1 graded, 0 kept" in grade(source, folder / "broken.json", out).stdout)


def check_misuse(folder):
    cases = [
        (["one"], "--assignment FILE is needed"),
        (["nowhere", "--assignment", "a.json"], "cannot be read"),
        (["empty", "--assignment", "a.json"], "holds no submission"),
        (["one", "--assignment", "a.json", "--regrade", "sometimes"], "must be one of changed, failed, all"),
        (["one", "--assignment", "a.json", "--format", "pdf"], "must be one of gradescope"),
        (["one", "--assignment", "a.json", "--student", "("], "--student ("),
        (["one", "--assignment", "a.json", "--student", ".*"], "parentheses"),
        (["one", "--assignment", "a.json", "--key", "short"], "too few for a key"),
        (["one", "--assignment", "a.json", "--students", "bad.csv"], "student_id"),
        (["one", "--assignment", "a.json", "--require-isolation", "4"], "from 1 to 3"),
        (["one", "--assignment", "bad.json"], "did you mean"),
        (["twice", "--assignment", "a.json"], "has two submissions"),
    ]
    (folder / "empty").mkdir()
    (folder / "twice").mkdir()
    for name in ("ann.c", "ann.py"):
        write(folder / "twice" / name, "")
    write(folder / "short", "short")
    write(folder / "bad.csv", "name\nann\n")
    write(folder / "bad.json", {**QUICK, "titel": "x"})
    for arguments, message in cases:
        done = run("grade", *arguments, "--out", "misused", cwd=folder)
        checks.expect(f"grade {' '.join(arguments)}", done.returncode in (1, 2) and message in done.stderr, done.stderr)


def check_compilers(folder):
    """Full marks by either compiler: what it is called with is no student's fault."""
    source = pathlib.Path(folder) / "compilers"
    source.mkdir()
    shutil.copy(PLUGINS / "krum" / "straight.c", source / "someone.c")
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler) is None:
            print(f"skipped: {compiler} is not installed")
            continue
        out = pathlib.Path(folder) / f"by_{compiler}"
        grade(source, ASSIGNMENTS / "krum.json", out, env={**os.environ, "CC": compiler})
        lost = [test for test in by_student(out)["someone"]["tests"] if test["verdict"] != "passed" and test["name"] != "speed"]
        checks.expect(f"{compiler}: a right solution loses nothing", lost == [], lost)


def check_files(folder):
    """What is handed in wrongly is a grade of 0 with a reason; what lies behind a link is never read."""
    source, out = folder / "files", folder / "files-grades"
    source.mkdir()
    secret = write(folder / "secret.c", "#error the secret\n")
    (source / "link.c").symlink_to(secret)
    for name in ("nothing", "several", "linked", "empty"):
        (source / name).mkdir()
    write(source / "nothing" / "README", "x")
    for name in ("a.c", "b.c"):
        shutil.copy(PLUGINS / "krum" / "straight.c", source / "several" / name)
    (source / "linked" / "krum.c").symlink_to(secret)
    write(source / "empty" / "krum.c", "")
    write(source / "huge.c", "/" + "*" * (2 << 20))
    write(source / "notes.txt", "no submission")
    done = grade(source, folder / "a.json", out)
    found = by_student(out)
    checks.expect("odd files: graded", done.returncode == 0 and sorted(found) == ["empty", "huge", "link", "linked", "nothing", "several"],
                  done.stderr + str(sorted(found)))  # fmt: skip
    checks.expect("odd files: nothing earned", all(item["score"] == 0 for item in found.values()))
    checks.expect("odd files: every first test says why", all(item["tests"][0]["message"] for item in found.values()))
    checks.expect("odd files: no link is followed", "the secret" not in (out / "grades.json").read_text(encoding="utf-8"))
    done = grade(folder / "files", folder / "a.json", folder / "regex", "--student", "^(several)/a\\.c$")
    checks.expect("--student picks by path", list(by_student(folder / "regex")) == ["several"], done.stderr)


def check_gradescope(folder):
    """The package for Gradescope, unpacked and run as it is there, but for setup.sh."""
    root = folder / "autograder"
    packed = subprocess.run([ROOT / "tools" / "gradescope" / "pack.sh", folder, folder / "a.json", KEY],
                            cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    checks.expect("gradescope: packed", packed.returncode == 0, packed.stderr)
    with zipfile.ZipFile(folder / "gradescope-a.zip") as package:
        package.extractall(root / "source")
    (root / "submission").mkdir()
    shutil.copy(PLUGINS / "krum" / "straight.c", root / "submission" / "my rule.c")
    write(root / "submission_metadata.json", {
        "id": 1, "created_at": "2026-12-01T10:00:00.123456+01:00", "users": [{"name": "\"x\", y\n", "email": "a@b"}],
        "assignment": {"due_date": "2026-11-30T23:59:00.000000+01:00", "total_points": "12.0"}})  # fmt: skip
    script = ["bash", root / "source" / "run_autograder"]
    environment = {**os.environ, "AUTOGRADER": str(root), "BYZSIM_PROGRAM": PROGRAM}
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    result = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    checks.expect("gradescope: graded, a day late", done.returncode == 0 and result["score"] == 10.8, done.stderr + str(result)[:300])
    checks.expect("gradescope: nothing is printed that students might see", done.stdout == "", done.stdout)
    allowed = {"score", "output", "output_format", "stdout_visibility", "tests", "leaderboard"}
    checks.expect("gradescope: known keys alone", set(result) <= allowed, str(set(result) - allowed))
    environment["BYZSIM_PROGRAM"] = "/bin/false"
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    result = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    checks.expect("gradescope: a grader that fails gives no score", done.returncode != 0 and "score" not in result, str(result))


def main():
    with scratch() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        require_sandbox(folder)
        check_misuse(folder)
        check_files(folder)
        check_compilers(folder)
        check_gradebook(folder)
        check_internal_errors(folder)
        check_hostile(folder)
        check_telltale(folder)
        check_gradescope(folder)
        check_same_bytes(folder)
    checks.finish()


if __name__ == "__main__":
    main()
