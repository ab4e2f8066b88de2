"""One recognising process of `pipeline.engines.asr.pocketsphinx`: a request a line on stdin, an answer a line.

First line in:  {"config": {pocketsphinx settings}}
Then in:        {"audio": path, "start": first frame, "stop": frame after the last}
Out, for each:  [[start, end, word, probability], …], start and end in hundredths of a second from `start`
"""

from __future__ import annotations

import json
import os
import sys
import wave
from typing import Any

from pocketsphinx import Config, Decoder


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever the library prints must not look like an answer
    decoder = Decoder(Config(loglevel="FATAL", **json.loads(sys.stdin.readline())["config"]))
    for line in sys.stdin:
        request = json.loads(line)
        words = recognize(decoder, read(request["audio"], request["start"], request["stop"]))
        answers.write(json.dumps(words) + "\n")
        answers.flush()


def read(path: str, start: int, stop: int) -> bytes:
    """The 16-bit samples `start` to `stop` of a mono WAV file, as they lie in it."""
    with wave.open(path) as sound:
        first = min(start, sound.getnframes())
        sound.setpos(first)
        samples: bytes = sound.readframes(max(0, stop - first))
    return samples


def recognize(decoder: Any, samples: bytes) -> list[tuple[int, int, str, float]]:
    if not samples:
        return []
    decoder.reinit_feat()  # forgets the noise it tracked: else the words depend on what this process heard before
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    return [
        (each.start_frame, each.end_frame + 1, word, min(1.0, each.prob))
        for each in decoder.seg()
        if (word := spoken(each.word))
    ]


def spoken(entry: str) -> str:
    """The word of a dictionary entry: `the` for `the(2)`, nothing for `<sil>`, `[NOISE]` and `++UM++`."""
    if entry[:1] in "<[+":
        return ""
    return entry.partition("(")[0]


if __name__ == "__main__":
    main()
