/** Citations: small buttons that open the evidence. */
import { useState } from "preact/hooks";
import { useBench } from "./bench";

const FIRST = 6;

export function Cites({ evidence, at }: { evidence: string[]; at?: string }) {
  const { show, focus, evidence: known, places } = useBench();
  const [all, setAll] = useState(false);
  const shown = all ? evidence : evidence.slice(0, FIRST);
  return (
    <span class="cites">
      {shown.map((key) => <button key={key} type="button" class="cite" aria-pressed={focus.evidence === key}
        disabled={places.get(key)?.series == null} title={known.get(key)?.caption ?? key}
        aria-label={`Evidence ${key}: ${known.get(key)?.caption.slice(0, 120) ?? ""}`}
        onClick={(event) => { event.stopPropagation(); show(key, at); }}>{key}</button>)}
      {evidence.length > shown.length && <button type="button" class="cite more" onClick={() => setAll(true)}>+{evidence.length - shown.length}
        <span class="unseen"> more citations</span></button>}
    </span>
  );
}
