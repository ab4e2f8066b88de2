"""What every API route shares: error form, pages, schema."""
