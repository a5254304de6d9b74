"""The errors of a command line, with the text to write instead: of commands, options and arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from lab.base import wide_signs
from lab.base.docs_site import reference
from lab.base.shipped import shipped
from lab.base.suggestions import meant, nearest
from lab.errors import InputError

_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_EXAMPLES = {"SCENARIO": "tokyo-singapore", "BROKER": "tokyo", "LINK": "tokyo-singapore", "FILE": "FILE"}
_DASHES = re.compile("[-‐-―−－ー]+")  # in words that are meant as options
_LONGEST = 60  # characters of a word that an error repeats
_EXTRA = "Got unexpected extra argument"
_EXPECT = (
    "write expectations below expect: in a scenario, and run mqlab run SCENARIO, or mqlab judge for a finished run"
)
_OBSERVE = 'write mqlab up SCENARIO --observe "orders.>", or observe: ["orders.>"] in the topology'
_CI = f"write uses: OWNER/mqlab@v0 in a GitHub workflow, or include: with a template in GitLab; see {reference('ci')}"
_SHARE = "write mqlab film latest film.html or mqlab judge --html report.html, and share this file"
_NO_COMMANDS = {  # words that belong in a file, or are an option → the remedy
    **dict.fromkeys(("expect", "expectation", "expectations", "assert"), _EXPECT),
    **dict.fromkeys(("observe", "observer"), _OBSERVE),
    **dict.fromkeys(("ci", "github", "gitlab"), _CI),
    **dict.fromkeys(("share", "publish-report"), _SHARE),
    "init": "write mqlab scenarios tokyo-singapore --copy FOLDER for a scenario of your own",
    "transcript": "write mqlab history --as-scenario FILE for a scenario with the acts of a run",
    **dict.fromkeys(("api", "server"), "write mqlab serve, or mqlab up TOPOLOGY --api for a lab of a file"),
}


def unknown_command(
    path: str, words: Sequence[str], commands: Iterable[str], verbs: Callable[[], Mapping[str, Iterable[str]]]
) -> InputError:
    """Return the error for the first word, which is not a command of `path`, such as `mqlab` or `mqlab link`.

    `words` are this word and those after it; `verbs` returns the verbs of each command that has some.
    """
    word, *rest = words
    known = list(commands)
    top = path == "mqlab"
    problem = f"no {'command' if top else 'verb'} {_quoted(word)}" + ("" if top else f" of {path}")
    listed = "run mqlab --help for the list of commands" if top else f"verbs: {', '.join(known)}"
    if "\u3000" in word:
        what = "the wide space U+3000 does not separate words"
        return InputError.of(what, f"write {_line(path, *word.split(), *rest)}")
    if top and word in ("mqlab", "help", "version"):
        instead = {"mqlab": rest, "help": [*rest, "--help"], "version": ["--version"]}[word]
        return InputError.of(problem, f"write {' '.join([path, *map(shlex.quote, instead)])}")
    if top and word.lower() in _NO_COMMANDS:
        return InputError.of(problem, f"{_NO_COMMANDS[word.lower()]}\n{listed}")
    if top and word.lower() in ("simulate", "simulation"):
        scenario = [] if rest and not rest[0].startswith("-") else ["SCENARIO"]
        named = _line("mqlab run", *scenario, *rest)
        return InputError.of(problem, f"write {named} --runtime simulation\n{listed}")
    if rest and rest[0] in known:
        return InputError.of(problem, f"write {_line(path, rest[0], word, *rest[1:])}")
    if (top and (shipped("scenarios") / f"{word}.yaml").is_file()) or word.endswith((".yaml", ".yml")):
        return InputError.of(problem, f"write {_line('mqlab run', word, *rest)}")
    names = meant(word, known)
    near = [_line(path, name, *rest) for name in names]
    if not names or names == (nearest(word, known),):  # a verb of this name is nearer than a command like it
        near = [_line(path, group, word, *rest) for group, verb in verbs().items() if word in verb] or near
    return InputError.of(problem, "\n".join([*([f"write {' or '.join(near)}"] if near else []), listed]))


def wide_option(words: Sequence[str], options: Iterable[str]) -> InputError | None:
    """Return the error for an option that begins with another dash than two hyphens; None if no word does."""
    known = set(options)
    for word in takewhile(lambda word: word != "--", words):
        name, equals, text = wide_signs.narrow(word).partition("=")
        option = "--" + _DASHES.sub("", name, count=1)
        if _DASHES.match(word) and option in known and not word.startswith("--"):
            right = f"write {option}{equals}{shlex.quote(text) if text else ''}"
            return InputError.of(f"{_quoted(word.partition('=')[0])} does not begin with two hyphens", right)
    return None


def explained(error: Any, words: Sequence[str]) -> InputError:
    """Return an error that click found in a command line, with the text to write instead.

    The name of the class is the kind of the error: typer has click's classes under names of its own.
    """
    context, kind = error.ctx, type(error).__name__
    path, params = _path(context), context.command.params if context is not None else []
    place = path.removeprefix("mqlab ")
    usage = f"write {_synopsis(path, params)}"
    if kind == "NoSuchOption":
        return _no_option(path, params, error.option_name, words)
    if kind == "MissingParameter":
        name = _name(error.param)
        example = _with_examples(path, params)
        such = f", such as {example}" if example else ""
        return InputError.of(f"{place}: {name} is missing", f"{usage}{such}")
    if kind == "BadParameter" and error.param is not None:
        return _bad_number(error, words)
    message = str(error.message)
    if message.startswith(_EXTRA):
        return _extra_argument(place, params, message, words, usage)
    if kind == "BadOptionUsage":
        option = next((param for param in params if error.option_name in param.opts), None)
        if option is not None and not option.is_flag and "does not take" not in message:
            right = f"write {error.option_name} {option.metavar or option.name.upper()}"
            return InputError.of(f"{error.option_name} has no value", right)
        return InputError.of(f"{error.option_name} takes no value", f"write {error.option_name} alone")
    return InputError.of(f"{place}: {message.removesuffix('.')}", usage)


def _no_option(path: str, params: Sequence[Any], word: str, words: Sequence[str]) -> InputError:
    """Return the error for an option that a command does not have: perhaps it lacks a hyphen."""
    options = [name for param in params for name in param.opts if name.startswith("--")]
    one_hyphen = [f"-{name}" for name in words if not name.startswith("--") and name.startswith("-") and len(name) > 2]
    if len(word) == 2 and (long := [name for name in one_hyphen if name.partition("=")[0] in options]):
        return InputError.of(f"{long[0][1:]} begins with one hyphen", f"write {long[0]}")
    problem = f"{path.removeprefix('mqlab ')} has no option {word}"
    files = [argument for argument in _arguments(params) if argument.metavar.strip("[]") == "FILE"]
    if files and word in ("--output", "-o", "--out", "--html", "--file"):
        file = _after(word, words) or "FILE"
        run = next((each for each in words if not each.startswith("-") and each not in (*path.split(), file)), "latest")
        return InputError.of(problem, f"write {path} {shlex.quote(run)} {shlex.quote(file)}")
    if not options:
        return InputError.of(problem, f"run {path} --help")
    if (flag := f"--{_after(word, words)}") in options:  # such as --format json
        return InputError.of(problem, f"write {flag}")
    near = meant(word, [*options, "--help"])
    listed = f"run {path} --help for its options"
    return InputError.of(problem, "\n".join([*([f"write {' or '.join(near)}"] if near else []), listed]))


def _bad_number(error: Any, words: Sequence[str]) -> InputError:
    """Return the error for a text that is not a number, or a number out of its bounds."""
    param = error.param
    name, text = _name(param), _given(param, words)
    least, most = (_bound(param, which) for which in ("min", "max"))
    bounds = f" from {least} to {most}" if least is not None and most is not None and most < 2**31 else ""
    bounds = bounds or (f" of {least} or more" if least is not None else "")
    if text.startswith("--"):
        return InputError.of(f"{name} has no value", f"write a whole number{bounds}: {name} {_or(least, 1)}")
    plain = wide_signs.narrow(text).replace(",", "").strip().lower()
    number = (
        _NUMBERS.index(plain) if plain in _NUMBERS else int(plain) if re.fullmatch("-?[0-9]{1,18}", plain) else None
    )
    if number is None or not _or(least, number) <= number <= _or(most, number):
        number = _or(least, 1)
    is_number = re.fullmatch("-?[0-9]+", text) is not None
    problem = f"{name}: {_quoted(text)} is not " + (f"a number{bounds}" if is_number else "a whole number")
    help_ = str(getattr(param, "help", None) or "").rstrip(".")
    about = f"\n{name} is {help_[0].lower()}{help_[1:]}" if name.startswith("--") and help_ else ""
    return InputError.of(problem, f"write a whole number{bounds}: {name} {number}{about}")


def _extra_argument(place: str, params: Sequence[Any], message: str, words: Sequence[str], usage: str) -> InputError:
    """Return the error for an argument too many: perhaps an option was meant."""
    extras = message.rpartition("(")[2].rstrip(")").split()
    first = extras[0] if extras else ""
    for option, text, after in zip(words, words[1:], words[2:], strict=False):
        if after == first and any(option in param.opts and "," in str(param.metavar) for param in params):
            what = f"{option} takes one text, and {_quoted(first)} is another one"
            return InputError.of(what, f"write {option} {','.join((text.rstrip(','), *extras))}")
    options = [name for param in params for name in param.opts]
    what = f"{place}: {_quoted(first)} is one argument too many"
    destinations = [f"{option} {shlex.quote(first)}" for option in ("--queue", "--topic") if option in options]
    texts = [param for param in params if param.param_type_name == "argument" and "TEXT" in str(param.metavar)]
    if texts and (start := _words_until_an_option(words, place)):
        return InputError.of(what, f"write mqlab {place} {shlex.quote(start)} with quotes around the text")
    if first.endswith((".yaml", ".yml")) and place == "serve":
        return InputError.of(what, f"write mqlab up {shlex.quote(first)} --api for a lab of this file with the API")
    if destinations and "--queue" in options:
        return InputError.of(what, f"write {' or '.join(destinations)} if that is the destination\n{usage}")
    if f"--{first}" in options:
        return InputError.of(what, f"write --{first}")
    return InputError.of(what, usage)


def _words_until_an_option(arguments: Sequence[str], place: str) -> str:
    """Return the words of a command line behind its command, up to the first option, as one text."""
    behind = list(arguments)[list(arguments).index(place) + 1 :] if place in arguments else list(arguments)
    return " ".join(takewhile(lambda word: not word.startswith("-"), behind))


def _synopsis(path: str, params: Sequence[Any]) -> str:
    """Return a command with its arguments and the options that it needs."""
    needed = [f"{param.opts[0]} {param.metavar or param.name.upper()}" for param in params if _is_needed(param)]
    return " ".join([path, *(argument.metavar for argument in _arguments(params)), *needed])


def _with_examples(path: str, params: Sequence[Any]) -> str:
    """Return a command with an example for each argument that it needs; "" if one has none."""
    needed = [argument.metavar.removesuffix("...") for argument in _arguments(params) if argument.required]
    if any(map(_is_needed, params)) or not all(name in _EXAMPLES for name in needed):
        return ""
    return " ".join([path, *(_EXAMPLES[name] for name in needed)])


def _arguments(params: Sequence[Any]) -> list[Any]:
    return [param for param in params if param.param_type_name == "argument" and not getattr(param, "hidden", False)]


def _is_needed(param: Any) -> bool:
    return bool(param.param_type_name == "option" and param.required)


def _name(param: Any) -> str:
    return str(param.metavar).removesuffix("...") if param.param_type_name == "argument" else str(param.opts[0])


def _given(param: Any, words: Sequence[str]) -> str:
    """Return the text that an option was given in the words of a command line; "" if it is not found."""
    for option in param.opts:
        if text := _after(option, words):
            return text
    for word in words:
        if any(len(name) == 2 and word.startswith(name) for name in param.opts):
            return word[2:]
    return ""


def _after(option: str, arguments: Sequence[str]) -> str:
    """Return the text after an option, or after its equals sign, in the words of a command line; "" if none is."""
    for word, after in zip(arguments, (*arguments[1:], ""), strict=True):
        if word == option:
            return after
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""


def _bound(param: Any, which: str) -> int | None:
    """Return the least or the largest number that a parameter takes; typer and click keep them in different places."""
    bound = getattr(param, which, None)
    return bound if bound is not None else getattr(getattr(param, "type", None), which, None)


def _or(bound: int | None, number: int) -> int:
    return number if bound is None else bound


def _path(context: Any) -> str:
    """Return a command as a person writes it, whatever the program's file is called."""
    names: list[str] = []
    while context is not None and context.parent is not None:
        names.insert(0, str(context.info_name))
        context = context.parent
    return " ".join(["mqlab", *names])


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= _LONGEST else f"a text of {len(text)} characters"


def _line(*words: str) -> str:
    """Return a command line up to its first option, since the words behind it may be a password."""
    path, *others = words
    return " ".join([path, *map(shlex.quote, takewhile(lambda word: not word.startswith("-"), others))])
