"""What can be wrong with an upload before anyone looks inside it.

InputError
└── UploadError             upload.*
    ├── UploadTooLarge      upload.too_large
    └── UploadEmpty         upload.empty
"""

from pipeline.errors import InputError


class UploadError(InputError):
    code = "upload"


class UploadTooLarge(UploadError):
    code = "upload.too_large"


class UploadEmpty(UploadError):
    code = "upload.empty"
