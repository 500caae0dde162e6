/** A document's page with the places that the report cites. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api";
import { type Found, caseUrl, titleOf, useBench } from "../bench";
import { useLoaded } from "../load";
import { IconButton, Trouble, Wait } from "../ui";
import type { Pages } from "../words";
import { MarkList, useMarks } from "./marks";
import { Overlay } from "./overlay";

const WIDTHS = [100, 140, 200];

export default function PageView({ found }: { found: Found }) {
  const bench = useBench();
  const url = caseUrl(bench, `documents/${found.series.key}`);
  const about = useLoaded((signal) => get<Pages>(url, signal), [url]);
  if (about.problem) return <Trouble problem={about.problem} retry={about.reload} />;
  return about.value ? <Shown key={url} url={url} pages={about.value.pages} found={found} /> : <Wait>Opening the document</Wait>;
}

function Shown({ url, pages, found }: { url: string; pages: Pages["pages"]; found: Found }) {
  const { focus, pick, cited } = useBench();
  const [page, setPage] = useState(1);
  const [width, setWidth] = useState(WIDTHS[0]!);
  const [list, setList] = useState(true);
  const [failed, setFailed] = useState(false);
  const sheet = useRef<HTMLDivElement>(null);
  const marking = useMarks(found.series.key, null);
  const target = marking.marks.find((one) => one.evidence === focus.evidence);
  useEffect(() => { if (target) setPage(Math.max(1, target.first)); }, [focus.count, target?.evidence]);
  useEffect(() => { sheet.current?.querySelector(".mark.chosen")?.scrollIntoView({ block: "center" }); }, [focus.count, page, target?.evidence]);
  const size = pages[page - 1] ?? { width: 1, height: 1 };
  const drawn = marking.shown.filter((one) => one.box && one.first === page)
    .map((mark) => ({ mark, x: mark.box![0], y: mark.box![1], width: mark.box![2] - mark.box![0], height: mark.box![3] - mark.box![1] }));
  const turn = (to: number) => { setFailed(false); setPage(Math.min(pages.length, Math.max(1, to))); };
  const key = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).matches("input, textarea, select")) return;
    if (event.key === "ArrowRight") turn(page + 1);
    if (event.key === "ArrowLeft") turn(page - 1);
  };
  return (
    <div class="viewer" onKeyDown={key}>
      <div class="tools" role="toolbar" aria-label="Viewing tools">
        <IconButton icon="back" label="Page before" disabled={page <= 1} onClick={() => turn(page - 1)} />
        <span class="page-number" role="status">Page {page} of {pages.length}</span>
        <IconButton icon="right" label="Next page" disabled={page >= pages.length} onClick={() => turn(page + 1)} />
        <IconButton icon="plus" label="Larger" disabled={width === WIDTHS.at(-1)} onClick={() => setWidth(WIDTHS[WIDTHS.indexOf(width) + 1]!)} />
        <IconButton icon="minus" label="Smaller" disabled={width === WIDTHS[0]} onClick={() => setWidth(WIDTHS[WIDTHS.indexOf(width) - 1]!)} />
        <span class="gap" /><IconButton icon="list" label="Findings on this document" pressed={list} onClick={() => setList(!list)} />
      </div>
      <div class="stage">
        <div class="panes paper" tabIndex={0} role="group" aria-label={`${titleOf(found)}, page ${page}`}>
          {failed && <Trouble problem="this page could not be drawn" />}
          <div class="sheet" ref={sheet} style={{ width: `${width}%`, aspectRatio: `${size.width} / ${size.height}` }}>
            <img src={`${url}/pages/${page}`} alt={`Page ${page} of ${titleOf(found)}`} onError={() => setFailed(true)} />
            <Overlay drawn={drawn} chosen={focus.evidence} cited={cited} pick={(mark) => pick(mark.evidence, mark.sentences)} width={size.width} height={size.height}
              viewBox={`0 0 ${size.width} ${size.height}`} scale={size.width / 760} />
          </div>
        </div>
        {list && <MarkList marking={marking} place={(mark) => (pages.length > 1 ? `page ${mark.first}` : "")} />}
      </div>
    </div>
  );
}
