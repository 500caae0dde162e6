/** One stack on the screen, with what lies on it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useBench } from "../bench";
import { useLatest } from "../load";
import { Trouble } from "../ui";
import type { Mark } from "../words";
import { type Grid, edges } from "./grid";
import { type Drawn, Overlay } from "./overlay";
import { Stack } from "./stack";

interface Props {
  grid: Grid; name: string; tag: string; marks: Mark[]; begin: number;
  ready: (stack: Stack | null) => void; moved?: (slice: number) => void; windowed?: (centre: number, width: number) => void;
}

export function Pane({ grid, name, tag, marks, begin, ready, moved, windowed }: Props) {
  const { focus, pick, cited } = useBench();
  const element = useRef<HTMLDivElement>(null);
  const stack = useRef<Stack | null>(null);
  const [slice, setSlice] = useState(begin);
  const [, redraw] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const tell = useLatest({ moved, windowed, last: "" });
  useEffect(() => {
    const made = new Stack(element.current!, grid, begin, {
      drawn: () => { redraw((count) => count + 1); tellWindow(made); },
      moved: (now) => { setSlice(now); tell.current.moved?.(now); },
      failed: setProblem,
    });
    stack.current = made;
    ready(made);
    return () => { ready(null); stack.current = null; made.destroy(); };
  }, [grid]);
  const lastWindow = useRef("");
  const tellWindow = (made: Stack) => {
    const { centre, width } = made.window;
    const text = `${centre} ${width}`;
    if (lastWindow.current && lastWindow.current !== text) tell.current.windowed?.(centre, width);
    lastWindow.current = text;
  };
  const size = { width: element.current?.clientWidth ?? 0, height: element.current?.clientHeight ?? 0 };
  return (
    <div class="pane" data-shown={stack.current?.shownSlice ?? -1}>
      <div class="image" ref={element} onContextMenu={(event) => event.preventDefault()} />
      {stack.current && <Overlay {...size} drawn={placed(stack.current, marks)} chosen={focus.evidence} cited={cited} pick={(mark) => pick(mark.evidence, mark.sentences)} />}
      <Corners grid={grid} name={name} tag={tag} slice={slice} stack={stack.current} />
      {stack.current && stack.current.shownSlice < 0 && !problem && <p class="loading" role="status"><span class="spin" aria-hidden="true" />Decoding…</p>}
      {problem && <div class="over-image"><Trouble problem={problem} /></div>}
      {grid.slices > 1 && <input class="slices" type="range" min={0} max={grid.slices - 1} value={slice} aria-label={`Slice of ${name}`}
        aria-valuetext={`slice ${slice + 1} of ${grid.slices}`} onInput={(event) => stack.current?.scrollTo(Number(event.currentTarget.value))} />}
    </div>
  );
}

function Corners({ grid, name, tag, slice, stack }: { grid: Grid; name: string; tag: string; slice: number; stack: Stack | null }) {
  const letters = edges(grid);
  const { centre, width } = stack?.window ?? grid.window;
  return (
    <>
      {name && <p class="corner top-left">{name}{tag && <><br /><b>{tag}</b></>}</p>}
      {!grid.isFilm && <p class="corner bottom-left">Slice {slice + 1} / {grid.slices} · {grid.height(slice).toFixed(1)} mm<br />L {shortNumber(centre)} W {shortNumber(width)}{grid.unit ? ` ${grid.unit}` : ""}</p>}
      {!grid.knowsSpacing && <p class="corner bottom-right">no pixel spacing</p>}
      {letters ? Object.entries(letters).map(([edge, text]) => <span key={edge} class={`letter ${edge}`}>{text}</span>)
        : <p class="corner top-right warn">Sides not known</p>}
    </>
  );
}

/** What lies on the shown slice, in the element's pixels. */
function placed(stack: Stack, marks: Mark[]): Drawn[] {
  const slice = stack.shownSlice;
  const drawn: Drawn[] = [];
  for (const mark of marks) {
    if (!mark.box || slice < mark.first || slice > mark.last) continue;
    const from = stack.toScreen(mark.box[0], mark.box[1]), to = stack.toScreen(mark.box[2], mark.box[3]);
    if (!from || !to) continue;
    drawn.push({ mark, x: Math.min(from[0], to[0]), y: Math.min(from[1], to[1]), width: Math.abs(to[0] - from[0]), height: Math.abs(to[1] - from[1]) });
  }
  return drawn;
}

const shortNumber = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3).replace(/\.?0+$/, ""));
