"""Files encrypted at rest: sealed whole, read in any range, each under a key of its own that the key ring wraps.

`keys` is the operator's key ring, `segments` Tink's streaming format, `header` what stands before it in a file,
`reading` and `sealing` open and make such files, `copies` lends programs a plaintext that goes when nobody uses it.
"""
