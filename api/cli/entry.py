"""Starts the command. Neither click nor anything heavy is imported up here.

So ``parzen --help`` answers at once, and `main` can say what to install when click is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

MANY_VALUED = ("--directions", "--values")


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    args
        Arguments without the program's name; those of the process if None.

    Returns
    -------
    int
        The exit code.
    """
    try:
        import click
    except ImportError:
        print('The parzen command needs click: pip install "parzen[cli]"', file=sys.stderr)
        return 1
    import parzen.cli.serve  # of the group that `storage` declares

    # isort: off - in the order in which the help lists them
    import parzen.cli.studies
    import parzen.cli.trials  # noqa: F401
    from parzen.cli.declare import root
    # isort: on

    arguments = spell_out(sys.argv[1:] if args is None else args)
    try:
        code = root.main(arguments, prog_name="parzen", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0


def spell_out(arguments: Sequence[str]) -> list[str]:
    """Turn ``--values 0.1 -2`` into ``--values=0.1 --values=-2``: click has no options with one or more values.

    As in Optuna's command, an option given again starts its values anew.
    """
    spelt: list[str] = []
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        if name in MANY_VALUED and rest and _is_value(rest[0]):
            spelt = [argument for argument in spelt if not argument.startswith(f"{name}=")]
            while rest and _is_value(rest[0]):
                spelt.append(f"{name}={rest.pop(0)}")
        else:
            spelt.append(name)
    return spelt


def _is_value(argument: str) -> bool:
    """Tell a value, negative numbers included, from the next option."""
    if not argument.startswith("-"):
        return True
    try:
        float(argument)
    except ValueError:
        return False
    return True
