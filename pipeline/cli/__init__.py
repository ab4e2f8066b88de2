"""The `dub` command. Nothing heavy is imported before the arguments are known to be right."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pipeline.cli.arguments import parse
from pipeline.errors import Canceled, DubbingError
from pipeline.progress import CancelToken


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 done, 2 something for the user to change, 1 a failure, 130 interrupted."""
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv)
        with _interruptible() as cancel:
            status: int = arguments.run(arguments, cancel)
            return status
    except Canceled:
        print("dub: interrupted; run the same command again to go on from here", file=sys.stderr)
        return Canceled.exit_code
    except DubbingError as error:
        print(f"dub: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output went away (`dub languages | head`): nothing is left to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


@contextmanager
def _interruptible() -> Iterator[CancelToken]:
    """A token raised by the first Ctrl-C or SIGTERM; a second one ends the program at once."""
    token = CancelToken()

    def stop(number: int, _frame: FrameType | None) -> None:
        token.cancel()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield token
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
