"""What can be wrong with an upload before anyone looks inside it.

InputError
└── UploadError             upload.*
    ├── UploadInvalid           upload.invalid          the request cannot be understood
    ├── WrongVersion            upload.version          of the tus protocol
    ├── WrongMediaType          upload.media_type       the body is not called what tus calls it
    ├── UploadEmpty             upload.empty
    ├── UploadTooLarge          upload.too_large        larger than this server takes
    ├── ChunkTooLarge           upload.chunk_too_large
    ├── UploadBeyondEnd         upload.beyond_end       bytes past the announced end
    ├── UploadQuotaReached      upload.quota            the user's space is used up
    ├── TooManyUnfinished       upload.too_many         the user has enough unfinished uploads
    ├── WrongOffset             upload.offset           not where the upload goes on
    ├── WrongChecksum           upload.checksum         not the bytes that were meant
    ├── TooScattered            upload.scattered        too many pieces with gaps between them
    ├── UploadIncomplete        upload.incomplete       bytes are missing
    ├── UploadNotReady          upload.not_ready        it is still being received
    ├── UploadRemoved           upload.removed          its file is not kept any more
    ├── UploadGone              upload.gone             it expired, or its file was lost
    ├── UploadInUse             upload.in_use           dubs were made of it
    ├── UploadIsFinal           upload.final            joined of others, so nothing can be added
    ├── ImportOff               upload.import_off       no folder of the server may be imported from
    ├── ImportNotFound          upload.import_not_found nothing that may be imported
    ├── ImportUnreadable        upload.import_unreadable
    ├── ImportChanged           upload.import_changed   the file was written to while it was copied
    ├── NotAnImport             upload.not_import       its bytes come from a client
    └── TryAgain                                        the same again works later; says when
        ├── UploadLocked            upload.locked           somebody else writes to it
        └── UploadInterrupted       upload.interrupted      the connection was lost; what came is kept
"""

from __future__ import annotations

from pipeline.errors import InputError


class UploadError(InputError):
    code = "upload"


class UploadInvalid(UploadError):
    code = "upload.invalid"


class WrongVersion(UploadError):
    code = "upload.version"


class WrongMediaType(UploadError):
    code = "upload.media_type"


class UploadEmpty(UploadError):
    code = "upload.empty"


class UploadTooLarge(UploadError):
    code = "upload.too_large"


class ChunkTooLarge(UploadError):
    code = "upload.chunk_too_large"


class UploadBeyondEnd(UploadError):
    code = "upload.beyond_end"


class UploadQuotaReached(UploadError):
    code = "upload.quota"


class TooManyUnfinished(UploadError):
    code = "upload.too_many"


class WrongOffset(UploadError):
    code = "upload.offset"


class WrongChecksum(UploadError):
    code = "upload.checksum"


class TooScattered(UploadError):
    code = "upload.scattered"


class UploadIncomplete(UploadError):
    code = "upload.incomplete"


class UploadNotReady(UploadError):
    code = "upload.not_ready"


class UploadRemoved(UploadError):
    code = "upload.removed"


class UploadGone(UploadError):
    code = "upload.gone"


class UploadInUse(UploadError):
    code = "upload.in_use"


class UploadIsFinal(UploadError):
    code = "upload.final"


class ImportOff(UploadError):
    code = "upload.import_off"


class ImportNotFound(UploadError):
    code = "upload.import_not_found"


class ImportUnreadable(UploadError):
    code = "upload.import_unreadable"


class ImportChanged(UploadError):
    code = "upload.import_changed"


class NotAnImport(UploadError):
    code = "upload.not_import"


class TryAgain(UploadError):
    retry_after_s = 1


class UploadLocked(TryAgain):
    code = "upload.locked"


class UploadInterrupted(TryAgain):
    code = "upload.interrupted"
