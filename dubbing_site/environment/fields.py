"""The settings themselves, grouped as `docs/settings.md` has them."""

# ruff: noqa: RUF009 - `documented` and `secret` return a dataclass field

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dubbing_site.environment.reader import documented, secret

GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Environment:
    """The effective settings. A field `data_dir` is the variable `DATA_DIR`. Some are secret: it never shows itself."""

    # Where things are
    data_dir: Path = documented("./var", "Folder for the database, uploads, results and the secret key.")
    database_url: str = documented("", "Database address; empty: SQLite in DATA_DIR. PostgreSQL: postgres://…")
    # Security
    secret_key: str = secret("", "Signing key; empty: made once and kept in DATA_DIR/secret_key.")
    secret_key_fallbacks: list[str] = secret(
        "", "Earlier signing keys, until what they sealed is sealed again (dubbing-web does that); commas between."
    )
    debug: bool = documented("0", "1 shows error details in the browser. Never on a server others reach.")
    allowed_hosts: list[str] = documented(
        "",
        "Host names the site answers to, besides this machine's own and PUBLIC_BASE_URL's; commas between.",
    )
    csrf_trusted_origins: list[str] = documented(
        "", "Other origins that may send forms, such as https://dub.example.org; commas between."
    )
    require_admin_mfa: bool = documented(
        "1", "The administration asks for a second factor (0: the password is enough)."
    )
    # Limits
    api_requests_per_minute_per_user: int = documented(
        "1200", "Requests of the API that one user, or one API key, may send a minute; 0: no limit.", minimum=0
    )
    submissions_per_minute_per_user: int = documented(
        "60", "Times a minute that one user may ask for dubs; 0: no limit.", minimum=0
    )
    uploads_per_minute_per_user: int = documented(
        "120", "Uploads that one user may begin a minute; 0: no limit.", minimum=0
    )
    # The first administrator
    admin_username: str = documented(
        "", "User name of an administrator to make at the start when there is none; empty: a one-time link is printed."
    )
    admin_password: str = secret("", "Their password; better in ADMIN_PASSWORD_FILE.")
    admin_password_file: str = documented("", "File that holds their password, such as a container's secret.")
    admin_email: str = documented("", "Their email address, if any.")
    # Mail
    email_url: str = documented(
        "", "Mail server, such as smtp+tls://user:password@host:587; empty: mails are printed, none for new passwords."
    )
    email_from: str = documented("dubbing@localhost", "Address that mails come from.")
    # Encryption
    encryption_keys: str = secret(
        "",
        "Keys that seal files on the disk, as name:base64 of 32 random bytes, the one for new files first; commas "
        "between; empty: files lie in clear. Better in ENCRYPTION_KEYS_FILE.",
    )
    encryption_keys_file: str = documented("", "File that holds these keys, such as a container's secret.")
    # Privacy
    privacy_mode: bool = documented(
        "0",
        "1 keeps the least of every user's jobs: inputs and intermediates go as soon as a job has ended, and no "
        "title or file name stands in log lines.",
    )
    allow_egress: bool = documented(
        "0",
        "0 lets no process of this server connect to other machines, except the database, Redis, mail and sign-in "
        "servers that are set here. 1 for engines that need the network.",
    )
    # The web server
    host: str = documented("127.0.0.1", "Address to listen on; 0.0.0.0 for every network.")
    port: int = documented("8000", "Port to listen on.", minimum=1)
    public_base_url: str = documented("", "Address people use, such as https://dub.example.org; empty: HOST and PORT.")
    # Remote access
    remote_access_mode: str = documented(
        "off",
        "Who besides this machine is answered: off: private networks, such as the one at home; tailscale: one's "
        "tailnet; cloudflare: whoever Cloudflare Access vouches for.",
        choices=("off", "tailscale", "cloudflare"),
    )
    remote_allowed_networks: list[str] = documented(
        "", "Other networks that are answered in every mode, such as 203.0.113.0/24; commas between."
    )
    trusted_proxies: list[str] = documented(
        "",
        "Addresses or networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, such as "
        "127.0.0.1; commas between.",
    )
    cloudflare_team_domain: str = documented("", "Team domain of Cloudflare Access: example.cloudflareaccess.com.")
    cloudflare_audience: str = documented("", "Application audience (AUD) tag that Cloudflare Access shows.")
    # Uploads
    upload_max_bytes: int = documented(str(20 * GIB), "Largest file accepted, in bytes.", minimum=1)
    uploads_at_once: int = documented(
        "64", "Uploads that one web server takes in at the same moment; others try again.", minimum=1
    )
    upload_idle_seconds: int = documented(
        "60", "Seconds without a byte after which an upload's connection is given up.", minimum=1
    )
    upload_expires_hours: int = documented(
        "24", "Hours after its last byte that an unfinished upload is kept.", minimum=1
    )
    max_unfinished_uploads_per_user: int = documented(
        "20", "Unfinished uploads one user may have; 0: no limit.", minimum=0
    )
    upload_quota_bytes_per_user: int = documented("0", "Bytes that one user's uploads may take; 0: any.", minimum=0)
    import_folders: list[str] = documented(
        "", "Folders of this machine whose videos every user may import, such as /srv/films; commas between."
    )
    free_space_reserve_bytes: int = documented(
        str(1 * GIB), "Disk space in bytes that uploads and dubs leave free.", minimum=0
    )
    # Jobs
    workers: int = documented("1", "Dubs that run at the same time. One dub already uses every core.", minimum=1)
    lease_seconds: int = documented("30", "Seconds after which a silent worker's job is taken over.", minimum=2)
    heartbeat_seconds: int = documented("5", "Seconds between a worker's signs of life.", minimum=1)
    max_attempts: int = documented("3", "Times a job is started before it counts as failed.", minimum=1)
    stall_seconds: int = documented("900", "Seconds without a sign of progress after which a dub is ended.", minimum=10)
    runner_memory_mib: int = documented(
        "0", "Memory in MiB that a dub's process and its tools may take before it is ended; 0: any.", minimum=0
    )
    split_from_seconds: int = documented(
        "600", "Length of an input in seconds from which several workers share its long stages.", minimum=1
    )
    gpu_stages: list[str] = documented(
        "", "Stages whose engines use a graphics card, such as transcribe,synthesize: they go to the gpu queue."
    )
    max_running_jobs_per_user: int = documented("2", "Jobs one user may have running; 0: no limit.", minimum=0)
    max_waiting_jobs_per_user: int = documented("50", "Jobs one user may have waiting; 0: no limit.", minimum=0)
    max_jobs_per_day_per_user: int = documented("200", "Jobs one user may start a day; 0: no limit.", minimum=0)
    drain_seconds: int = documented(
        "10", "Seconds that running dubs, and requests being answered, get to end before they are cut off.", minimum=1
    )
    # The queue
    redis_url: str = documented("", "Redis address, such as redis://localhost:6379/0; empty: the database does it all.")
    queue_mode: str = documented(
        "auto",
        "What wakes workers: auto: Redis while it is healthy, otherwise the database; redis: nothing else, and no "
        "jobs are taken while it is down; fallback: the database.",
        choices=("auto", "redis", "fallback"),
    )
    queue_check_seconds: int = documented("2", "Seconds between looks at whether Redis is healthy.", minimum=1)
    queue_recovery_checks: int = documented("5", "Good looks in a row before a lost Redis is used again.", minimum=1)
    queue_recovery_seconds: int = documented(
        "15", "Seconds of good looks before a lost Redis is used again.", minimum=0
    )
    # Retention
    retain_inputs_days: int = documented("0", "Days that uploaded files are kept; 0: for good.", minimum=0)
    retain_inputs_bytes: int = documented("0", "Bytes that uploaded files may take; 0: any.", minimum=0)
    retain_intermediates_days: int = documented(
        "7", "Days that the work of ended jobs is kept for a retry; 0: for good.", minimum=0
    )
    retain_intermediates_bytes: int = documented(
        "0", "Bytes that the kept work of ended jobs may take; 0: any.", minimum=0
    )
    retain_outputs_days: int = documented("0", "Days that finished dubs are kept; 0: for good.", minimum=0)
    retain_outputs_bytes: int = documented("0", "Bytes that finished dubs may take; 0: any.", minimum=0)
    retain_logs_days: int = documented("90", "Days that events of ended jobs are kept; 0: for good.", minimum=0)
    retain_logs_bytes: int = documented("0", "Bytes that events of ended jobs may take; 0: any.", minimum=0)
    # Logs
    log_level: str = documented("INFO", "Least serious log lines shown.", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    log_format: str = documented("console", "Log lines for people or for machines.", choices=("console", "json"))
    # Language and time
    language_code: str = documented("en", "Language of the pages.")
    time_zone: str = documented("UTC", "Time zone of the pages, such as Europe/Berlin.")

    @property
    def is_https(self) -> bool:
        return self.public_base_url.startswith("https://")

    @property
    def base_url(self) -> str:
        """Where a browser on this machine, or the configured public name, finds the site; no slash at the end."""
        host = f"[{self.local_host}]" if ":" in self.local_host else self.local_host
        return self.public_base_url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def local_host(self) -> str:
        """The address at which this machine reaches the server itself."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - not listened on
