"""Tune a small network's settings, write a report of it, open it in Chromium, and save pictures of what it shows.

    pip install "parzen[plot]" selenium      # and Chromium with its driver
    python -m parzen.examples.report_pictures FOLDER    # docs/ has what it makes

The second picture is taken after a brush over the best values in the parallel coordinates.
"""

from __future__ import annotations

import io
import math
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import parzen
from parzen.visualization import report

SIZE = 1100, 1050


def train(trial: parzen.Trial) -> float:
    """Give an error that falls by epoch; trainings with a high rate diverge now and then."""
    rate = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    dropout, layers = trial.suggest_float("dropout", 0.0, 0.7), trial.suggest_int("layers", 1, 6)
    optimizer = trial.suggest_categorical("optimizer", ["adam", "sgd", "lion"])
    error = 0.08 + 0.04 * (math.log10(rate) + 2.3) ** 2 + 0.008 * (layers - 5) ** 2 + 0.3 * (dropout - 0.2) ** 2
    if optimizer == "sgd":
        error += 0.02 + 0.2 * (trial.suggest_float("momentum", 0.0, 0.99) - 0.9) ** 2
    if rate > 0.01 and trial.number % 7 == 0:
        raise FloatingPointError("loss is NaN")
    for epoch in range(1, 11):
        trial.report(error + 0.8 / (epoch + 1), epoch)
        if trial.should_prune():
            raise parzen.TrialPruned
    return error


def a_study() -> parzen.Study:
    """Tune it."""
    study = parzen.create_study(
        study_name="classifier",
        sampler=parzen.samplers.TPESampler(n_startup_trials=20, seed=5),
        pruner=parzen.pruners.MedianPruner(n_warmup_steps=4),
    )
    study.set_metric_names(["error"])
    study.optimize(train, n_trials=160, catch=FloatingPointError)
    return study


def browser() -> Any:
    """Start Chromium without a window."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    driver = shutil.which("chromedriver")
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver) if driver else None)
    found.set_window_size(*SIZE)
    shown = found.execute_script("return [innerWidth, innerHeight]")
    found.set_window_size(*(2 * wanted - got for wanted, got in zip(SIZE, shown, strict=True)))  # less its frame
    return found


def brush_best(page: Any) -> None:
    """Drag along the lower end of the first of the parallel axes, where the best values are."""
    from selenium.webdriver import ActionChains

    page.execute_script("""
      const panels = [...document.querySelectorAll("figure.panel")];
      window.shown = panels.find((one) => one.textContent.includes("Parallel coordinates"));
      window.shown.scrollIntoView({block: "start"});
      window.parzenReport.paintAll();""")
    canvas = page.execute_script("return window.shown.querySelector('canvas')")
    width, height = canvas.size["width"], canvas.size["height"]
    chain = ActionChains(page)  # from the middle, as the driver counts
    chain.move_to_element_with_offset(canvas, 50 - width // 2, int(0.40 * height)).click_and_hold()
    chain.move_by_offset(0, -int(0.06 * height)).release().perform()
    page.execute_script("window.scrollBy(0, -40); window.parzenReport.paintAll();")


def save(page: Any, path: Path) -> None:
    """Save what is seen, in 96 colours, which are enough and small."""
    from PIL import Image

    seen = Image.open(io.BytesIO(page.get_screenshot_as_png())).convert("RGB")
    seen.quantize(96).save(path, optimize=True)
    print(path)


def main(folder: Path) -> None:
    """Make the pictures."""
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    with tempfile.TemporaryDirectory() as place:
        file = report(a_study(), Path(place) / "report.html")
        page = browser()
        try:
            page.get(file.as_uri())
            page.execute_script("""
              for (const term of document.querySelectorAll("dt"))  // what is this machine's alone
                if (["Git", "Platform", "Command"].includes(term.textContent)) {
                  term.nextElementSibling.remove();
                  term.remove();
                }
              window.parzenReport.paintAll();""")
            save(page, folder / "report-verdict.png")
            brush_best(page)
            save(page, folder / "report-selection.png")
        finally:
            page.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
