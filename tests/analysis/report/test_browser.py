"""The report in a real browser: no error, one selection in all panels, the table, saving, printing.

It needs Chromium and its driver; where they are missing the tests are skipped, or fail if ``PARZEN_REQUIRE_BROWSER`` is
set, as in CI.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_report import NASTY, a_study, large

import parzen
from parzen.visualization import report

pytestmark = pytest.mark.slow

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing(reason: str) -> None:
    (pytest.fail if os.environ.get("PARZEN_REQUIRE_BROWSER") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        missing("Chromium or its driver is missing: apt-get install -y chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield found
    found.quit()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open a report of studies; at the end the console must be empty."""

    def open_it(studies: Any) -> Any:
        browser.get(report(studies, tmp_path / "report.html").as_uri())
        assert browser.execute_script("return document.documentElement.dataset.ready") == "yes"
        browser.execute_script("window.parzenReport.paintAll()")
        return browser

    yield open_it
    assert browser.get_log("browser") == []


def panel(browser: Any, title: str) -> Any:
    """Give the canvas under a caption that begins so."""
    for figure in browser.find_elements("css selector", "figure.panel"):
        if figure.find_element("css selector", "figcaption").text.startswith(title):
            browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", figure)
            return figure.find_element("css selector", "canvas")
    raise AssertionError(f"no panel {title!r}")


def drag(browser: Any, canvas: Any, start: tuple[float, float], stop: tuple[float, float]) -> None:
    """Drag from one place of a canvas to another, in shares of its width and height."""
    from selenium.webdriver import ActionChains

    def at(place: tuple[float, float]) -> tuple[int, int]:
        return tuple(
            round((p - 0.5) * size)
            for p, size in zip(place, (canvas.size["width"], canvas.size["height"]), strict=True)
        )  # type: ignore[return-value]

    actions = ActionChains(browser, duration=20)
    actions.move_to_element_with_offset(canvas, *at(start)).click_and_hold()
    actions.move_to_element_with_offset(canvas, *at(stop)).release().perform()


def selected(browser: Any) -> list[int]:
    script = "const v = window.parzenReport.views[0]; return v.mask ? v.rows.filter((i) => v.mask[i]) : []"
    found: list[int] = browser.execute_script(script)
    return found


def marked(browser: Any) -> list[bool]:
    """Tell for each panel whether it has a mark in the colour of the selection."""
    script = """
      window.parzenReport.paintAll();
      return [...document.querySelectorAll("figure.panel")].map((figure) => {
        const canvas = figure.querySelector("canvas"), copy = document.createElement("canvas");
        [copy.width, copy.height] = [canvas.width, canvas.height];
        const context = copy.getContext("2d", {willReadFrequently: true});
        context.drawImage(canvas, 0, 0);
        const {data} = context.getImageData(0, 0, copy.width, copy.height);
        const is = (v, low, high) => v > low && v < high;
        const near = (i) => is(data[i], 190, 256) && is(data[i + 1], 60, 125) && is(data[i + 2], -1, 60);
        for (let i = 0; i < data.length; i += 4) if (near(i)) return true;
        return false;
      });"""
    found: list[bool] = browser.execute_script(script)
    return found


def halved() -> parzen.Study:
    """Make a study in which a pruner stops trials at rungs, and no state has the colour of the selection."""
    study = parzen.create_study(
        study_name="halved",
        sampler=parzen.samplers.RandomSampler(seed=0),
        pruner=parzen.pruners.SuccessiveHalvingPruner(),
    )

    def objective(trial: parzen.Trial) -> float:
        x, k = trial.suggest_float("x", 1e-3, 1, log=True), trial.suggest_categorical("c", ["a", "b"])
        for step in range(1, 10):
            trial.report(x + (k == "b") / step, step)
            if trial.should_prune():
                raise parzen.TrialPruned
        return x

    study.optimize(objective, n_trials=60)
    return study


@pytest.mark.parametrize("m", [1, 2])
def test_names_do_nothing(m: int, opened: Any) -> None:
    browser = opened(a_study(m=m))
    assert browser.find_elements("css selector", "b") == []
    assert NASTY in browser.find_element("css selector", "h1").text
    assert browser.title == NASTY
    assert NASTY in browser.find_element("css selector", ".trials").text


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_trials(n: int, opened: Any) -> None:
    study = parzen.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=n)
    browser = opened(study)
    assert len(browser.find_elements("css selector", ".trials tbody tr")) == n


def test_a_brush_selects_in_all_panels(opened: Any) -> None:
    study = halved()
    browser = opened(study)
    assert not any(marked(browser))
    drag(browser, panel(browser, "History"), (0.02, 0.05), (0.98, 0.98))
    assert len(selected(browser)) == 60, "all have a value, those that were pruned their last report"
    drag(browser, panel(browser, "x"), (0.02, 0.4), (0.98, 0.99))
    chosen = selected(browser)
    assert 0 < len(chosen) < 60
    titles = [one.text.split("\n")[0] for one in browser.find_elements("css selector", "figcaption")]
    has_none = [title for title, has in zip(titles, marked(browser), strict=True) if not has]
    assert has_none == ["Importances"], "which shows no trials"
    rows = browser.find_elements("css selector", ".trials tr[aria-selected=true]")
    assert {int(row.get_attribute("data-row")) for row in rows} <= set(chosen)
    assert rows
    browser.find_element("css selector", ".selection button").click()
    assert not any(marked(browser))


def test_brushes_on_two_axes_of_parallel_coordinates_are_joined(opened: Any) -> None:
    study = parzen.create_study(study_name="s", sampler=parzen.samplers.RandomSampler(seed=0))
    study.optimize(lambda t: t.suggest_float("x", 0, 1) + 0.1 * t.suggest_float("y", 0, 1), n_trials=80)
    browser = opened(study)
    canvas = panel(browser, "Parallel coordinates")
    width = canvas.size["width"]
    left, right = 50 / width, (width - 90) / width
    drag(browser, canvas, (left, 0.55), (left, 0.98))
    first = set(selected(browser))
    assert 0 < len(first) < 80
    drag(browser, canvas, (right, 0.55), (right, 0.98))
    both = set(selected(browser))
    assert 0 < len(both) < len(first)
    assert both < first
    best = study.best_trial.number
    assert best in first


def test_a_bar_shows_its_slice(opened: Any) -> None:
    browser = opened(halved())
    canvas = panel(browser, "Importances")
    canvas.send_keys(parzen_key("ARROW_DOWN"), parzen_key("ENTER"))
    (named,) = browser.find_elements("css selector", "figure.named figcaption")
    assert named.text in ("x", "c")


def parzen_key(name: str) -> str:
    from selenium.webdriver.common.keys import Keys

    key: str = getattr(Keys, name)
    return key


def test_the_keyboard_selects(opened: Any) -> None:
    browser = opened(halved())
    canvas = panel(browser, "History")
    canvas.send_keys(parzen_key("ARROW_RIGHT"), parzen_key("ARROW_RIGHT"), parzen_key("ENTER"))
    assert len(selected(browser)) == 1
    canvas.send_keys(parzen_key("ESCAPE"))
    assert selected(browser) == []


def test_alerts_show_their_trials(opened: Any) -> None:
    study = a_study(40)
    browser = opened(study)
    failed = [trial.number for trial in study.trials if trial.state == parzen.trial.TrialState.FAIL]
    (item,) = [one for one in browser.find_elements("css selector", ".alerts li") if "trials failed" in one.text]
    item.find_element("css selector", "button").click()
    assert selected(browser) == failed


def test_search_sort_and_save(opened: Any) -> None:
    study = parzen.create_study(study_name="s", sampler=parzen.samplers.RandomSampler(seed=0))
    study.optimize(
        lambda t: t.suggest_float("x", 0, 1) + (t.suggest_categorical("c", ["a,b", "=1"]) == "=1"), n_trials=70
    )
    browser = opened(study)
    table = browser.find_element("css selector", ".trials")

    def column(k: int) -> list[str]:
        cells = browser.execute_script(
            "return [...document.querySelectorAll('.trials tbody tr')].map((r) => r.cells[arguments[0]].textContent)", k
        )
        return list(cells)

    assert column(0)[0] == str(study.best_trial.number), "the best comes first"
    table.find_elements("css selector", "th button")[0].click()
    assert column(0) == [str(k) for k in range(50)]
    table.find_elements("css selector", "th button")[0].click()
    assert column(0) == [str(k) for k in range(69, 19, -1)]
    search = table.find_element("css selector", "input[type=search]")
    search.send_keys("x < 0.2")
    assert {int(k) for k in column(0)} == {t.number for t in study.trials if t.params["x"] < 0.2}
    search.clear()
    search.send_keys("complete a,b")
    assert {int(k) for k in column(0)} == {t.number for t in study.trials if t.params["c"] == "a,b"}
    search.clear()
    search.send_keys(" ")
    csv_button, json_button = (b for b in table.find_elements("css selector", "button") if b.text in ("CSV", "JSON"))
    csv_button.click()
    rows = list(csv.DictReader(io.StringIO(browser.execute_script("return window.parzenSaved"))))
    assert [float(row["x"]) for row in rows] == [t.params["x"] for t in study.trials]
    assert [row["c"] for row in rows] == [t.params["c"].replace("=1", "'=1") for t in study.trials], "no formula"
    json_button.click()
    saved = json.loads(browser.execute_script("return window.parzenSaved"))
    assert [trial["c"] for trial in saved["trials"]] == [t.params["c"] for t in study.trials]
    assert [trial["Objective"] for trial in saved["trials"]] == [t.value for t in study.trials]


def test_several_studies(opened: Any) -> None:
    browser = opened([a_study(name="one"), a_study(name="two")])
    captions = [one.text for one in browser.find_elements("css selector", ".compared figcaption")]
    assert captions == ["Best so far", "Distribution of values"]
    assert len(browser.find_elements("css selector", ".study")) == 2
    opened([a_study(name="one", m=2), a_study(name="two", m=2)])
    opened([a_study(name="one"), a_study(name="two", m=2)])


def test_many_trials(opened: Any) -> None:
    browser = opened(large(20_000))
    assert "20000 of 20000 trials" in browser.find_element("css selector", ".trials .said").text
    drag(browser, panel(browser, "History"), (0.1, 0.05), (0.5, 0.9))
    assert len(selected(browser)) > 1000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panels_fit_at_800_pixels(scheme: str, opened: Any, browser: Any) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 800, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        opened(halved())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 800
        assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_prints(opened: Any) -> None:
    browser = opened(halved())
    printed = b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")
    assert 1 < printed.count(b"/Type /Page\n") < 20


def test_without_a_script_the_essentials_are_there(browser: Any, tmp_path: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(report(a_study(100), tmp_path / "r.html").as_uri())
        text = browser.find_element("css selector", "body").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "is the best of 102" in text
    assert "trials failed" in text
    assert "The best 20 of 102" in text
