"""What can be wrong with an upload before anyone looks inside it.

InputError
└── UploadError             upload.*
    ├── UploadTooLarge      upload.too_large
    ├── UploadEmpty         upload.empty
    └── UploadRemoved       upload.removed      its file is not kept any more
"""

from pipeline.errors import InputError


class UploadError(InputError):
    code = "upload"


class UploadTooLarge(UploadError):
    code = "upload.too_large"


class UploadEmpty(UploadError):
    code = "upload.empty"


class UploadRemoved(UploadError):
    code = "upload.removed"
