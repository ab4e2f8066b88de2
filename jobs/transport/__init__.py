"""How workers are woken: doorbells through Redis or the database, and the processes that answer them.

Nothing here decides what is worked on (`jobs.claims`), and nothing here is needed for a job not to be lost.
"""
