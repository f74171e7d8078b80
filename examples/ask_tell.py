"""
Ask for parameters, train in a loop of your own, tell the result.

Run it with ``python -m parzen.examples.ask_tell`` (needs ``pip install "parzen[demo]"`` for the data).
"""

from __future__ import annotations

import parzen
from parzen.examples.digits_data import load_digits
from parzen.examples.digits_numpy import NumpyNetwork
from parzen.examples.digits_space import Settings


def main(n_trials: int = 20, n_epochs: int = 10) -> parzen.Study:
    """Tune the learning rate and the width of a one-layer network; return the study."""
    data = load_digits()
    study = parzen.create_study(direction="maximize")
    for _ in range(n_trials):
        trial = study.ask()
        learning_rate = trial.suggest_float("learning_rate", 1e-5, 1.0, log=True)
        width = trial.suggest_int("width", 4, 128, log=True)
        settings = Settings((width,), "relu", 0.0, batch_size=64, optimizer="adam", learning_rate=learning_rate)
        network = NumpyNetwork(settings, seed=trial.number)  # from here on it is your code: any library, any machine
        for _ in range(n_epochs):
            network.train_epoch(*data.train)
        study.tell(trial, network.accuracy(*data.validation))
    print(f"Validation accuracy {study.best_value:.3f} with {study.best_params}")
    return study


if __name__ == "__main__":
    main()
