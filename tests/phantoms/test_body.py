import numpy as np
import pytest

from caseloom.phantoms import BodySpec, EffusionSpec, NoduleSpec
from caseloom.phantoms.body import Body, build_anatomy, with_effusion, with_nodule
from caseloom.phantoms.grid import Grid

GRID = Grid((-172.0, -126.0, -152.0), (4.0, 4.0, 4.0), (72, 64, 87))
SPEC = BodySpec(vessel_targets=24)


@pytest.fixture(scope="module")
def chest() -> Body:
    return build_anatomy(SPEC, GRID)


def test_lungs_have_the_size_of_an_adults(chest: Body) -> None:
    right, left = chest.volume_ml("lung_right"), chest.volume_ml("lung_left")
    assert 4000 < right + left < 6000
    assert right > left


def test_volumes_hold_at_another_sampling(chest: Body) -> None:
    finer = build_anatomy(SPEC, Grid((-172.0, -126.0, -152.0), (3.0, 3.0, 3.0), (96, 85, 115)))
    for name in ("lung_left", "lung_right", "heart", "body"):
        assert chest.volume_ml(name) == pytest.approx(finer.volume_ml(name), rel=0.01), name


def test_air_in_the_lungs_is_found_by_a_threshold(chest: Body) -> None:
    inside = (chest.masks["body"] > 127) & (chest.masks["airway"] == 0) & (chest.masks["abdomen"] < 127)
    found = float(((chest.hu < -500) & inside).sum()) * GRID.voxel_ml
    assert found == pytest.approx(chest.volume_ml("lung_left") + chest.volume_ml("lung_right"), rel=0.06)


def test_organs_lie_on_the_patients_side(chest: Body) -> None:
    x = np.broadcast_to(GRID.axes()[0], GRID.shape)
    middle = {name: np.average(x, weights=chest.masks[name]) for name in ("lung_left", "lung_right", "heart", "aorta")}
    assert middle["lung_left"] > 40
    assert middle["lung_right"] < -40
    assert middle["heart"] > 5
    assert middle["aorta"] > 5


def test_slabs_meet_without_a_seam(chest: Body) -> None:
    alone = build_anatomy(SPEC, GRID.slab(12, 30))
    assert np.array_equal(alone.hu[2:-2], chest.hu[14:28])
    assert np.array_equal(alone.masks["ribs"][2:-2], chest.masks["ribs"][14:28])


@pytest.mark.parametrize("diameter", [5.0, 8.0, 11.0, 20.0])
def test_nodule_has_its_diameter_in_voxels(diameter: float) -> None:
    around = Grid((-92.0, -42.0, 28.0), (1.15, 1.15, 2.0), (20, 35, 35))
    body = with_nodule(build_anatomy(SPEC, around), NoduleSpec(diameter_mm=diameter))
    volume = body.volume_ml("nodule_1") * 1000
    assert (6 * volume / np.pi) ** (1 / 3) == pytest.approx(diameter, rel=0.01)
    core = body.masks["nodule_1"] == 255
    assert np.allclose(body.hu[core], 35.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_effusion_has_its_volume_and_side(chest: Body, side: str) -> None:
    for upright in (False, True):
        sick = with_effusion(chest, EffusionSpec(side, 250.0), upright)  # type: ignore[arg-type]  # parametrised literal
        assert sick.volume_ml("effusion") == pytest.approx(250, rel=0.005)
        lost = chest.volume_ml(f"lung_{side}") - sick.volume_ml(f"lung_{side}")
        assert lost == pytest.approx(sick.volume_ml("effusion"), rel=0.01)
        other = "left" if side == "right" else "right"
        assert sick.volume_ml(f"lung_{other}") == chest.volume_ml(f"lung_{other}")


def test_fluid_falls_back_when_supine_and_down_when_upright(chest: Body) -> None:
    _, y, z = (np.broadcast_to(a, GRID.shape) for a in GRID.axes())
    supine = with_effusion(chest, EffusionSpec("left", 250.0), upright=False).masks["effusion"]
    upright = with_effusion(chest, EffusionSpec("left", 250.0), upright=True).masks["effusion"]
    assert np.average(y, weights=supine) > np.average(y, weights=upright) + 20
    assert np.average(z, weights=upright) < np.average(z, weights=supine) - 20


def test_effusion_larger_than_the_lung_is_refused(chest: Body) -> None:
    with pytest.raises(ValueError, match="smaller than the effusion"):
        with_effusion(chest, EffusionSpec("left", 9000.0), upright=False)


def test_vessels_stay_out_of_the_nodules_place() -> None:
    centre, radius = (-72.0, -22.0, 48.0), 11.0
    around = Grid((-92.0, -42.0, 28.0), (1.0, 1.0, 1.0), (40, 40, 40))
    body = build_anatomy(BodySpec(quiet_mm=((centre, radius),)), around)
    x, y, z = around.axes()
    near = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) < radius - 3
    assert body.hu[near].max() < -780
