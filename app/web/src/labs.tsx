/** Laboratory values over time, each beside its printed reference range. */
import { useMemo, useState } from "preact/hooks";
import { useBench } from "./bench";
import { Chart } from "./chart";
import { Cites } from "./cite";
import { day } from "./ui";
import type { Finding } from "./words";

export interface Point {
  date: string; number: number; shown: string; flag: string; low: number | null; high: number | null; range: string; evidence: string[];
}
export interface Analyte { key: string; name: string; unit: string; specimen: string | null; points: Point[]; words: { date: string; text: string; evidence: string[] }[] }

const WORDS: Record<string, string> = { H: "high", L: "low", N: "within range", HH: "very high", LL: "very low", A: "abnormal" };

export function Labs() {
  const { report } = useBench();
  const analytes = useMemo(() => analytesOf(report.findings), [report]);
  const [search, setSearch] = useState("");
  const [all, setAll] = useState(false);
  const outside = analytes.filter(isOutside);
  const base = all || outside.length === 0 ? analytes : outside;
  const shown = base.filter((one) => one.name.toLowerCase().includes(search.trim().toLowerCase()));
  if (analytes.length === 0) return <div class="empty small"><h2>No laboratory values</h2><p>No laboratory sheet of this case gave a value.</p></div>;
  return (
    <div class="labs">
      <div class="row">
        <label><span class="unseen">Find an analyte</span><input type="search" placeholder="Find an analyte" value={search} onInput={(event) => { setSearch(event.currentTarget.value); if (event.currentTarget.value) setAll(true); }} /></label>
        <div class="choice" role="group" aria-label="Which analytes">
          <button type="button" aria-pressed={!all} disabled={outside.length === 0} onClick={() => setAll(false)}>Outside range ({outside.length})</button>
          <button type="button" aria-pressed={all || outside.length === 0} onClick={() => setAll(true)}>All ({analytes.length})</button>
        </div>
      </div>
      {shown.length === 0 && <p class="hint">No analyte is called so.</p>}
      {shown.map((one) => <Card key={one.key} analyte={one} />)}
    </div>
  );
}

function Card({ analyte }: { analyte: Analyte }) {
  const { show, best, focus } = useBench();
  const last = analyte.points.at(-1);
  return (
    <section class="lab-card">
      <header><h3>{analyte.name}</h3>{last && <p class={`last ${last.flag === "N" || !last.flag ? "" : "out"}`}>{last.shown} {analyte.unit} <span>{WORDS[last.flag] ?? last.flag}</span></p>}
        {last?.range && <p class="hint">range {last.range}</p>}</header>
      {analyte.points.length > 0 && <Chart analyte={analyte} chosen={focus.evidence} choose={(point) => { const first = best(point.evidence); if (first) show(first); }} />}
      <details><summary>Values</summary><table><thead><tr><th>Date</th><th class="number">Value</th><th>Flag</th><th>Evidence</th></tr></thead>
        <tbody>{analyte.points.map((one, n) => <tr key={n}><td>{day(one.date)}</td><td class="number">{one.shown}</td><td>{WORDS[one.flag] ?? one.flag}</td><td><Cites evidence={one.evidence} /></td></tr>)}
          {analyte.words.map((one, n) => <tr key={`w${n}`}><td>{day(one.date)}</td><td>{one.text}</td><td /><td><Cites evidence={one.evidence} /></td></tr>)}</tbody></table></details>
    </section>
  );
}

const isOutside = (one: Analyte): boolean => one.points.some((point) => point.flag !== "" && point.flag !== "N");

function analytesOf(findings: Finding[]): Analyte[] {
  const groups = new Map<string, Analyte>();
  for (const finding of findings) {
    const { value } = finding;
    if (finding.category !== "lab" || !value || !finding.date) continue;
    const key = [finding.name, value.unit ?? "", value.specimen ?? ""].join("\n");
    const group = groups.get(key) ?? { key, name: finding.name, unit: value.unit === "1" ? "" : value.unit ?? "", specimen: value.specimen, points: [], words: [] };
    groups.set(key, group);
    if (value.number === null) group.words.push({ date: finding.date, text: value.text ?? "", evidence: finding.evidence });
    else addPoint(group, finding, value.number);
  }
  const merged = [...withoutSpecimenTwins(groups.values())];
  for (const group of merged) group.points.sort((a, b) => a.date.localeCompare(b.date));
  return merged.sort((a, b) => Number(isOutside(b)) - Number(isOutside(a)) || a.name.localeCompare(b.name));
}

function addPoint(group: Analyte, finding: Finding, number: number): void {
  const value = finding.value!;
  const same = group.points.find((point) => day(point.date) === day(finding.date) && point.number === number);
  if (same) {
    same.evidence = [...new Set([...same.evidence, ...finding.evidence])];
    return;
  }
  group.points.push({
    date: finding.date!, number, shown: `${value.comparator ?? ""}${value.comparator ? written(number) : value.text ?? written(number)}`,
    flag: value.flag ?? value.flag_computed ?? "", low: value.low, high: value.high, range: value.range_text ?? "", evidence: finding.evidence,
  });
}

/** As the report writes a number that no page prints: four significant digits, whole from 1000 on. */
const written = (number: number): string => (Math.abs(number) >= 1000 ? number.toFixed(0) : String(Number(number.toPrecision(4))));

/** A source that names no specimen joins the only other group of that name and unit. */
function withoutSpecimenTwins(groups: Iterable<Analyte>): Analyte[] {
  const all = [...groups];
  return all.filter((one) => {
    if (one.specimen) return true;
    const twins = all.filter((other) => other !== one && other.name === one.name && other.unit === one.unit && other.specimen);
    if (twins.length !== 1) return true;
    for (const point of one.points) {
      const same = twins[0]!.points.find((other) => day(other.date) === day(point.date) && other.number === point.number);
      if (same) same.evidence = [...new Set([...same.evidence, ...point.evidence])];
      else twins[0]!.points.push(point);
    }
    twins[0]!.words.push(...one.words);
    return false;
  });
}
