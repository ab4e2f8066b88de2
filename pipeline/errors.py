"""The one exception tree. Every message is written for the person who started the dub.

DubbingError                    code            exit code
├── InputError                  input.*         2   the file or an option must change
│   ├── SourceNotFound          input.not_found
│   ├── NotMedia                input.not_media
│   ├── NoAudio                 input.no_audio
│   ├── NoSpeech                input.no_speech
│   ├── GarbageTranscript       input.garbage_transcript
│   ├── SourceTruncated         input.truncated
│   ├── TrackNotFound           input.track_not_found
│   ├── SubtitleError           input.subtitles
│   ├── EditsError              input.edits
│   ├── GlossaryError           input.glossary
│   ├── LexiconError            input.lexicon
│   ├── SpeakersFileError       input.speakers
│   ├── VoiceMemoryError        input.voice_memory
│   ├── ConsentMissing          input.consent
│   ├── EpisodeError            input.episode
│   └── SettingsError           input.settings
├── EngineError                 engine.*
│   ├── EngineUnknown           engine.unknown          2
│   ├── EngineNotReady          engine.not_ready        2
│   ├── PairUnsupported         engine.pair_unsupported 2
│   ├── VoiceUnknown            engine.voice_unknown    2
│   └── EngineFailed            engine.failed           1   the engine crashed, hung or answered nonsense
├── StorageError                storage.*       2
│   ├── OutputNotWritable       storage.not_writable
│   ├── DiskFull                storage.disk_full
│   └── WorkspaceBusy           storage.busy
├── VaultError                  vault.*         1   a stored file cannot be opened; the operator's to solve
│   ├── KeyUnusable             vault.key_unusable      2
│   ├── KeyMissing              vault.key_missing
│   ├── FileDamaged             vault.damaged
│   └── FileInUse               vault.in_use
├── ToolError                   tool.*          1   ffmpeg or ffprobe failed
│   ├── ToolMissing             tool.missing            2
│   └── ToolTimeout             tool.timeout
├── OutOfMemory                 pipeline.out_of_memory  1
└── Canceled                    canceled        130
"""

from __future__ import annotations


class DubbingError(Exception):
    """Anything that ends a dub with a reason. `str(error)` is one line a user can act on."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InputError(DubbingError):
    code = "input"
    exit_code = 2


class SourceNotFound(InputError):
    code = "input.not_found"


class NotMedia(InputError):
    code = "input.not_media"


class NoAudio(InputError):
    code = "input.no_audio"


class NoSpeech(InputError):
    code = "input.no_speech"


class GarbageTranscript(InputError):
    code = "input.garbage_transcript"


class SourceTruncated(InputError):
    code = "input.truncated"


class TrackNotFound(InputError):
    code = "input.track_not_found"


class SubtitleError(InputError):
    code = "input.subtitles"


class EditsError(InputError):
    code = "input.edits"


class EpisodeError(InputError):
    code = "input.episode"


class SpeakersFileError(InputError):
    code = "input.speakers"


class VoiceMemoryError(InputError):
    code = "input.voice_memory"


class ConsentMissing(InputError):
    code = "input.consent"


class GlossaryError(InputError):
    code = "input.glossary"


class LexiconError(InputError):
    code = "input.lexicon"


class SettingsError(InputError):
    code = "input.settings"


class EngineError(DubbingError):
    code = "engine"


class EngineUnknown(EngineError):
    code = "engine.unknown"
    exit_code = 2


class EngineNotReady(EngineError):
    code = "engine.not_ready"
    exit_code = 2


class PairUnsupported(EngineError):
    code = "engine.pair_unsupported"
    exit_code = 2


class VoiceUnknown(EngineError):
    code = "engine.voice_unknown"
    exit_code = 2


class EngineFailed(EngineError):
    code = "engine.failed"


class StorageError(DubbingError):
    code = "storage"
    exit_code = 2


class OutputNotWritable(StorageError):
    code = "storage.not_writable"


class DiskFull(StorageError):
    code = "storage.disk_full"


class WorkspaceBusy(StorageError):
    code = "storage.busy"


class VaultError(DubbingError):
    code = "vault"


class KeyUnusable(VaultError):
    code = "vault.key_unusable"
    exit_code = 2


class KeyMissing(VaultError):
    code = "vault.key_missing"


class FileDamaged(VaultError):
    code = "vault.damaged"


class FileInUse(VaultError):
    code = "vault.in_use"


class ToolError(DubbingError):
    code = "tool.failed"


class ToolMissing(ToolError):
    code = "tool.missing"
    exit_code = 2


class ToolTimeout(ToolError):
    code = "tool.timeout"
    retry_after_s = 10  # the machine was busy, perhaps


class OutOfMemory(DubbingError):
    code = "pipeline.out_of_memory"


class Canceled(DubbingError):
    code = "canceled"
    exit_code = 130

    def __init__(self, message: str = "canceled") -> None:
        super().__init__(message)
