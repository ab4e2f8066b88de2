"""What tus 1.0.0 demands, rule by rule, asked of the running server; and the same requests asked of the reference."""
