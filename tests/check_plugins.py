# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins as a student meets them: templates, building, the public tests, broken files, the documentation."""

import os
import pathlib
import re
import shutil

from plugin import EXAMPLES, aggregate, checks, expect, near, plugin, said
from program import ROOT, TINY, changed, run, scratch, write

# Pieces of the template's loop and what mistakes make of them; then what `plugin check` must say.
MISTAKES = {
    "ignores_ld": ("x[i * ld + k]", "x[i * d + k]", ["out[0] is NaN", "x[i * ld + k]", "aggregate --rule ignores_ld.c",
                                                              "AddressSanitizer: use-after-poison ignores_ld.c:31"]),
    "too_short": ("k < d;", "k + 1 < d;", ["element 2 of 3 was never written"]),
    "too_long": ("k < d;", "k <= d;", ["behind the end of the output: element 3"]),
    "crashes": ("double sum = 0;", "double sum = *(volatile double *)8;", ["SIGSEGV"]),
    "writes_input": ("sum += x[i * ld + k];", "sum += ((float *)x)[i * ld + k] = 1;", ["matrix"]),
    "divides_by_f": ("(double)n)", "(double)f)", ["(f = 0)", "is infinite"]),
    "ordered": ("sum += x", "sum += (double)(i + 1) * x", ["expected", "got", "reverse order"]),
    "remembers": ("double sum = 0;", "static double sum;", ["same call twice", "static variable"]),
    "refuses": ("return 0;", "return 5;", ["has no answer (it returned 5)"]),
    "leaves": ("return 0;", "extern void exit(int);\n    exit(0);\n    return 0;", ["ended the process"]),
}


def templates(folder):
    for name, options, command in [
        ("rule_c", [], ("aggregate", "--rule")), ("attack_c", ["--attack"], ("attack", "--name")),
        ("rule_py", ["--python"], ("aggregate", "--rule")), ("attack_py", ["--python", "--attack"], ("attack", "--name")),
    ]:
        file = f"{name}.{'py' if '--python' in options else 'c'}"
        expect(f"plugin new writes {file}", plugin("new", name, *options, cwd=folder), 0, f"wrote {file}")
        expect(f"{file}: the template passes the tests without a warning", plugin("check", file, cwd=folder), 0, " passed, 0 failed")
        checks.expect(f"{file}: no warning", "warning" not in said(plugin("check", file, cwd=folder)))
        _, output = aggregate(file, command=command, cwd=folder)
        checks.expect(f"{file}: the template is a mean", near(output, [4, 5, 19 / 3]), output)
        before = (pathlib.Path(folder) / file).read_bytes()
        expect(f"plugin new does not overwrite {file}", plugin("new", name, *options, cwd=folder), 2, "is there already")
        checks.expect(f"{file} is as it was", (pathlib.Path(folder) / file).read_bytes() == before)
    for bad in ("My-Rule", "int", "", "../", "a" * 64, "9lives"):
        expect(f"plugin new refuses the name {bad!r:.20}", plugin("new", bad, cwd=folder), 2, "cannot name a plugin")


def building(folder):
    expect("plugin build writes a library beside the source", plugin("build", "rule_c.c", cwd=folder), 0, "wrote rule_c.so")
    expect("plugin build -o", plugin("build", "rule_c.c", "-o", "other.so", cwd=folder), 0, "wrote other.so")
    _, output = aggregate("other.so", cwd=folder)
    checks.expect("a library is loaded", near(output, [4, 5, 19 / 3]), output)
    expect("plugin check takes a library", plugin("check", "other.so", cwd=folder), 0, " 0 failed")
    expect("the name of a library ends in .so", plugin("build", "rule_c.c", "-o", "x.txt", cwd=folder), 2, ".so")
    expect("only C sources are built", plugin("build", "rule_py.py", cwd=folder), 2, "C source")
    source = pathlib.Path(folder) / "rule_c.c"
    write(f"{folder}/wordy.c", source.read_text().replace("return 0;", "int unused;\n    return 0;"))
    expect("warnings are shown", plugin("build", "wordy.c", cwd=folder), 0, "wordy.c:", "warning: unused variable")
    write(f"{folder}/broken.c", source.read_text().replace("return 0;", "return nothing"))
    expect("errors are shown with file and line", plugin("build", "broken.c", cwd=folder), 2, "broken.c:35:", "error:")
    expect("plugin check tells errors of the compiler", plugin("check", "broken.c", cwd=folder), 1, "broken.c:35:", "error:")
    expect("a missing compiler is named", plugin("build", "rule_c.c", cwd=folder, env={**os.environ, "CC": "no-such-cc"}), 1,
           '"no-such-cc" cannot be run')


def compilers(folder):
    """Both compilers take the flags, say nothing about a clean source, and give the same bytes."""
    answers = {}
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler) is None:
            print(f"skipped: {compiler} is not installed")
            continue
        environment = {**os.environ, "CC": compiler}
        done = plugin("build", "rule_c.c", "-o", f"by_{compiler}.so", cwd=folder, env=environment)
        expect(f"{compiler} builds a plugin", done, 0)
        checks.expect(f"{compiler} has nothing to say about it", "warning" not in said(done) and "error" not in said(done), said(done))
        answers[compiler] = aggregate(f"by_{compiler}.so", cwd=folder)[1]
    checks.expect("both give the same", len(set(map(str, answers.values()))) == 1, answers)


def sound_solutions():
    """A right solution is found sound, ties or not."""
    for rule in ("krum", "median", "trimmed_mean"):
        expect(f"a straight {rule} is sound", plugin("check", str(ROOT / "tests" / "plugins" / rule / "straight.c"), "--like", rule),
               0, " 0 failed")


def mistakes(folder):
    template = (EXAMPLES / "template_rule.c").read_text()
    for name, (piece, wrong, parts) in MISTAKES.items():
        checks.expect(f"{name}: the template has {piece}", piece in template)
        write(f"{folder}/{name}.c", template.replace(piece, wrong).replace("my_rule", name))
        expect(f"plugin check finds {name}", plugin("check", f"{name}.c", cwd=folder), 1, "WRONG", *parts)
    done = plugin("check", "rule_c.c", "--like", "median", cwd=folder)
    expect("--like tells the first wrong coordinate", done, 1, "coordinate 0: expected ", "aggregate --rule median")
    commands = re.findall(r"echo '(.*)' \| byzsim aggregate --rule (\S+) --byzantine (\d+) -", done.stdout)
    answers = [aggregate(rule, "--byzantine", f, matrix=matrix, cwd=folder)[1] for matrix, rule, f in commands]
    told = re.search(r"coordinate 0: expected (\S+), got (\S+)", done.stdout).groups()
    checks.expect("the commands that are told give what is told",
                  len(answers) == 2 and near([answers[0][0], answers[1][0]], [float(told[1]), float(told[0])]), (told, answers))
    expect("--range finds an output outside", plugin("check", "far.c", "--range", cwd=write(
        f"{folder}/far.c", template.replace("(double)n)", "0.01)").replace("my_rule", "far")).parent), 1, "the messages range from")
    expect("--like is for rules", plugin("check", "attack_c.c", "--like", "mean", cwd=folder), 2, "is an attack")
    expect("an option of another task is refused", plugin("check", "rule_c.c", "--python", cwd=folder), 2, "plugin new")
    expect("a task is needed", plugin(), 2, "new, build or check")
    expect("an unknown task is refused", plugin("chek", "x.c"), 2, "none of new, build, check")


def broken_files(folder):
    """Whatever the file is, one sentence says what is wrong with it, and nothing crashes."""
    header = (ROOT / "sim" / "api" / "byz_plugin.h").read_text()
    code = (pathlib.Path(folder) / "rule_c.c").read_text().replace('#include "byz_plugin.h"', "")
    os.mkdir(f"{folder}/folder.c")
    shutil.copy(shutil.which("true"), f"{folder}/program.so")
    write(f"{folder}/rule_c.txt", "")
    cases = {
        "missing.c": (None, ["missing.c: cannot be read: No such file"]),
        "folder.c": (None, ["is a directory"]),
        "rule_c.txt": (None, ["rule_c.txt"]),
        "program.so": (None, ["program.so cannot be loaded"]),
        "empty.c": ("", ["is empty"]),
        "text.so": ("not a library", ["text.so cannot be loaded"]),
        "no_entry.c": ("int y;", ["it has no byz_plugin_enter"]),
        "undefined.c": ("int foo(void);\nint my(void) { return foo(); }", ["undefined reference to `foo'"]),
        "includes.c": ('#include "helper.h"\n', ["helper.h", "a plugin is one file"]),
        "null.c": ('#include "byz_plugin.h"\nBYZ_PLUGIN_EXPORT const struct byz_plugin_entry *byz_plugin_enter(void);\n'
                   "const struct byz_plugin_entry *byz_plugin_enter(void) { return NULL; }", ["byz_plugin_enter returned NULL"]),
        "abi.c": (re.sub(r"(#define BYZ_PLUGIN_ABI +)1u", r"\g<1>9u", header) + code, ["its ABI is 9, this byzsim has 1"]),
        "call_size.c": (header.replace("uint64_t seed; ", "uint64_t seed, more; ") + code, ["size of struct byz_call"]),
        "bad_name.c": (code.replace('"rule_c"', '"Rule C"').join(['#include "byz_plugin.h"\n', ""]), ["its name is not a lower-case"]),
    }
    for name, (text, parts) in cases.items():
        if text is not None:
            write(f"{folder}/{name}", text)
        done, _ = aggregate(name, cwd=folder)
        expect(f"{name} is refused", done, 2, *parts)
        config = write(f"{folder}/config.json", changed(TINY, server={"aggregator": {"plugin": name}}))
        done = run("check", config)
        expect(f"{name} is refused in a configuration", done, 2, "config.json:1:", "server.aggregator.plugin: ")
        checks.expect(f"{name}: one line", said(done).count("\n") == 1, said(done))
    if os.geteuid() != 0:
        write(f"{folder}/secret.c", code).chmod(0)
        expect("an unreadable file is refused", aggregate("secret.c", cwd=folder)[0], 2, "Permission denied")


def documentation(folder):
    """The plugins that docs/plugins.md shows compile and are sound."""
    text = (ROOT / "docs" / "plugins.md").read_text()
    shown = [("c", block) for block in re.findall(r"^```c\n(.*?)^```$", text, re.M | re.S)]
    shown += [("py", block) for block in re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)]
    for number, (ending, block) in enumerate(shown):
        name = write(f"{folder}/shown{number}.{ending}", block).name
        like = ["--like", "median"] if "median" in block or "qsort" in block else []
        expect(f"docs/plugins.md: plugin {number + 1} is sound", plugin("check", name, *like, cwd=folder), 0, " 0 failed")
    checks.expect("docs/plugins.md shows plugins", len(shown) >= 3)


def cache(folder):
    """Compiled plugins are kept where only their user can write."""
    place = pathlib.Path(folder) / "cache"
    environment = {**os.environ, "XDG_CACHE_HOME": str(place)}
    _, output = aggregate("rule_c.c", cwd=folder, env=environment)
    kept = sorted(path.name for path in (place / "byzsim").iterdir())
    checks.expect("one library is kept, and nothing else", len(kept) == 1 and kept[0].endswith(".so") and output is not None, kept)
    _, output = aggregate("rule_c.c", cwd=folder, env={**environment, "CC": "no-such-cc"})
    checks.expect("another compiler is another library", output is None)
    before = (place / "byzsim" / kept[0]).stat().st_mtime_ns
    aggregate("rule_c.c", cwd=folder, env=environment)
    checks.expect("the same source is not compiled again", (place / "byzsim" / kept[0]).stat().st_mtime_ns == before)
    (place / "byzsim").chmod(0o777)
    expect("a folder that others can write to is refused", aggregate("rule_c.c", cwd=folder, env=environment)[0], 2,
           "only you can write to")


def main():
    with scratch() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/xdg"
        os.mkdir(f"{folder}/xdg")
        templates(folder)
        building(folder)
        compilers(folder)
        sound_solutions()
        mistakes(folder)
        broken_files(folder)
        cache(folder)
        documentation(folder)
    checks.finish()


main()
