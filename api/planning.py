"""What more trials of a study will bring, and what a budget is good for before there are any."""

from parzen.analysis.forecasting import Curve, Forecast, forecast
from parzen.analysis.planning import Plan, plan_optimization

__all__ = ["Curve", "Forecast", "Plan", "forecast", "plan_optimization"]
