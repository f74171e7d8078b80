"""The `parzen` command: studies and trials from a shell, with the options, outputs and exit codes of Optuna's command.

Exit codes: 0 done, 1 refused or failed (one line on standard error says why), 2 wrong usage, 130 interrupted.

`entry` starts it, `session` holds what the global options say, `declare` what all sub-commands share; `studies`,
`storage`, `serve` and `trials` are the sub-commands, and `format` prints.
"""

from parzen.cli.entry import main

__all__ = ["main"]
