"""Evidence and findings: typed, round-tripping, with ids that follow from content."""

import pytest
from pydantic import ValidationError

from caseloom.core.evidence import Evidence, FhirResource, ImageBox, Source, VolumeSlice, make_evidence
from caseloom.core.finding import Change, Direction, Finding, make_finding
from caseloom.core.numbering import number_all

SOURCE = Source(file="a.dcm", sha256="0" * 64)


def finding(name: str, *evidence: str, **more: object) -> Finding:
    return make_finding(**{"name": name, "category": "measurement", "status": "measured", "evidence": evidence,
                           "tool": "volume", "reader": "measure", "patient": "P-1"} | more)


def test_locator_decides_the_kind_and_survives_json() -> None:
    shown = make_evidence(SOURCE, VolumeSlice(series_uid="1", instance_uid="2", index=3, box=(0, 1, 2, 3)),
                          caption="slice 4")
    assert shown.kind == "volume_slice"
    assert Evidence.model_validate_json(shown.model_dump_json()) == shown


def test_a_locator_of_another_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs a ImageBox"):
        Evidence(id="E1", kind="image_box", source=SOURCE, caption="x",
                 locator=FhirResource(resource_type="Patient", id="1", path="Patient"))


def test_ids_follow_from_content() -> None:
    one = make_evidence(SOURCE, ImageBox(box=(0, 0, 1, 1)), caption="x", picture="overlays/a.png")
    same = make_evidence(SOURCE, ImageBox(box=(0, 0, 1, 1)), caption="x", picture="overlays/b.png")
    other = make_evidence(SOURCE, ImageBox(box=(0, 0, 1, 2)), caption="x")
    assert one.id == same.id != other.id


def test_a_finding_needs_evidence() -> None:
    with pytest.raises(ValidationError):
        finding("Lung volume")


def test_change_is_written_as_from() -> None:
    changed = finding("x", "E1", change=Change(direction=Direction.NEW, from_=1.0))
    assert changed.model_dump(by_alias=True)["change"]["from"] == 1.0
    assert Finding.model_validate_json(changed.model_dump_json(by_alias=True)) == changed


def test_numbering_does_not_depend_on_the_order_of_arrival() -> None:
    shown = [make_evidence(SOURCE, ImageBox(box=(0, 0, 1, n)), caption=str(n)) for n in range(12)]
    found = [finding(f"name {n}", shown[n].id, change=Change(direction="new", prior_evidence=(shown[0].id,)))
             for n in range(12)]
    forward = number_all(found, shown)
    backward = number_all(reversed([*found, *found]), reversed(shown))
    assert forward[:2] == backward[:2]
    findings, evidence, names = forward
    assert [item.id for item in evidence] == [f"E{n}" for n in range(1, 13)]
    assert findings[3].evidence[0] in {item.id for item in evidence}
    assert findings[3].change is not None
    assert findings[3].change.prior_evidence == (names[shown[0].id],)
