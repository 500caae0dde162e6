/** A slide: tiles as they are needed. */
import OpenSeadragon from "openseadragon";
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api";
import { type Found, caseUrl, useBench } from "../bench";
import { useLoaded } from "../load";
import { IconButton, Trouble, Wait } from "../ui";
import type { Mark, Slide as SlideShown } from "../words";
import { MarkList, useMarks } from "./marks";
import { type Drawn, Overlay } from "./overlay";

const NEAR = 0.25;

export default function SlideView({ found }: { found: Found }) {
  const bench = useBench();
  const url = caseUrl(bench, `slides/${found.series.key}`);
  const about = useLoaded((signal) => get<SlideShown>(url, signal), [url]);
  if (about.problem) return <Trouble problem={about.problem} retry={about.reload} />;
  return about.value ? <Shown key={url} url={url} slide={about.value} series={found.series.key} /> : <Wait>Opening the slide</Wait>;
}

function Shown({ url, slide, series }: { url: string; slide: SlideShown; series: string }) {
  const { focus, pick, cited } = useBench();
  const element = useRef<HTMLDivElement>(null);
  const viewer = useRef<OpenSeadragon.Viewer | null>(null);
  const [, redraw] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const [list, setList] = useState(true);
  const marking = useMarks(series, null);
  const target = marking.marks.find((one) => one.evidence === focus.evidence);
  useEffect(() => {
    const made = open(element.current!, url, slide);
    const again = () => redraw((count) => count + 1);
    for (const event of ["open", "update-viewport", "animation", "resize"] as const) made.addHandler(event, again);
    made.addHandler("tile-load-failed", () => setProblem("a part of the slide did not come; move to ask for it again"));
    made.addHandler("tile-loaded", () => setProblem(null));
    viewer.current = made;
    return () => { viewer.current = null; made.destroy(); };
  }, [url]);
  useEffect(() => { if (target?.box && viewer.current) look(viewer.current, slide, target); }, [focus.count, target?.evidence, viewer.current?.isOpen()]);
  const zoomBy = (factor: number) => { viewer.current?.viewport.zoomBy(factor); viewer.current?.viewport.applyConstraints(); };
  const drawn = viewer.current?.isOpen() ? marking.shown.flatMap((mark) => placed(viewer.current!, mark)) : [];
  return (
    <div class="viewer">
      <div class="tools" role="toolbar" aria-label="Viewing tools">
        <IconButton icon="plus" label="Closer" onClick={() => zoomBy(1.6)} /><IconButton icon="minus" label="Further away" onClick={() => zoomBy(1 / 1.6)} />
        <IconButton icon="reset" label="The whole slide" onClick={() => viewer.current?.viewport.goHome()} />
        <span class="gap" /><IconButton icon="list" label="Findings on this slide" pressed={list} onClick={() => setList(!list)} />
      </div>
      <div class="stage">
        <div class="panes slide"><div class="pane">
          <div class="image" ref={element} role="group" aria-label="Slide. Arrow keys move, plus and minus zoom, 0 shows all of it." />
          <Overlay drawn={drawn} chosen={focus.evidence} cited={cited} pick={(mark) => pick(mark.evidence, mark.sentences)} width={element.current?.clientWidth ?? 0} height={element.current?.clientHeight ?? 0} />
          {slide.mpp !== null && viewer.current?.isOpen() && <Scale viewer={viewer.current} mpp={slide.mpp} />}
          {problem && <div class="over-image"><Trouble problem={problem} /></div>}
        </div></div>
        {list && <MarkList marking={marking} />}
      </div>
      {slide.notes.length > 0 && <p class="notes">{slide.notes.join("; ")}</p>}
    </div>
  );
}

function open(element: HTMLElement, url: string, slide: SlideShown): OpenSeadragon.Viewer {
  return OpenSeadragon({
    element, showNavigationControl: false, showNavigator: true, navigatorPosition: "BOTTOM_RIGHT", navigatorSizeRatio: 0.18, maxZoomPixelRatio: 2, visibilityRatio: 0.5,
    animationTime: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.6, gestureSettingsMouse: { clickToZoom: false }, imageLoaderLimit: 6,
    tileSources: {
      width: slide.width, height: slide.height, tileSize: slide.tile, tileOverlap: 0, minLevel: 0, maxLevel: slide.levels - 1,
      getTileUrl: (level: number, x: number, y: number) => `${url}/tiles/${level}/${x}/${y}`,
    } as unknown as OpenSeadragon.TileSourceOptions,
  });
}

function look(viewer: OpenSeadragon.Viewer, slide: SlideShown, mark: Mark): void {
  const [x0, y0, x1, y1] = mark.box!;
  const room = Math.max(x1 - x0, y1 - y0, slide.width * 0.02) * (1 / NEAR);
  const around = viewer.viewport.imageToViewportRectangle((x0 + x1 - room) / 2, (y0 + y1 - room) / 2, room, room);
  viewer.viewport.fitBounds(around);
}

function placed(viewer: OpenSeadragon.Viewer, mark: Mark): Drawn[] {
  if (!mark.box) return [];
  const [x0, y0, x1, y1] = mark.box;
  const from = viewer.viewport.imageToViewerElementCoordinates(new OpenSeadragon.Point(x0, y0));
  const to = viewer.viewport.imageToViewerElementCoordinates(new OpenSeadragon.Point(x1, y1));
  return [{ mark, x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y }];
}

/** A bar of a round length. */
function Scale({ viewer, mpp }: { viewer: OpenSeadragon.Viewer; mpp: number }) {
  const perPixel = mpp / viewer.viewport.viewportToImageZoom(viewer.viewport.getZoom(true));
  const rough = perPixel * 100;
  const power = 10 ** Math.floor(Math.log10(rough));
  const length = [1, 2, 5, 10].map((one) => one * power).findLast((one) => one <= rough) ?? power;
  return <p class="scale" style={{ width: `${length / perPixel}px` }}>{length >= 1000 ? `${length / 1000} mm` : `${Number(length.toPrecision(2))} µm`}</p>;
}
