"""What can be asked of the generator: frozen parameters, no behaviour, no heavy import.

Frame of every position: LPS millimetres of the phantom, x to the patient's left, y to the back, z to the head;
the origin lies in the middle of the chest.
"""

from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class PatientSpec:
    """One fictional person, the same in every file of the case."""

    patient_id: str = "CLX-204817"
    family: str = "SAMPLE"
    given: str = "ALEX"
    birth_date: str = "1961-04-23"
    sex: Literal["male", "female"] = "male"

    @property
    def dicom_name(self) -> str:
        """Name as a DICOM PN value."""
        return f"{self.family}^{self.given}"

    @property
    def printed_name(self) -> str:
        """Name as printed on documents."""
        return f"{self.family}, {self.given}"


@dataclass(frozen=True)
class BodySpec:
    """The anatomy that does not change between visits.

    Attributes:
        seed: stream for vessel trees and tissue texture.
        blood_hu: CT number of blood in heart and great vessels (about 40 plain, 150 with contrast medium).
        vessel_targets: end points per lung that the pulmonary arteries grow to; fewer is quicker.
        heart_scale: linear size of the heart about its centre; 1.0 gives a cardiothoracic ratio below 0.5.
        arms: whether the arms hang at the sides, as on a film, or are out of sight, as in a CT.
        quiet_mm: centre and radius of each ball that vessels stay out of, kept for a nodule.
    """

    seed: int = 7
    blood_hu: float = 150.0
    vessel_targets: int = 380
    heart_scale: float = 1.0
    arms: bool = False
    quiet_mm: tuple[tuple[Point, float], ...] = (((-72.0, -22.0, 48.0), 11.0),)


@dataclass(frozen=True)
class NoduleSpec:
    """A solid sphere in lung.

    Attributes:
        centre_mm: centre in the phantom's frame.
        diameter_mm: diameter of the sphere.
        hu: CT number of the solid tissue.
    """

    centre_mm: Point = (-72.0, -22.0, 48.0)
    diameter_mm: float = 8.0
    hu: float = 35.0


@dataclass(frozen=True)
class EffusionSpec:
    """Free pleural fluid: it lies behind in a supine CT and below in an upright film.

    Attributes:
        side: the patient's side.
        volume_ml: volume, the same in CT and film.
        hu: CT number of the fluid.
    """

    side: Side = "left"
    volume_ml: float = 220.0
    hu: float = 8.0


@dataclass(frozen=True)
class CtSpec:
    """Sampling and appearance of one CT series.

    Attributes:
        columns: pixels in a row, and rows in a slice.
        pixel_mm: in-plane pixel spacing.
        slice_mm: slice thickness and distance.
        z_range_mm: lowest and highest slice position in the phantom's frame.
        offset_mm: where the phantom's origin lies in the scanner's frame: how the patient lay this time.
        noise_hu: standard deviation of the noise.
        compress: JPEG-LS lossless when true, else Explicit VR Little Endian.
    """

    columns: int = 320
    pixel_mm: float = 1.15
    slice_mm: float = 2.0
    z_range_mm: tuple[float, float] = (-162.0, 136.0)
    offset_mm: Point = (0.0, 0.0, 0.0)
    noise_hu: float = 11.0
    compress: bool = True


@dataclass(frozen=True)
class FilmSpec:
    """Sampling and appearance of one frontal film (PA, upright, parallel beam).

    Attributes:
        width_mm: width of the detector.
        height_mm: height of the detector.
        grid_mm: sampling of the projected anatomy.
        pixel_mm: pixel spacing of the stored image.
        photometric: MONOCHROME2 (dense is bright) or MONOCHROME1 (the stored values inverted).
        marker: side letter burnt in; "L" on the patient's left, "R" on the right.
        noise: standard deviation of the grain, relative to the full grey range.
        compress: JPEG-LS lossless when true, else Explicit VR Little Endian.
    """

    width_mm: float = 390.0
    height_mm: float = 400.0
    grid_mm: float = 1.0
    pixel_mm: float = 0.3
    photometric: Literal["MONOCHROME1", "MONOCHROME2"] = "MONOCHROME2"
    marker: Literal["L", "R"] = "L"
    noise: float = 0.006
    compress: bool = True


@dataclass(frozen=True)
class SlideSpec:
    """One H&E-like slide; all sizes in level-0 pixels.

    Attributes:
        seed: stream for tissue outline, glands and nuclei.
        width: slide width.
        height: slide height.
        mpp: microns per pixel.
        date: ISO date of the scan, kept in the Aperio description.
        region: box of the planted region of dense atypical nuclei as x, y, width, height.
        glands: how many normal glands to try to place.
    """

    seed: int = 11
    width: int = 8960
    height: int = 6656
    mpp: float = 0.5
    date: str = "2025-11-19"
    region: tuple[int, int, int, int] = (4900, 2500, 1300, 1100)
    glands: int = 3000


@dataclass(frozen=True)
class VisitSpec:
    """One date with a CT and a film.

    Attributes:
        date: ISO date of both studies.
        nodules: what lies in the lungs on this date.
        effusion: pleural fluid on this date, or None.
        ct: sampling of the CT, or None for no CT.
        film: sampling of the film, or None for no film.
        ct_description: Study Description of the CT.
    """

    date: str
    nodules: tuple[NoduleSpec, ...] = (NoduleSpec(),)
    effusion: EffusionSpec | None = None
    ct: CtSpec | None = CtSpec()
    film: FilmSpec | None = FilmSpec()
    ct_description: str = "CT chest"
