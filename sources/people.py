"""How many people the files of a case are about, and which of them is the patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core.case import Identity, Patient
from ..core.errors import SeveralPatients, UsageError
from ..core.ids import normalise_identifier, normalise_name, same_name
from .discover import Found
from .identity import same_person
from .manifest import Manifest

UNIDENTIFIED = "unidentified"


@dataclass(frozen=True)
class Person:
    """One person, as all files together know them.

    Args:
        identities: every way in which files name the person, sorted.
        files: paths of the files that do, sorted.
        first_ids: how many files name each (normalised) number first.
    """

    identities: tuple[Identity, ...]
    files: tuple[str, ...]
    first_ids: tuple[tuple[str, int], ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every number as written: the one that most files name first, then the rest sorted."""
        counts = dict(self.first_ids)
        every = {text for identity in self.identities for text in identity.ids}
        return tuple(sorted(every, key=lambda text: (-counts.get(normalise_identifier(text), 0), text)))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name as written."""
        return tuple(dict.fromkeys(text for identity in self.identities for text in identity.names))

    @property
    def birth_date(self) -> str | None:
        """ISO 8601, the first that any file gives."""
        return next((identity.birth_date for identity in self.identities if identity.birth_date), None)

    @property
    def label(self) -> str:
        """The number, else the name, under which the person is listed."""
        return (*self.ids, *self.names)[0]

    def answers_to(self, text: str) -> bool:
        """Whether a number or a name is this person's."""
        number, name = normalise_identifier(text), normalise_name(text)
        return bool((number and number in {normalise_identifier(own) for own in self.ids})
                    or (name and name in {normalise_name(own) for own in self.names}))

    def describe(self) -> str:
        """One line for the person who runs the program: who, and how many files."""
        named = f" ({self.names[0]})" if self.names and self.ids else ""
        return f"{self.label}{named}: {len(self.files)} file{'s' if len(self.files) != 1 else ''}"


def people_in(found: Iterable[Found]) -> tuple[Person, ...]:
    """The people that files are about, sorted by label.

    Identities that share a number are one person's unless name and birth date both contradict. An identity without a
    number joins the one person whose name agrees and whose birth date does not contradict; when several do, the one
    with the same birth date, else nobody. Different numbers are different people, even with equal names.
    """
    files: dict[Identity, list[str]] = {}
    for item in found:
        for identity in item.file.identities:
            if not identity.is_empty:
                files.setdefault(identity, []).append(item.file.path)
    groups: list[list[Identity]] = []
    for identity in sorted(files, key=lambda identity: (not identity.ids, identity.model_dump_json())):
        _join(groups, identity)
    people = [_person(group, files) for group in groups]
    return tuple(sorted(people, key=lambda person: (person.label, person.files)))


def _join(groups: list[list[Identity]], identity: Identity) -> None:
    """Put an identity where it belongs; one that links two groups makes them one."""
    if identity.ids:
        mine = {normalise_identifier(text) for text in identity.ids}
        linked = [group for group in groups if any(
            mine & {normalise_identifier(text) for text in other.ids} and same_person(identity, other)
            for other in group)]
    else:
        agreeing = [group for group in groups if _name_agrees(identity, group)]
        exact = [group for group in agreeing if identity.birth_date
                 and identity.birth_date in {other.birth_date for other in group}]
        linked = agreeing if len(agreeing) == 1 else exact if len(exact) == 1 else []
    joined = [identity]
    for group in linked:
        joined = group + joined
        groups.remove(group)
    groups.append(joined)


def _name_agrees(identity: Identity, group: Sequence[Identity]) -> bool:
    known = {other.birth_date for other in group} - {None}
    if identity.birth_date and known and identity.birth_date not in known:
        return False
    return any(same_name(mine, theirs) for mine in identity.names for other in group for theirs in other.names)


def _person(group: Sequence[Identity], files: dict[Identity, list[str]]) -> Person:
    first = Counter(normalise_identifier(identity.ids[0]) for identity in group if identity.ids
                    for _ in files[identity])
    return Person(identities=tuple(sorted(group, key=lambda identity: identity.model_dump_json())),
                  files=tuple(sorted({path for identity in group for path in files[identity]})),
                  first_ids=tuple(sorted(first.items())))


@dataclass(frozen=True)
class Choice:
    """Whose case it is.

    Args:
        patient: with every number and name that files know the patient by.
        people: the groups of identities that are the patient; empty when no file names the patient.
    """

    patient: Patient
    people: tuple[Person, ...]


def choose_patient(people: Sequence[Person], manifest: Manifest, wanted: str | None) -> Choice:
    """Decide whose case it is: `wanted`, else case.yaml's patient, else the only person.

    Args:
        people: everybody whom files that can be told apart are about.
        manifest: case.yaml.
        wanted: what the user named, or None.

    Raises:
        SeveralPatients: nobody is named and there are several, or what is named stands for two people.
        UsageError: nobody answers to `wanted`.
    """
    named = manifest.patient
    if named is not None and (wanted is None or _is_one_of(wanted, (named.id, *named.aliases))):
        return _choice(named.id, named.aliases, _chosen((named.id, *named.aliases), people))
    if wanted is not None:
        if not any(person.answers_to(wanted) for person in people):
            there = "; ".join(person.describe() for person in people) or "no file names a patient"
            raise UsageError(f"no file is about patient '{wanted}'. In this case: {there}")
        people = _chosen((wanted,), people)
    if not people:
        return Choice(Patient(id=UNIDENTIFIED), ())
    if len(people) > 1:
        raise SeveralPatients([person.describe() for person in people])
    return _choice(people[0].label, (), tuple(people))


def _is_one_of(wanted: str, listed: Iterable[str]) -> bool:
    return any(normalise_identifier(wanted) == normalise_identifier(text)
               or normalise_name(wanted) == normalise_name(text) for text in listed)


def _chosen(listed: Sequence[str], people: Sequence[Person]) -> tuple[Person, ...]:
    """The people whom the listed numbers and names stand for.

    Raises:
        SeveralPatients: one of them stands for two people, and none of the others says which.
    """
    mine: list[Person] = []
    for text in listed:
        answering = [person for person in people if person.answers_to(text)]
        if len(answering) > 1:
            others = [other for other in listed if other != text]
            clear = [person for person in answering if any(person.answers_to(other) for other in others)]
            answering = clear or answering
        if len(answering) > 1:
            raise SeveralPatients([person.describe() for person in answering])
        mine.extend(person for person in answering if person not in mine)
    return tuple(mine)


def _choice(id: str, aliases: Sequence[str], mine: tuple[Person, ...]) -> Choice:
    known = [text for person in mine for text in person.ids]
    others = {normalise_identifier(text): text for text in (*known, *aliases)}
    others.pop(normalise_identifier(id), None)
    return Choice(Patient(
        id=id, aliases=tuple(sorted(others.values())),
        names=tuple(dict.fromkeys(name for person in mine for name in person.names)),
        birth_date=next((person.birth_date for person in mine if person.birth_date), None)), mine)
