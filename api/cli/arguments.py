"""Command lines as argparse reads them, which Optuna's users are used to, spelt out for click.

What argparse allows and click does not: options by the beginning of their names (``--study`` for ``--study-name``),
options with several values (``--values 0.1 -2``), a sub-command's options before its name, and ``-f=json``. What click
allows and argparse does not: an option's name as the value of the option before, as in ``--study-name --flatten``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import click


class Command(click.Command):
    """A command of click's whose arguments are spelt out before click parses them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; see `spell_out`."""
        return super().parse_args(ctx, spell_out(ctx, args))


class Group(Command, click.Group):
    """A group of commands, listed in the order of their declaration, whose options may stand before their names."""

    command_class = Command
    group_class = type

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the sub-commands."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments: a sub-command parses what stands before its name as if it stood behind."""
        place = self._place(args)
        if place is None:
            return super().parse_args(ctx, args)
        return click.Group.parse_args(self, ctx, [args[place], *args[:place], *args[place + 1 :]])

    def _place(self, args: Sequence[str]) -> int | None:
        """Find the name of a sub-command that is not the value of an option, None if there is none."""
        valued = {name for option in _options_of(self) if _takes_value(option) for name in option.opts}
        for place, word in enumerate(args):
            before = args[place - 1] if place else ""
            is_value = before.startswith("-") and any(name.startswith(before) for name in valued)
            if word in self.commands and not is_value:
                return place
        return None


def _options_of(command: click.Command) -> Iterator[click.Option]:
    """Give the options of a command and of all its sub-commands."""
    yield from (param for param in command.params if isinstance(param, click.Option))
    if isinstance(command, click.Group):
        for part in command.commands.values():
            yield from _options_of(part)


def _takes_value(option: click.Option) -> bool:
    return not option.is_flag and not option.count


def spell_out(context: click.Context, arguments: Sequence[str]) -> list[str]:
    """Write options under their full names, each value joined to its option by an equals sign.

    Parameters
    ----------
    context
        The context of the command whose options count.
    arguments
        What stands behind the command's name.

    Returns
    -------
    list[str]
        The arguments for click. ``--help`` and ``--version`` stand alone, as no other argument matters then. An option
        with several values that is given again starts its values anew.

    Raises
    ------
    click.UsageError
        If several names begin like one that was given, or a value is missing, or given to a flag of one letter.
    """
    params = (param for param in context.command.get_params(context) if isinstance(param, click.Option))
    options = {name: option for option in params for name in option.opts}
    spelt: list[str] = []
    rest = list(arguments)
    while rest and rest[0] != "--":
        name, equals, value = rest.pop(0).partition("=")
        name = _in_full(context, options, name)
        option = options.get(name)
        if option is not None and option.is_eager and not equals:
            return [name]
        if option is not None and equals and not name.startswith("--") and not _takes_value(option):
            raise click.BadOptionUsage(name, f"Option {' / '.join(option.opts)} does not take a value.", context)
        if option is None or not _takes_value(option):
            spelt.append(name + equals + value)
        else:
            values = [value] if equals else list(_values(options, rest, option.multiple))
            if not values:
                raise click.BadOptionUsage(name, f"Option {name!r} requires an argument.", context)
            start = f"{max(option.opts, key=len)}="
            spelt = [word for word in spelt if not word.startswith(start)] + [start + value for value in values]
    return spelt + rest


def _in_full(context: click.Context, options: Collection[str], name: str) -> str:
    """Complete the name of an option; what is no option's is returned as it is."""
    if not name.startswith("--") or name in options:
        return name
    known = [option for option in options if option.startswith(name)]
    if len(known) > 1:
        raise click.UsageError(f"Option {name!r} is ambiguous: it could be {', '.join(known)}.", context)
    return known[0] if known else name


def _values(options: Collection[str], rest: list[str], several: bool) -> Iterator[str]:
    """Take the values of an option off the arguments behind it."""
    while rest and _is_value(options, rest[0]):
        yield rest.pop(0)
        if not several:
            return


def _is_value(options: Collection[str], argument: str) -> bool:
    """Tell a value, negative numbers and text with blanks included, from the next option."""
    if not argument.startswith("-") or argument == "-":
        return True
    name = argument.partition("=")[0] if argument.startswith("--") else argument[:2]
    if any(option.startswith(name) for option in options):
        return False
    return " " in argument or _is_number(argument)


def _is_number(argument: str) -> bool:
    try:
        float(argument)
    except ValueError:
        return False
    return True
