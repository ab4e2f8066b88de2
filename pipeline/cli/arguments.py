"""What `dub` understands: one main command and a few questions about this machine."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pipeline.errors import SettingsError
from pipeline.progress import CancelToken
from pipeline.settings import AUTO, Mode, SubtitlesAre

EPILOG = """\
more commands:
  dub doctor      which engines are ready, and what each missing one needs
  dub engines     every engine with its kind and state
  dub languages   every language that can be spoken here

examples:
  dub talk.mp4 --to es
  dub film.mkv --to fr --audio-track en --voice fr+f3
  dub lecture.mp4 --to en --subs lecture.en.srt --subs-are target
"""


class Parser(argparse.ArgumentParser):
    """Mistakes become SettingsError: one line, exit status 2, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}; `{self.prog} --help` shows how it is used")


def parse(argv: list[str]) -> argparse.Namespace:
    """Raises SettingsError."""
    _refuse_dashed_file(argv)
    if argv and argv[0] in QUESTIONS:
        return QUESTIONS[argv[0]]().parse_args(argv[1:])
    return _dub_parser().parse_args(argv)


def _refuse_dashed_file(argv: list[str]) -> None:
    if "--" in argv:
        return
    for argument in argv:
        if argument.startswith("-") and os.path.isfile(argument):
            raise SettingsError(f"{argument!r} looks like an option; write ./{argument} for the file of that name")


def _dub_parser() -> Parser:
    parser = Parser(
        prog="dub",
        usage="dub INPUT --to LANGUAGE [options]",
        description="Dub a video or audio file into another language, on this machine, without a network.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", metavar="INPUT", type=Path, help="a video or audio file")
    parser.add_argument("--to", required=True, metavar="LANGUAGE", help="dub into this language (es, fr, Spanish, …)")
    parser.add_argument(
        "--from", dest="source", metavar="LANGUAGE", help="language spoken; by default as tagged, else en"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="output folder; by default NAME.LANGUAGE beside INPUT"
    )
    parser.add_argument(
        "--mode", choices=[mode.value for mode in Mode], default=Mode.MEDIUM.value, help="speed against quality"
    )
    parser.add_argument("--subs", type=Path, metavar="FILE", help="SRT, VTT or ASS in place of speech recognition")
    parser.add_argument(
        "--subs-are", choices=[kind.value for kind in SubtitlesAre], default=SubtitlesAre.SOURCE.value,
        help="the language of --subs: the one spoken (source) or the one to dub into (target)",
    )  # fmt: skip
    parser.add_argument(
        "--audio-track", metavar="N|LANGUAGE", help="audio track by number (0 is the first) or language"
    )
    for option, what in (("asr", "speech recognition"), ("mt", "translation"), ("tts", "speech")):
        parser.add_argument(f"--{option}", default=AUTO, metavar="NAME", help=f"{what} engine")
    parser.add_argument("--voice", metavar="NAME", help="voice to speak with")
    parser.add_argument("--work", type=Path, metavar="DIR", help="workspace; by default .work in the output folder")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="use what an earlier run finished (the default)")
    again.add_argument("--fresh", action="store_true", help="do everything again")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="events and the result as JSON lines")
    how.add_argument("--quiet", action="store_true", help="print only where the result is")
    parser.add_argument("--explain", action="store_true", help="print what would run and why, and do nothing")
    parser.set_defaults(run=_run_dub)
    return parser


def _question(name: str, help_: str, run: Callable[[argparse.Namespace, CancelToken], int]) -> Parser:
    parser = Parser(prog=f"dub {name}", description=help_)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)
    return parser


# The commands import the engines, so they are imported when one is run: `dub --help` answers at once.
def _run_dub(arguments: argparse.Namespace, cancel: CancelToken) -> int:
    from pipeline.cli.dubbing import run

    return run(arguments, cancel)


def _run_doctor(arguments: argparse.Namespace, _cancel: CancelToken) -> int:
    from pipeline.cli.questions import doctor

    return doctor(as_json=arguments.json)


def _run_engines(arguments: argparse.Namespace, _cancel: CancelToken) -> int:
    from pipeline.cli.questions import engines

    return engines(as_json=arguments.json)


def _run_languages(arguments: argparse.Namespace, _cancel: CancelToken) -> int:
    from pipeline.cli.questions import languages

    return languages(as_json=arguments.json)


QUESTIONS: dict[str, Callable[[], Parser]] = {
    "doctor": lambda: _question("doctor", "Which engines are ready, and what each missing one needs.", _run_doctor),
    "engines": lambda: _question("engines", "Every engine with its kind and state.", _run_engines),
    "languages": lambda: _question("languages", "Every language that can be spoken here.", _run_languages),
}
