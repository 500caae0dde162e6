/** The evidence on a series: which of it is drawn, and the way to its sentences. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api";
import { caseUrl, useBench } from "../bench";
import { useLoaded } from "../load";
import { Trouble } from "../ui";
import type { Mark } from "../words";

const NONE: Mark[] = [];

export interface Marking { marks: Mark[]; shown: Mark[]; hidden: Set<string>; toggle: (evidence: string) => void; all: (on: boolean) => void; problem: string | null; ready: boolean }

/** The marks of a series. Boxes larger than `most` (in pixels) begin hidden:
 * they would cover what is small. What is looked at is always drawn. */
export function useMarks(series: string | null, most: number | null): Marking {
  const bench = useBench();
  const found = useLoaded((signal) => (series ? get<{ marks: Mark[] }>(caseUrl(bench, `series/${series}/marks`), signal) : Promise.resolve({ marks: NONE })), [series, bench.digest]);
  const marks = found.value?.marks ?? NONE;
  const [hidden, setHidden] = useState(new Set<string>());
  useEffect(() => {
    if (most === null) return;
    setHidden(new Set(marks.filter(({ box }) => box && (box[2] - box[0]) * (box[3] - box[1]) > most).map((one) => one.evidence)));
  }, [marks, most]);
  const chosen = bench.focus.evidence;
  const shown = useMemo(() => marks.filter((one) => !hidden.has(one.evidence) || one.evidence === chosen), [marks, hidden, chosen]);
  const toggle = (evidence: string) => setHidden((now) => { const next = new Set(now); if (!next.delete(evidence)) next.add(evidence); return next; });
  const all = (on: boolean) => setHidden(new Set(on ? [] : marks.map((one) => one.evidence)));
  return { marks, shown, hidden, toggle, all, problem: found.problem, ready: found.value !== null };
}

export function MarkList({ marking, place }: { marking: Marking; place?: (mark: Mark) => string }) {
  const { focus, pick } = useBench();
  const { marks, hidden } = marking;
  const boxed = marks.filter((one) => one.box !== null);
  return (
    <section class="marks" aria-label="Findings on this image">
      <header><h3>Findings here</h3>
        {boxed.length > 0 && <label class="tick"><input type="checkbox" checked={boxed.every((one) => !hidden.has(one.evidence))}
          ref={(box) => { if (box) box.indeterminate = boxed.some((one) => hidden.has(one.evidence)) && boxed.some((one) => !hidden.has(one.evidence)); }}
          onChange={(event) => marking.all(event.currentTarget.checked)} />All</label>}
      </header>
      <Trouble problem={marking.problem} />
      {marking.ready && marks.length === 0 && <p class="hint">The report cites nothing on this image.</p>}
      <ul tabIndex={0} aria-label="Findings">{marks.map((one) => <li key={one.evidence} class={focus.evidence === one.evidence ? "chosen" : ""}>
        {one.box && <input type="checkbox" aria-label={`Draw ${one.evidence}: ${one.label}`} checked={!hidden.has(one.evidence)} onChange={() => marking.toggle(one.evidence)} />}
        <button type="button" aria-pressed={focus.evidence === one.evidence} title={one.caption} onClick={() => pick(one.evidence, one.sentences)}>
          <span><b>{one.evidence}</b> {one.label}</span>{place && <small>{place(one)}</small>}</button>
      </li>)}</ul>
    </section>
  );
}
