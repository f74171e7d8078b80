"""The sub-command ``parzen bench``, whose words the benchmarks read themselves: it has none of the global options."""

from __future__ import annotations

import click

from parzen.cli.declare import root


class Passing(click.Command):
    """A command that hands on all its words as they are, ``--help`` among them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words for `bench`."""
        ctx.args = args
        return args


@root.command("bench", cls=Passing, add_help_option=False)
@click.pass_context
def bench(context: click.Context) -> int:
    """Compare samplers on this machine, and measure times; needs the extra bench."""
    from parzen.benchmarks.command import main

    return main(context.args)
