"""Files people bring: received, examined and kept until a dub needs them."""
