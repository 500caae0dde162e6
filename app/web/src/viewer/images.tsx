/** Volumes and films: one beside the other where there is an earlier or later one, moving together. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Found, caseUrl, sentenceAt, titleOf, useBench } from "../bench";
import { useLoaded } from "../load";
import { IconButton, Trouble, Wait, day } from "../ui";
import type { Mark, Study } from "../words";
import { type ToolName, choose, clearMeasures } from "./engine";
import { type Grid, filmGrid, nearestSlice, volumeGrid } from "./grid";
import { MarkList, useMarks } from "./marks";
import { Pane } from "./pane";
import type { Stack } from "./stack";

const PRESETS = [{ key: "1", name: "Soft tissue", centre: 40, width: 400 }, { key: "2", name: "Lung", centre: -600, width: 1500 }, { key: "3", name: "Bone", centre: 400, width: 1800 }];
const TOOLS: [ToolName, "window" | "pan" | "zoom" | "ruler", string, string][] = [
  ["window", "window", "Grey window", "w"], ["pan", "pan", "Move", "p"], ["zoom", "zoom", "Zoom", "z"], ["measure", "ruler", "Measure a length", "m"],
];

const gridOf = (base: string, found: Found | null, signal: AbortSignal): Promise<Grid | null> =>
  !found ? Promise.resolve(null) : found.series.viewer === "film" ? filmGrid(`${base}films/${found.series.key}`, signal) : volumeGrid(`${base}volumes/${found.series.key}`, signal);

export default function Images({ found }: { found: Found }) {
  const bench = useBench();
  const base = caseUrl(bench, "");
  const others = useMemo(() => comparable(bench.studies, found), [bench.studies, found.series.key]);
  const [besideKey, setBesideKey] = useState<string | null>(null);
  const beside = others.find((one) => one.series.key === besideKey) ?? null;
  useEffect(() => { // a sentence that compares is looked at with both that it compares
    if (!bench.focus.compares) return;
    const kind = sentenceAt(bench.report, bench.focus.sentence)?.kind;
    const partner = others.find((one) => bench.cited.some((key) => bench.places.get(key)?.series === one.series.key));
    if (partner && bench.focus.evidence && (kind === "comparison" || kind === "impression")) setBesideKey(partner.series.key);
  }, [bench.focus.count]);
  const grid = useLoaded((signal) => gridOf(base, found, signal), [found.series.key]);
  const other = useLoaded((signal) => gridOf(base, beside, signal), [beside?.series.key]);
  const ours = grid.value?.base.endsWith(`/${found.series.key}`) ? grid.value : null;
  const theirs = beside && other.value?.base.endsWith(`/${beside.series.key}`) ? other.value : null;
  const marking = useMarks(found.series.key, ours && focal(ours));
  const theirMarking = useMarks(beside?.series.key ?? null, theirs && focal(theirs));
  if (grid.problem) return <Trouble problem={grid.problem} retry={grid.reload} />;
  if (!ours || !marking.ready) return <Wait>Decoding the series</Wait>;
  return <Shown key={found.series.key} {...{ found, grid: ours, marking, beside, theirs, theirMarking, others, setBesideKey, trouble: other.problem }} />;
}

/** Pixels of a box that still shows a place rather than a whole organ: organs are few on films, and many on slices. */
const focal = (grid: Grid): number => grid.rows * grid.columns * (grid.isFilm ? 0.2 : 0.05);

interface ShownProps {
  found: Found; grid: Grid; marking: ReturnType<typeof useMarks>; beside: Found | null; theirs: Grid | null;
  theirMarking: ReturnType<typeof useMarks>; others: Found[]; setBesideKey: (key: string | null) => void; trouble: string | null;
}

function Shown({ found, grid, marking, beside, theirs, theirMarking, others, setBesideKey, trouble }: ShownProps) {
  const { focus, cited } = useBench();
  const main = useRef<Stack | null>(null);
  const side = useRef<Stack | null>(null);
  const [tool, setTool] = useState<ToolName>("window");
  const [linked, setLinked] = useState(true);
  const [list, setList] = useState(true);
  const shift = useRef(0);
  useEffect(() => setList(beside === null), [beside?.series.key]); // two pictures want the room
  const leader = useRef<Stack | null>(null);
  const target = marking.marks.find((one) => one.evidence === focus.evidence);
  const begin = useMemo(() => sliceOf(target, grid), []);
  useEffect(() => { if (target && focus.evidence) main.current?.scrollTo(sliceOf(target, grid)); }, [focus.count, target?.evidence]);
  const partner = smallest(theirMarking.marks.filter((one) => cited.includes(one.evidence)));

  /** Both go to what the sentence compares, and stay apart by that much when they are scrolled. */
  const meet = () => {
    if (!target || !partner || !main.current || !side.current || !isFocal(target, grid) || !isFocal(partner, side.current.grid)) return;
    const [ours, theirs] = [sliceOf(target, grid), sliceOf(partner, side.current.grid)];
    shift.current = side.current.grid.height(theirs) - grid.height(ours);
    leader.current = side.current;
    side.current.scrollTo(theirs);
    leader.current = null;
  };
  useEffect(meet, [focus.count, target?.evidence, partner?.evidence]);
  const take = (name: ToolName) => { setTool(name); choose(name); };

  /** The one that is moved leads; the other follows by position in mm. */
  const follow = (from: Stack | null, to: Stack | null, sign: 1 | -1) => (slice: number) => {
    if (!linked || !from || !to || leader.current === to) return;
    const near = nearestSlice(from.grid, slice, to.grid, sign * shift.current);
    if (near === null || near === to.slice) return;
    leader.current = from;
    to.scrollTo(near);
    leader.current = null;
  };
  const relink = () => {
    if (!linked && main.current && side.current) {
      shift.current = side.current.grid.height(side.current.slice) - main.current.grid.height(main.current.slice);
    }
    setLinked(!linked);
  };
  const alike = (to: Stack | null) => (centre: number, width: number) => {
    if (to && (Math.abs(to.window.centre - centre) > 0.01 || Math.abs(to.window.width - width) > 0.01)) to.setWindow(centre, width);
  };
  const preset = (centre: number, width: number) => { main.current?.setWindow(centre, width); side.current?.setWindow(centre, width); };
  const reset = () => { main.current?.reset(); side.current?.reset(); };
  const key = (event: KeyboardEvent) => {
    const stack = main.current;
    if (!stack || (event.target as HTMLElement).matches("input, textarea, select") || event.ctrlKey || event.metaKey) return;
    const act = keys(stack, grid, preset, reset, take)[event.key];
    if (act) { event.preventDefault(); act(); }
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const stack = side.current && (event.target as HTMLElement).closest(".pane")?.classList.contains("second") ? side.current : main.current;
    stack?.scrollTo(stack.slice + (event.deltaY < 0 ? 1 : -1));
  };
  const panes = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const area = panes.current!;
    area.addEventListener("wheel", wheel, { passive: false });
    return () => area.removeEventListener("wheel", wheel);
  });
  const besideIsPrior = beside && (beside.study.date ?? "") < (found.study.date ?? "");
  return (
    <div class="viewer" onKeyDown={key}>
      <div class="tools" role="toolbar" aria-label="Viewing tools">
        {TOOLS.map(([name, icon, label, letter]) => <IconButton key={name} icon={icon} label={name === "measure" && !grid.knowsSpacing ? "No pixel spacing: lengths cannot be measured" : `${label} (${letter})`}
          pressed={tool === name} disabled={name === "measure" && !grid.knowsSpacing} onClick={() => take(name)} />)}
        <IconButton icon="reset" label="As at the beginning (0)" onClick={reset} />
        {tool === "measure" && <button class="small quiet" onClick={clearMeasures}>Clear lengths</button>}
        {grid.unit === "HU" && <span class="choice" role="group" aria-label="Grey window">{PRESETS.map((one) =>
          <button key={one.key} type="button" class="small" title={`${one.name}: level ${one.centre}, width ${one.width} HU (key ${one.key})`} onClick={() => preset(one.centre, one.width)}>{one.name}</button>)}</span>}
        <span class="gap" />
        {others.length > 0 && <label class="beside">Beside<select value={beside?.series.key ?? ""} onChange={(event) => { shift.current = 0; setLinked(true); setBesideKey(event.currentTarget.value || null); }}>
          <option value="">Nothing</option>{others.map((one) => <option key={one.series.key} value={one.series.key}>{day(one.study.date)} {titleOf(one)}</option>)}</select></label>}
        {beside && grid.slices > 1 && <IconButton icon="link" label="Scroll both together" pressed={linked} onClick={relink} />}
        <IconButton icon="list" label="Findings on this image" pressed={list} onClick={() => setList(!list)} />
      </div>
      <div class="stage">
        <div class={`panes ${beside ? "two" : ""}`} ref={panes} tabIndex={0} role="group" aria-label={`${titleOf(found)}, ${day(found.study.date)}. Arrow and page keys scroll${grid.unit === "HU" ? ", 1 soft tissue, 2 lung, 3 bone" : ""}, plus and minus zoom, 0 resets.`}>
          <Pane grid={grid} name={beside ? day(found.study.date) : ""} tag={beside ? (besideIsPrior ? "Current" : "Prior") : ""} marks={marking.shown} begin={begin}
            ready={(stack) => { main.current = stack; }} moved={(slice) => follow(main.current, side.current, 1)(slice)} windowed={(centre, width) => alike(side.current)(centre, width)} />
          {beside && <div class="second pane-holder">{theirs ? <Pane key={theirs.base} grid={theirs} name={day(beside.study.date)} tag={besideIsPrior ? "Prior" : "Current"}
            marks={theirMarking.shown} begin={nearestSlice(grid, main.current?.slice ?? begin, theirs, 0) ?? Math.floor(theirs.slices / 2)}
            ready={(stack) => { side.current = stack; const now = main.current?.window; if (stack && now && !grid.isFilm) stack.setWindow(now.centre, now.width); if (stack) meet(); }}
            moved={(slice) => follow(side.current, main.current, -1)(slice)} windowed={(centre, width) => alike(main.current)(centre, width)} />
            : trouble ? <Trouble problem={trouble} /> : <Wait>Decoding the other series</Wait>}</div>}
        </div>
        {list && <MarkList marking={marking} place={(mark) => placeOf(mark, grid)} />}
      </div>
      {grid.notes.length > 0 && <p class="notes">{grid.notes.join("; ")}</p>}
    </div>
  );
}

type Act = () => void;

function keys(stack: Stack, grid: Grid, preset: (centre: number, width: number) => void, reset: Act, take: (tool: ToolName) => void): Record<string, Act> {
  const by = (steps: number) => () => stack.scrollTo(stack.slice + steps);
  const own: Record<string, Act> = {
    ArrowUp: by(1), ArrowRight: by(1), ArrowDown: by(-1), ArrowLeft: by(-1), PageUp: by(10), PageDown: by(-10), Home: () => stack.scrollTo(0), End: () => stack.scrollTo(grid.slices - 1),
    "+": () => stack.zoomBy(1.2), "=": () => stack.zoomBy(1.2), "-": () => stack.zoomBy(1 / 1.2), "0": reset,
  };
  for (const [name, , , letter] of TOOLS) if (name !== "measure" || grid.knowsSpacing) own[letter] = () => take(name);
  if (grid.unit === "HU") for (const one of PRESETS) own[one.key] = () => preset(one.centre, one.width);
  return own;
}

const sliceOf = (mark: Mark | undefined, grid: Grid): number => (mark ? Math.round((mark.first + mark.last) / 2) : Math.floor(grid.slices / 2));

/** Whether a mark tells a height in the body, rather than most of it. */
const isFocal = (mark: Mark, grid: Grid): boolean => mark.last - mark.first < grid.slices * 0.2;

function smallest(marks: Mark[]): Mark | undefined {
  const size = ({ box, first, last }: Mark) => (box ? (box[2] - box[0]) * (box[3] - box[1]) : 1e12) * (last - first + 1);
  return [...marks].sort((a, b) => size(a) - size(b))[0];
}

const placeOf = (mark: Mark, grid: Grid): string =>
  grid.slices === 1 ? "" : mark.first === mark.last ? `slice ${mark.first + 1}` : `slices ${mark.first + 1}–${mark.last + 1}`;

/** Others of the same kind, the nearest earlier one first. */
function comparable(studies: Study[], found: Found): Found[] {
  const date = found.study.date ?? "";
  const all = studies.flatMap((study) => study.series.map((series) => ({ study, series })))
    .filter(({ series }) => series.key !== found.series.key && series.viewer === found.series.viewer && (series.viewer === "film" || series.kind === found.series.kind));
  const earlier = all.filter(({ study }) => (study.date ?? "") <= date).reverse();
  return [...earlier, ...all.filter((one) => !earlier.includes(one))];
}
