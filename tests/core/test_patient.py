"""Promise: one patient. Whose file is it?"""

import pytest

from caseloom.core.case import Identity, Patient
from caseloom.core.ids import normalise_identifier, normalise_name, same_name

ALEX = Patient(id="P-0012", aliases=("Lung_Dx-A0001", "COYOTE, Wile E."), names=("SAMPLE^ALEX",),
               birth_date="1961-05-17")


@pytest.mark.parametrize("identity", [
    Identity(),
    Identity(ids=("p 0012",)),
    Identity(ids=("lung-dx-a0001",), names=("Somebody Else",)),
    Identity(names=("Alex M. Sample",)),
    Identity(ids=("99999",), names=("Wile E. Coyote",)),
    Identity(ids=("P-0012",), names=("Alex Newname",), birth_date="1961-05-17"),
])
def test_belongs(identity: Identity) -> None:
    assert ALEX.owns(identity)


@pytest.mark.parametrize("identity", [
    Identity(ids=("P-0013",), names=("SAMPLE^ALEX",), birth_date="1961-05-17"),
    Identity(names=("Sample^Sam",)),
    Identity(names=("Alex Sample",), birth_date="1990-01-01"),
    Identity(ids=("P-0012",), names=("Robin Other",), birth_date="1990-01-01"),
    Identity(names=("Alex",)),
])
def test_does_not_belong(identity: Identity) -> None:
    assert not ALEX.owns(identity)


def test_a_name_proves_nothing_when_the_patient_has_none() -> None:
    assert not Patient(id="1").owns(Identity(names=("Alex Sample",)))


def test_normal_forms() -> None:
    assert normalise_identifier(" P-00 12/a ") == "p0012a"
    assert normalise_name("COYOTE^Wile E.") == normalise_name("Wile e Coyote")
    assert normalise_name("Müller^José") == "jose muller"
    assert same_name("Sample^Alex", "Alex Maria Sample")
    assert not same_name("Sample", "Alex Sample")
