"""Starts the command. Neither click nor anything heavy is imported up here.

So ``parzen --help`` answers at once, and `main` can say what to install when click is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


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

    # in the order in which the help lists them
    # isort: off
    import parzen.cli.studies
    import parzen.cli.trials
    import parzen.cli.saying
    import parzen.cli.watch
    import parzen.cli.report
    import parzen.cli.bench  # noqa: F401
    from parzen.cli.declare import root
    # isort: on

    arguments = list(sys.argv[1:] if args is None else args)
    try:
        code = root.main(arguments or ["help"], prog_name="parzen", standalone_mode=False, obj=arguments)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0
