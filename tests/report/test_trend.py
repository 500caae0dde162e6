"""Laboratory results over time: one unit, ranges, marks that need no colour."""

from __future__ import annotations

from defusedxml.ElementTree import fromstring

from caseloom.core.finding import Code, Finding, Value, make_finding
from caseloom.report.plots import BLUE, VERMILLION
from caseloom.report.series import Analyte, analytes_of
from caseloom.report.trend import trend_chart, trend_picture, trend_svg


def lab(number: float | None, unit: str | None, date: str, *, code: str = "718-7", name: str = "Haemoglobin",
        **fields: object) -> Finding:
    value = {"number": number, "text": "negative" if number is None else f"{number:g}", "unit": unit, "ucum": unit}
    known = {key: fields.pop(key) for key in list(fields) if key in Value.model_fields}
    return make_finding(**{
        "name": name, "code": Code(system="http://loinc.org", code=code, display=name), "category": "lab",
        "status": "measured", "evidence": (f"{date}{number}{unit}",), "tool": "labs", "reader": "measure", "date": date,
        "patient": "P", "value": Value(**value | {"collected_at": date} | known)} | fields)


def only(*findings: Finding) -> Analyte:
    analyte, = analytes_of(findings)
    return analyte


HAEMOGLOBIN = (lab(14.1, "g/dL", "2023-03-01", low=12, high=16), lab(118, "g/L", "2024-02-11", low=125, high=160),
               lab(165, "g/L", "2025-01-15T08:30", low=125, high=160))


def test_results_stand_in_the_unit_of_the_latest_with_the_range_they_came_with() -> None:
    analyte = only(*HAEMOGLOBIN)
    assert analyte.unit == "g/L" and analyte.latest.value == "165 g/L" and analyte.before.value == "118 g/L"
    assert [(point.number, point.low, point.high, point.side) for point in analyte.points] == [
        (141, 120, 160, ""), (118, 125, 160, "low"), (165, 125, 160, "high")]
    assert analyte.points[0].told == "14.1 g/dL"


def test_a_result_of_two_sources_is_one_point_that_cites_both() -> None:
    analyte = only(*HAEMOGLOBIN, lab(16.5, "g/dL", "2025-01-15"))
    assert [point.sources for point in analyte.points] == [1, 1, 2]
    assert len(analyte.latest.cited) == 2


def test_what_does_not_convert_stands_apart_and_a_pair_of_codes_stands_together() -> None:
    apart = analytes_of([lab(1.1, "g/L", "2022-01-01", code="4542-7"), lab(6, "umol/L", "2023-01-01", code="4542-7")])
    assert len(apart) == 2 and not any(one.has_trend for one in apart)
    glucose = only(lab(99, "mg/dL", "2022-01-01", code="2345-7", name="Glucose"),
                   lab(8.1, "mmol/L", "2023-01-01", code="14749-6", name="Glucose"))
    assert [point.number for point in glucose.points] == [5.49524, 8.1]


def test_what_a_model_read_is_no_point_of_what_was_extracted() -> None:
    found = analytes_of([*HAEMOGLOBIN, lab(99, "g/L", "2025-06-01", reader="medgemma")])
    assert sorted(len(one.rows) for one in found) == [1, 3]


def shapes(svg: str) -> list[tuple[str, str, str]]:
    """Title, shape and fill of each mark of a chart."""
    tree = fromstring(svg)
    paths = {path.get("id"): path for path in tree.iter("path")}
    found = []
    for group in tree.iter("g"):
        if (title := group.findtext("title")) is not None:
            use = next(group.iter("use"))
            path = paths[(use.get("href") or "#")[1:]]
            drawn = path.get("d") or ""
            tip = float(drawn.split()[2])
            shape = "dot" if "C" in drawn else "up" if tip < 0 else "down"
            found.append((title, shape, "none" if use.get("fill-opacity") == "0" else use.get("fill") or ""))
    return found


def test_marks_tell_without_colour_and_every_one_has_its_source_s_words() -> None:
    doubtful = lab(5, "g/L", "2025-03-01", comparator="<")
    marks = shapes(str(trend_chart(only(*HAEMOGLOBIN, doubtful))))
    assert [(title, shape) for title, shape, _ in marks] == [
        ("2023-03-01: 14.1 g/dL", "dot"), ("2024-02-11: 118 g/L", "down"), ("2025-01-15 08:30: 165 g/L", "up"),
        ("2025-03-01: 5 g/L", "dot")]
    assert [fill for *_, fill in marks] == [BLUE, VERMILLION, VERMILLION, "none"]


def test_equal_results_are_drawn_in_equal_bytes_without_style_or_address() -> None:
    one, other = (str(trend_chart(only(*HAEMOGLOBIN))) for _ in range(2))
    assert one == other and "style=" not in one and "http" not in one and "currentColor" in one
    picture = trend_picture(only(*HAEMOGLOBIN))
    assert picture == trend_picture(only(*HAEMOGLOBIN)) and picture.startswith(b"\x89PNG")


def test_a_name_with_markup_is_text_in_its_chart() -> None:
    named = [item.model_copy(update={"name": "<script>x</script> $a_b$"}) for item in HAEMOGLOBIN]
    assert "<script>" not in str(trend_chart(only(*named))) and "&lt;script&gt;" in str(trend_chart(only(*named)))


def test_one_day_or_words_alone_make_no_picture() -> None:
    once = only(lab(118, "g/L", "2024-02-11"), lab(None, None, "2025-02-11"))
    assert trend_svg(once) == "" and trend_chart(once) == ""


def test_equal_values_lie_in_the_middle() -> None:
    tree = fromstring(str(trend_svg(only(lab(118, "g/L", "2024-02-11"), lab(118, "g/L", "2025-02-11")))))
    assert {circle.get("cy") for circle in tree.findall("circle")} == {"18.0"}
