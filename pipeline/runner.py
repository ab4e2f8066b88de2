"""The pipeline as a child process: one JSON request a line on stdin, JSON lines of events on stdout.

Request:  {"id": str, "source": path, "settings": {DubSettings}, "output_dir": path, "workspace_dir": path}
Answers:  {"id": str, "kind": "stage_started" | "stage_progress" | "stage_finished" | "log", "stage", "level",
           "message", "data"} as in `pipeline.progress.Event`, then exactly one of
          {"id": str, "kind": "result", "data": {DubResult}}
          {"id": str, "kind": "error", "message": str, "data": {"code": str}}
SIGTERM cancels the running dub (it answers `error` with code `canceled`) and ends the process; so does the end
of stdin. Start it in its own process group: ending the group ends every tool it runs.
"""
