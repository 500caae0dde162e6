"""Who may use a server: users with roles, known by a token of which only the digest is kept."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from ...core.errors import UsageError
from ...core.files import write_bytes
from ...core.words import Word
from .roles import Role

LOCAL = "local"
"""Name of the only user where there is no file of users."""
EVERY_CASE = "*"
TOKEN_BYTES = 32


class User(Word):
    """Somebody with a token."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")
    role: Role
    token_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Digest of a random token of 256 bits; one so long needs no slow hash."""
    cases: tuple[str, ...] = ()
    """Ids of cases beside the user's own and those shared with the user; `*` is all."""
    known_as: str | None = None
    """Account of the operating system, where the user is the one who started the program."""

    @property
    def account(self) -> str:
        """As audit trails name the user."""
        return self.known_as or f"web:{self.name}"

    def may(self, needed: Role) -> bool:
        """Whether the user's role suffices."""
        return self.role.may(needed)


class _File(Word):
    users: tuple[User, ...]


@dataclass(frozen=True)
class Users:
    """Everybody a server knows."""

    known: tuple[User, ...] = field(repr=False)

    def with_token(self, token: str) -> User | None:
        """Whose token it is. Every digest is compared, each in constant time."""
        given = token_digest(token)
        found = [user for user in self.known if hmac.compare_digest(user.token_sha256, given)]
        return found[0] if found else None

    def named(self, name: str) -> User | None:
        """The user of this name."""
        return next((user for user in self.known if user.name == name), None)


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """What is kept of a token: its SHA-256."""
    return sha256(token.encode("utf-8")).hexdigest()


def local_user(token: str, known_as: str | None = None) -> Users:
    """The one user of a server without a file of users: may do everything, with this start's token.

    Args:
        token: of this start.
        known_as: account of the operating system, where nobody else can be meant.
    """
    return Users((User(name=LOCAL, role=Role.SIGNER, token_sha256=token_digest(token), cases=(EVERY_CASE,),
                       known_as=known_as),))


def read_users(file: Path) -> Users:
    """The users of a YAML file `users: [{name, role, token_sha256, cases}]`.

    Raises:
        UsageError: the file cannot be read, is no such list, or two users share a name or a token.
    """
    try:
        known = _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))).users
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the users' file {file.name} cannot be read ({type(error).__name__})") from error
    except (yaml.YAMLError, ValidationError) as error:
        what = _first_fault(error) if isinstance(error, ValidationError) else "it is no YAML"
        raise UsageError(f"the users' file {file.name} cannot be used: {what}; docs/server.md shows one") from error
    for kept in ([user.name for user in known], [user.token_sha256 for user in known]):
        if len(set(kept)) < len(kept):
            raise UsageError(f"the users' file {file.name} holds a name or a token twice")
    if not known:
        raise UsageError(f"the users' file {file.name} holds nobody; add one with `caseloom serve --add-user NAME`")
    return Users(known)


def add_user(file: Path, name: str, role: Role, cases: tuple[str, ...] = ()) -> str:
    """Write a further user into the file; the file is made where there is none, readable by its owner alone.

    Returns:
        The user's token, which is kept nowhere.

    Raises:
        UsageError: the name is no name, or there already.
    """
    known = read_users(file).known if file.is_file() else ()
    if any(user.name == name for user in known):
        raise UsageError(f"there is a user {name!r} already; take the entry out of {file.name} to give a new token")
    token = new_token()
    try:
        user = User(name=name, role=role, token_sha256=token_digest(token), cases=cases)
    except ValidationError as error:
        raise UsageError(f"{name!r} cannot be a user's name: letters, digits and . _ @ -, at most 64") from error
    text = yaml.safe_dump({"users": [one.model_dump(mode="json") for one in (*known, user)]}, sort_keys=False)
    write_bytes(file, text.encode(), private=True)
    return token


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
