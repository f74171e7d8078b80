"""One HTML file that says what a study was: verdict, alerts, linked plots and trials. Read `writing` first."""

from .writing import report

__all__ = ["report"]
