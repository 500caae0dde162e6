/** The middle of the page: the viewer that was made for what is shown. Each comes when it is first needed. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { said } from "../api";
import { type Found, kindName, seriesOf, titleOf, useBench } from "../bench";
import { Trouble, Wait, day } from "../ui";
import type { ViewerKind } from "../words";

type Viewer = ComponentType<{ found: Found }>;

const images = () => import("./images").then((one) => one.default);
const records = () => import("./record").then((one) => one.default);
const COMING: Record<ViewerKind, () => Promise<Viewer>> = {
  volume: images, film: images, slide: () => import("./slide").then((one) => one.default),
  document: () => import("./page").then((one) => one.default), record: records, note: records,
};

export function ViewArea() {
  const { focus, studies, evidence, places } = useBench();
  const found = seriesOf(studies, focus.series);
  const cited = focus.evidence ? evidence.get(focus.evidence) : null;
  const isElsewhere = cited && places.get(cited.id)?.series == null;
  return (
    <section class="view" aria-label="Images">
      {found ? <header><h2>{titleOf(found)}</h2><p>{kindName(found.series.kind)}{found.series.view ? ` ${found.series.view}` : ""} · {day(found.study.date)}</p></header> : null}
      {isElsewhere && <p class="notes">{cited.id} lies in {cited.source.file}, which no viewer shows: {cited.caption}</p>}
      {found?.series.viewer ? <Coming key={found.series.viewer} kind={found.series.viewer} found={found} />
        : <div class="empty dark"><p>{found ? "Nothing shows this kind of series." : "Choose a study."}</p></div>}
      {cited && !isElsewhere && <p class="caption" aria-live="polite"><b>{cited.id}</b> {cited.caption}</p>}
    </section>
  );
}

function Coming({ kind, found }: { kind: ViewerKind; found: Found }) {
  const [viewer, setViewer] = useState<{ is: Viewer } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => { COMING[kind]().then((is) => setViewer({ is }), (error: unknown) => setProblem(said(error))); }, [kind]);
  if (problem) return <Trouble problem={problem} />;
  return viewer ? <viewer.is found={found} /> : <Wait>Loading the viewer</Wait>;
}
