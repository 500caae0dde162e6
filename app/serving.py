"""Commands of the server, of the door for other agents, and what is installed for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .options import AsJson
from .server.roles import Role

if TYPE_CHECKING:
    from socket import socket

    from .server.options import Options

TOKEN = "CASELOOM_TOKEN"  # noqa: S105 - the name of a variable
BROKEN = 2
"""Exit code of `doctor` where something must be mended before a review works."""
LEAST_TOKEN = 20
"""Characters of a token that is given."""


Host = Annotated[str, typer.Option(help="Address to listen on; anything but loopback other machines can reach.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
Roots = Annotated[list[Path] | None, typer.Option("--root", metavar="FOLDER", help="Cases under it may be registered; "
                                                                                   "may be repeated.")]
Readers = Annotated[list[str] | None, typer.Option("--reader", help="A reader that reviews may name, the first is the "
                                                                    "default; may be repeated.")]
UsersFile = Annotated[Path | None, typer.Option("--users", metavar="FILE", help="Users with roles (YAML); else there "
                                                                                "is one, with the token printed here.")]
AddUser = Annotated[str | None, typer.Option("--add-user", metavar="NAME", help="Add a user to the file of --users, "
                                                                                "print the token once, and end.")]
AddedRole = Annotated[Role, typer.Option("--role", help="Of the added user.")]
AddedCases = Annotated[list[str] | None, typer.Option("--case", metavar="ID", help=(
    "A case that the added user may see beside its own and those shared with it, `*` for all; may be repeated."))]
Names = Annotated[list[str] | None, typer.Option("--allow-host", metavar="NAME", help="Name by which the server is "
                                                                                      "reached; may be repeated.")]
Jobs = Annotated[int, typer.Option("--jobs", min=0, max=64, help="Reviews side by side; 0 only queues them.")]
Strangers = Annotated[int, typer.Option("--strangers", min=1, help=(
    "Requests without a known token that one address may send at once; one more comes back each second."))]
BehindHttps = Annotated[bool, typer.Option("--behind-https", help="A proxy before it speaks https.")]


def serve(host: Host = "127.0.0.1", port: Port = 8765, root: Roots = None, reader: Readers = None,
          users: UsersFile = None, add_user: AddUser = None, role: AddedRole = Role.VIEWER,
          case: AddedCases = None, allow_host: Names = None, jobs: Jobs = 1, strangers: Strangers = 30,
          behind_https: BehindHttps = False) -> None:
    """Serve cases, reports, timeline and chat over REST; loopback by default."""
    from .server.options import Options
    from .server.users import add_user as add

    if add_user is not None:
        if users is None:
            raise UsageError("--add-user wants --users FILE, the file that the user is added to")
        token = add(users, add_user, role, tuple(case or ()))
        typer.echo(f"Token of {add_user} ({role}), shown this once: {token}")
        return
    _run(Options(host=host, port=port, roots=_folders(root), readers=tuple(reader or ("measure",)), users=users,
                 secure=behind_https, jobs_at_once=jobs, strangers_at_once=strangers,
                 allowed_hosts=("127.0.0.1", "localhost", "::1", host, *(allow_host or ()))))


def mcp(root: Roots = None, reader: Readers = None) -> None:
    """Serve the tools to another agent over standard input and output (Model Context Protocol)."""
    from ..agent.opened import settings_here
    from ..memory.audit import account
    from .server.agents import make_agents_door
    from .server.options import Options
    from .server.service import Service
    from .server.users import local_user, new_token

    options = Options(roots=_folders(root), readers=tuple(reader or ("measure",)))
    users = local_user(new_token(), known_as=account())
    service = Service(settings_here(), options, users)
    with service.running():
        make_agents_door(service, users.known[0]).run("stdio")


def doctor(as_json: AsJson = False) -> None:
    """Say what is installed, which readers work, what is missing and how to get it."""
    from .doctor import diagnose
    from .show import print_json, show_diagnosis

    found = diagnose()
    print_json(found) if as_json else show_diagnosis(found)
    if not found.sound:
        raise typer.Exit(BROKEN)


def _folders(given: list[Path] | None) -> tuple[Path, ...]:
    """Raises UsageError for a root that is no folder."""
    for folder in given or ():
        if not folder.is_dir():
            raise UsageError(f"--root {folder}: there is no such folder")
    return tuple(folder.resolve() for folder in given or ())


def _run(options: Options) -> None:
    import uvicorn

    from ..agent.opened import settings_here
    from .server.application import make_application
    from .server.service import Service
    from .server.users import local_user, read_users
    from .show import say

    token = None if options.users is not None else _token()
    known = read_users(options.users) if options.users is not None else local_user(token or "")
    service = Service(settings_here(), options, known)
    listener = _listener(options.host, options.port)
    port = listener.getsockname()[1]
    shown = f"[{options.host}]" if ":" in options.host else options.host
    say(f"Caseloom serves at http://{shown}:{port}/" + (f"?token={token}" if token else ""))
    say("Not a medical device. Ctrl-C ends it; what runs goes on when it starts again.")
    server = uvicorn.Server(uvicorn.Config(make_application(service), log_level="critical", access_log=False,
                                           server_header=False, date_header=False, timeout_graceful_shutdown=5))
    server.run(sockets=[listener])


def _token() -> str:
    """The token of this start: a new one, or the one that the environment gives.

    Raises:
        UsageError: the given one is short enough to be guessed.
    """
    from .server.users import new_token

    given = os.environ.get(TOKEN)
    if given is not None and len(given) < LEAST_TOKEN:
        raise UsageError(f"{TOKEN} has {len(given)} characters; a token has {LEAST_TOKEN} at least")
    return given or new_token()


def _listener(host: str, port: int) -> socket:
    import socket as sockets

    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    listener = sockets.socket(family, sockets.SOCK_STREAM)
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # who follows the printed address at once waits, and is not refused
    except OSError as error:
        listener.close()
        raise UsageError(f"{host}:{port} cannot be listened on ({error.strerror}); choose another --port") from error
    return listener
