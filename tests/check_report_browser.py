# SPDX-License-Identifier: GPL-3.0-or-later
"""`byzsim report` in a real browser, a headless Chromium: loads without a complaint, sorts, filters, draws, fits a phone,
prints, is harmless with hostile names, reads without JavaScript, and is quick with 500 runs."""

import json
import os
import pathlib
import re
import sys

import browser
import report_pages
from program import Checks, run, scratch, write

checks = Checks()

RUNS = 500
SECONDS = 10  # for 500 runs: five times what a report promises, because a test must not fail on a busy machine


def column(tab, number):
    return tab.value(f"""[...document.querySelectorAll("#table tbody tr")].filter((row) => !row.hidden)
        .map((row) => row.cells[{number}].textContent)""")


def fits(tab, width):
    """Whether nothing makes the page wider than its window; what does, if something does."""
    return tab.value(f"""document.documentElement.scrollWidth <= {width} ? "" : [...document.querySelectorAll("body *")]
        .filter((e) => e.getBoundingClientRect().right > {width} + 1 && !e.parentElement.closest(".scroll, pre, table"))
        .map((e) => e.tagName + "." + e.className).slice(0, 5).join(" ") || "something"
        """)


def quiet(tab, name):
    checks.expect(f"{name}: no complaint in the console", tab.errors == [], tab.errors)
    checks.expect(f"{name}: nothing is asked of the network",
                  all(url.startswith(("file:", "about:", "data:")) for url in tab.requests), tab.requests)


def sorting(tab):
    accuracy = tab.value("""[...document.querySelectorAll("#table th")].findIndex((th) => th.textContent === "test accuracy, %")""")
    head = f"#table thead th:nth-child({accuracy + 1})"
    before = column(tab, accuracy)
    tab.click(f"{head} button")
    numbers = [float(cell) for cell in column(tab, accuracy)]
    checks.expect("a click sorts", numbers == sorted(map(float, before)) and numbers != list(map(float, before)), numbers)
    state = f"document.querySelector('{head}').getAttribute('aria-sort')"
    checks.expect("... and says so", tab.value(state) == "ascending")
    tab.value(f"document.querySelector('{head} button').focus()")
    tab.key("Enter", 13, "\r")
    numbers = [float(cell) for cell in column(tab, accuracy)]
    checks.expect("the return key sorts the other way", tab.value(state) == "descending"
                  and numbers == sorted(numbers, reverse=True), numbers)
    one = tab.value("""[...document.querySelectorAll("#table th")].filter((th) => th.getAttribute("aria-sort") !== "none").length""")
    checks.expect("... one column at a time", one == 1, one)
    tab.value("document.activeElement.blur(); document.body.focus()")
    found = False
    for _ in range(60):
        tab.key("Tab", 9)
        found = found or tab.value("document.activeElement.closest('th') !== null")
    checks.expect("the tabulator reaches the headings", found)


def filtering(tab):
    def type_words(words):
        tab.value(f"""(() => {{ const i = document.getElementById("words"); i.value = {json.dumps(words)};
            i.dispatchEvent(new Event("input")); }})()""")
        return tab.until(f"document.getElementById('count').dataset.old !== document.getElementById('count').textContent") and True

    everything = len(column(tab, 0))
    for words, wanted in (("krum", 12), ("aggregator=krum attack=alie", 6), ("seed>2", 8), ("accuracy<0", 0), ("", everything)):
        type_words(words)
        good = tab.until(f"""[...document.querySelectorAll("#table tbody tr")].filter((row) => !row.hidden).length === {wanted}""")
        checks.expect(f"the filter {words!r} leaves {wanted} runs", good, len(column(tab, 0)))
        if wanted == 6:
            lines = tab.value("""Chart.getChart(document.querySelector(".curves canvas")).data.datasets
                .filter((set) => !set.band).map((set) => set.label)""")
            checks.expect("the chart follows", len(lines) == 2 and all("Krum" in line for line in lines), lines)
    checks.expect("and the count", tab.value("document.getElementById('count').textContent") == f"{everything} runs")


def drawing(tab):
    chart = """Chart.getChart(document.querySelector(".curves canvas"))"""
    drawn = tab.value(f"{chart}.data.datasets.filter((set) => !set.band).length")
    checks.expect("curves are drawn", drawn == 8, drawn)
    tab.hover(".curves canvas")
    good = tab.until(f"{chart}.tooltip.opacity > 0 && {chart}.tooltip.body.length > 0")
    checks.expect("hovering tells a figure", good)
    told = tab.value(f"[{chart}.tooltip.title[0], {chart}.tooltip.body[0].lines[0]]")
    checks.expect("... with its round and setting", told[0].startswith("round ") and re.search(r": [\d.]+$", told[1])
                  and told[1].startswith("b="), told)
    axes = tab.value(f"[{chart}.options.scales.x.title.text, {chart}.options.scales.y.title.text]")
    checks.expect("axes have titles with units", axes == ["round", "test accuracy, %"], axes)
    tab.value("""(() => { const s = document.getElementById("measure"); s.selectedIndex = [...s.options].findIndex((o) => o.text.includes("honest variance"));
        s.dispatchEvent(new Event("change")); })()""")
    title = tab.value(f"{chart}.options.scales.y.title.text")
    checks.expect("another figure", "honest variance" in title, title)
    bounds = tab.value(f"{chart}.data.datasets.filter((set) => set.bound).map((set) => [set.label, set.data.map((p) => p.y)])")
    checks.expect("... with the bound of the rules that have one", len(bounds) > 0
                  and all(label.startswith("\u03ba of ") and low == high > 0 for label, (low, high) in bounds), bounds)
    figures = tab.value("""[...document.querySelectorAll("#measure option")].map((o) => o.text)""")
    checks.expect("... and the other figures of every round", all(any(word in figure for figure in figures)
                  for word in ("cosine", "weight of the Byzantine")), figures)
    tab.value("document.getElementById('log').click()")
    checks.expect("a logarithmic axis", tab.value(f"{chart}.scales.y.type") == "logarithmic")


def opening(tab):
    tab.click("#table tbody tr a")
    target = tab.value("location.hash")
    checks.expect("a link opens the configuration of its run", tab.until(f"document.querySelector('{target}').open"))
    block = f"document.querySelector('{target} details pre')"
    checks.expect("... with the whole of it", tab.until(f"{block} !== null") and
                  json.loads(tab.value(f"{block}.textContent"))["server"]["aggregator"]["name"] in ("krum", "median"))


def ordinary(tab, folder, home):
    page = f"{home}/page.html"
    run("report", folder, "-o", page)
    library = "Chart.js v" in pathlib.Path(page).read_text(encoding="utf-8")
    tab.open(page)
    sorting(tab)
    if library:
        drawing(tab)
        filtering(tab)
    else:
        print("skipped: charts; Chart.js is not installed (libjs-chart.js)")
    opening(tab)
    quiet(tab, "a report")
    for name, options in (("dark", {"dark": True}), ("phone", {"width": 375, "height": 812, "mobile": True})):
        tab.open(page, **options)
        checks.expect(f"{name}: fits", fits(tab, options.get("width", 1280)) == "", fits(tab, options.get("width", 1280)))
        quiet(tab, name)
    light = "getComputedStyle(document.body).backgroundColor"
    tab.open(page, dark=True)
    dark = tab.value(light)
    tab.open(page)
    checks.expect("dark and light differ", dark != tab.value(light), dark)
    pdf = tab.pdf()
    checks.expect("prints", pdf.startswith(b"%PDF") and len(pdf) > 20000, len(pdf))
    tab.open(page, width=718, media="print")  # an A4 sheet at 96 dots per inch without its margins
    checks.expect("a printed sheet is wide enough", fits(tab, 718) == "", fits(tab, 718))
    checks.expect("... and has no controls", tab.value("document.querySelector('#filter').offsetHeight") == 0)


def without_script(tab, folder, home):
    run("report", folder, "--plain", "-o", f"{home}/plain.html")
    tab.open(f"{home}/plain.html")
    checks.expect("without Chart.js the table sorts all the same", tab.value("document.querySelectorAll('#table th button').length") > 5)
    quiet(tab, "plain")
    tab.open(f"{home}/page.html", script=False)
    text = tab.value("document.body.innerText")
    checks.expect("without JavaScript: tables, curves, configurations", all(word in text for word in (
        "Summary", "Rule and attack", "test accuracy, %", "What all runs have in common", "Environment"))
        and tab.value("document.querySelectorAll('path.line').length") > 4, text[:300])
    checks.expect("... and no dead controls", tab.value("document.querySelectorAll('button, input, select').length") == 0)
    quiet(tab, "without JavaScript")


def hostile(tab, folder, home):
    report_pages.write_hostile(folder, f"{home}/evil")
    run("report", f"{home}/evil", "-o", f"{home}/evil.html")
    for options in ({}, {"width": 375, "height": 812, "mobile": True}):
        tab.open(f"{home}/evil.html", **options)
        width = options.get("width", 1280)
        checks.expect(f"hostile names at {width}: the page fits", fits(tab, width) == "", fits(tab, width))
        tab.click("#table thead th:nth-child(2) button")
        tab.value("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        checks.expect("... every configuration opens", tab.until(
            "[...document.querySelectorAll('details.run')].every((run) => run.querySelector('details pre'))"))
        made = tab.value("[document.images.length, document.scripts.length, typeof hit, ({}).hit === undefined]")
        checks.expect("... nothing of them becomes an element or runs", made[0] == 0 and made[1] <= 3 and made[2:] == ["undefined", True], made)
        quiet(tab, "hostile names")


def write_many(folder, home):
    """As many results as a large campaign: one result with other seeds, rates and figures, and more evaluations."""
    pathlib.Path(home).mkdir()
    path = next(path for path in sorted(pathlib.Path(folder).glob("*.json")) if path.name != "sweep.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    rounds = list(range(0, 1001, 5))
    for i in range(RUNS):
        document["config"]["server"]["learning_rate"] = (1 + i // 20) / 100
        document["config"]["attack"] = {"name": ("none", "alie", "ipm", "sign_flip")[i % 4]}
        document["config"]["server"]["aggregator"] = {"name": ("mean", "median", "krum", "mda", "cge")[i // 4 % 5]}
        document["config_sha256"] = f"{i:064x}"
        document["final"]["test_accuracy"] = round((i * 7919 % 1000) / 1000, 4)
        document["metrics"] = {"round": rounds, **{name: [round(((i + 1) * r % 997) / 997, 6) for r in rounds]
                                                   for name in ("train_loss", "test_loss", "test_accuracy")}}
        write(f"{home}/{i:03}.json", document)


def many(tab, folder, home):
    write_many(folder, f"{home}/many")
    run("report", f"{home}/many", "-o", f"{home}/many.html")
    size = os.path.getsize(f"{home}/many.html")
    checks.expect(f"{RUNS} runs: a file of {size / 1e6:.1f} MB", size < 5e6, size)
    seconds = []
    for _ in range(3):
        tab.open(f"{home}/many.html")
        seconds.append(tab.value("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"))
    checks.expect(f"... loaded in {min(seconds):.2f} s (bound {SECONDS})", 0 < min(seconds) < SECONDS, seconds)
    checks.expect("... all are there", len(column(tab, 0)) == RUNS)
    checks.expect("... the page says what is left out of the curves", tab.value("document.querySelector('footer').innerText.includes('thinned')"))
    quiet(tab, f"{RUNS} runs")


def main():
    path = browser.find()
    if path is None:
        print("skipped: no Chromium was found (Debian and Ubuntu: apt-get install chromium)")
        sys.exit(77)
    with scratch() as home, browser.Browser(path) as tab:
        folder = report_pages.sweep(home)
        ordinary(tab, folder, home)
        without_script(tab, folder, home)
        hostile(tab, folder, home)
        many(tab, folder, home)
    checks.finish()


main()
