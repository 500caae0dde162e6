/** Records and notes: what the report cites of them, as a list. */
import { useEffect, useRef } from "preact/hooks";
import { type Found, titleOf, useBench } from "../bench";
import { Trouble, Wait, day } from "../ui";
import type { Mark } from "../words";
import { useMarks } from "./marks";

export default function RecordView({ found }: { found: Found }) {
  const { evidence } = useBench();
  const marking = useMarks(found.series.key, null);
  const groups = new Map<string, Mark[]>();
  for (const mark of marking.marks) {
    const kind = mark.caption.includes(":") ? mark.caption.split(":")[0]! : "Entry";
    groups.set(kind, [...(groups.get(kind) ?? []), mark]);
  }
  return (
    <div class="viewer record"><div class="entries" tabIndex={0} role="group" aria-label={titleOf(found)}>
      <Trouble problem={marking.problem} />
      {!marking.ready && !marking.problem && <Wait>Reading the record</Wait>}
      {marking.ready && marking.marks.length === 0 && <p class="hint">The report cites nothing of this record.</p>}
      {[...groups].map(([kind, marks]) => <section key={kind}><h3>{kind}</h3><ul>{marks.map((mark) =>
        <Entry key={mark.evidence} mark={mark} date={evidence.get(mark.evidence)?.date ?? null} />)}</ul></section>)}
    </div></div>
  );
}

function Entry({ mark, date }: { mark: Mark; date: string | null }) {
  const { focus, pick } = useBench();
  const line = useRef<HTMLLIElement>(null);
  const isChosen = focus.evidence === mark.evidence;
  useEffect(() => { if (isChosen) line.current?.scrollIntoView({ block: "center" }); }, [isChosen, focus.count]);
  return <li ref={line} class={isChosen ? "chosen" : ""}>
    <button type="button" aria-pressed={isChosen} onClick={() => pick(mark.evidence, mark.sentences)}><b>{mark.evidence}</b><span>{mark.caption.replace(/^[^:]*: /, "")}</span><small>{day(date)}</small></button></li>;
}
