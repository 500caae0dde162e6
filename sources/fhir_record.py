"""The resources of one health record: found by type and by reference, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.case import Identity
from ..core.moments import moment_key
from .fhir_fields import Resource, many, moment_of, one, text_of, texts
from .fhir_keep import DATES, PERIODS, SUBJECTS
from .sex import sex_of


class Record:
    """The resources of one file, found by type and by reference.

    Args:
        resources: the resources in file order, each a dict with a `resourceType`.
        urls: the `fullUrl` of each, or None.
        warnings: what a person should know about how it was read, without names.
    """

    def __init__(self, resources: Sequence[Resource], urls: Sequence[str | None],
                 warnings: tuple[str, ...] = ()) -> None:
        self.resources = tuple(resources)
        self.warnings = warnings
        self._by_reference: dict[str, Resource | None] = {}
        self._people: dict[int, Identity] = {}
        for resource, url in zip(resources, urls, strict=True):
            for key in _keys(resource, url):
                known = self._by_reference.get(key, resource)
                self._by_reference[key] = resource if known is resource else None

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types, in file order."""
        return (resource for resource in self.resources if resource["resourceType"] in types)

    def resolve(self, reference: Resource, within: Resource | None = None) -> Resource | None:
        """The resource a Reference points at; None when it is not here or two different ones answer to it.

        Args:
            reference: the Reference element.
            within: the resource that holds the reference, for `#contained` ones.
        """
        target = text_of(reference, "reference")
        if not target:
            return None
        if target.startswith("#"):
            inner = many(within, "contained") if within is not None else []
            return next((item for item in inner if text_of(item, "id") == target[1:]), None)
        target = target.split("/_history/")[0]
        if target in self._by_reference:
            return self._by_reference[target]
        return self._by_reference.get("/".join(target.split("/")[-2:])) if "://" in target else None

    def subject(self, resource: Resource) -> Identity:
        """Which person a resource is about; empty when it does not say, or is about no person."""
        if resource["resourceType"] == "Patient":
            return self._person(resource)
        reference = subject_reference(resource)
        patient = self.resolve(reference, resource)
        if patient is not None:
            return self._person(patient) if patient.get("resourceType") == "Patient" else Identity()
        kind, key = target_of(reference)
        if kind not in {"", "Patient"}:
            return Identity()
        ids = (key, text_of(one(reference, "identifier"), "value"))
        return Identity(ids=tuple(text for text in ids if text), names=tuple(texts(reference, "display")))

    def _person(self, patient: Resource) -> Identity:
        """Who a Patient resource of this record is, worked out once."""
        if id(patient) not in self._people:
            self._people[id(patient)] = identity_of(patient)
        return self._people[id(patient)]

    def is_about_a_thing(self, resource: Resource) -> bool:
        """Whether its subject is a group, a device, a place: anything but a person."""
        reference = subject_reference(resource)
        target = self.resolve(reference, resource)
        kind = target["resourceType"] if target and "resourceType" in target else target_of(reference)[0]
        return kind not in {"", "Patient"}

    def identities(self) -> tuple[Identity, ...]:
        """Everybody the file is about, in file order without repeats: patients, and subjects it only refers to."""
        people = (self.subject(resource) for resource in self.resources)
        return tuple(dict.fromkeys(who for who in people if not who.is_empty))

    @property
    def date(self) -> str | None:
        """When the newest dated thing in it took place, as precise as written; None when nothing is dated."""
        moments = [moment for resource in self.resources if (moment := moment_of_resource(resource))]
        return max(moments, key=moment_key, default=None)


def subject_reference(resource: Resource) -> Resource:
    """The Reference that says whom a resource is about, empty when there is none."""
    return next((one(resource, name) for name in SUBJECTS if one(resource, name)), {})


def target_of(reference: Resource) -> tuple[str, str]:
    """Type and id that a Reference names in its text; the type is empty where it does not tell (`urn:uuid:`, `#`)."""
    target = (text_of(reference, "reference") or "").split("/_history/")[0]
    front, _, key = target.rpartition("/")
    kind = text_of(reference, "type") or front.rpartition("/")[2]
    return kind, key.removeprefix("urn:uuid:").removeprefix("#")


def identity_of(patient: Resource) -> Identity:
    """Who a Patient resource is: identifier values and resource id, every name, birth date and sex."""
    numbers = [text_of(identifier, "value") for identifier in many(patient, "identifier")]
    ids = dict.fromkeys(text for text in (*numbers, text_of(patient, "id")) if text)
    names = dict.fromkeys(form for name in many(patient, "name") for form in _name_forms(name))
    return Identity(ids=tuple(ids), names=tuple(names), birth_date=moment_of(patient, "birthDate"),
                    sex=sex_of(text_of(patient, "gender")))


def moment_of_resource(resource: Resource) -> str | None:
    """When what a resource tells took place (its start, for a period), else when it was written down."""
    moments = [moment_of(resource, name) for name in DATES[:5]]
    moments += [moment_of(one(resource, name), end) for name in PERIODS for end in ("start", "end")]
    moments += [moment_of(resource, name) for name in DATES[5:]]
    return next((moment for moment in moments if moment), None)


def _keys(resource: Resource, url: str | None) -> Iterator[str]:
    name = text_of(resource, "id")
    keys = {url, url.split("/_history/")[0] if url else None,
            f"{resource['resourceType']}/{name}" if name else None, f"urn:uuid:{name}" if name else None}
    return (key for key in sorted(key for key in keys if key))


def _name_forms(name: Resource) -> Iterator[str]:
    """A HumanName as text and as given and family name."""
    yield from texts(name, "text")
    parts = [*texts(name, "given"), *texts(name, "family")]
    if parts:
        yield " ".join(parts)
