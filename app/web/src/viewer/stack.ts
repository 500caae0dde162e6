/** One series in one window: which slice, which grey window, where things lie on the screen. */
import { Enums, cache, imageLoader, type Types } from "@cornerstonejs/core";
import { said } from "../api";
import { imageIds, join, storedWidth, theEngine } from "./engine";
import { type Grid, toWorld } from "./grid";

const AROUND = 60;
const AT_ONCE = 4;
let made = 0;

export interface Hear {
  /** The picture was drawn anew: overlays move with it. */
  drawn: () => void;
  moved: (slice: number) => void;
  failed: (problem: string | null) => void;
}

export class Stack {
  readonly grid: Grid;
  private readonly element: HTMLDivElement;
  private readonly hear: Hear;
  private readonly id = `pane-${(made += 1)}`;
  private readonly images: string[];
  private readonly resizes: ResizeObserver;
  private wanted: number;
  private shown = -1;
  private busy = false;
  private gone = false;
  private round = 0;
  private range: Types.VOIRange;
  /** Zoom and pan of the whole picture in the window. */
  private fit: number[] = [];

  constructor(element: HTMLDivElement, grid: Grid, slice: number, hear: Hear) {
    this.element = element;
    this.grid = grid;
    this.hear = hear;
    this.images = imageIds(grid);
    this.wanted = slice;
    this.range = this.rangeOf(grid.window.centre, grid.window.width);
    theEngine().enableElement({
      viewportId: this.id, element, type: Enums.ViewportType.STACK, defaultOptions: { background: [0, 0, 0] as Types.Point3 },
    });
    join(this.id);
    element.addEventListener(Enums.Events.IMAGE_RENDERED, this.onDrawn);
    this.resizes = new ResizeObserver(() => { if (element.clientWidth > 0) this.resize(); });
    this.resizes.observe(element);
    void this.begin();
  }

  get slice(): number {
    return this.wanted;
  }

  /** Goes to a slice. The latest wish counts; no slice is waited for but that one. */
  scrollTo(slice: number): void {
    this.wanted = Math.min(this.grid.slices - 1, Math.max(0, slice));
    this.hear.moved(this.wanted);
    if (!this.busy && this.shown >= 0) void this.follow();
  }

  get window(): { centre: number; width: number } {
    const { lower, upper } = this.view?.getProperties().voiRange ?? this.range;
    return { centre: this.grid.toValue((lower + upper) / 2), width: this.grid.toValue(upper) - this.grid.toValue(lower) };
  }

  setWindow(centre: number, width: number): void {
    this.range = this.rangeOf(centre, width);
    this.view?.setProperties({ voiRange: this.range });
    this.view?.render();
  }

  get zoom(): number {
    return this.view?.getZoom() ?? 1;
  }

  zoomBy(factor: number): void {
    this.view?.setZoom(this.zoom * factor);
    this.view?.render();
  }

  reset(): void {
    this.fitNow();
    this.setWindow(this.grid.window.centre, this.grid.window.width);
  }

  /** Pixels from the element's corner of a place on the shown slice; null before there is a picture. */
  toScreen(column: number, row: number): [number, number] | null {
    if (this.shown < 0 || !this.view) return null;
    return this.view.worldToCanvas(toWorld(this.grid, this.shown, column, row) as Types.Point3) as [number, number];
  }

  get shownSlice(): number {
    return this.shown;
  }

  destroy(): void {
    this.gone = true;
    this.round += 1;
    this.resizes.disconnect();
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.onDrawn);
    theEngine().disableElement(this.id);
  }

  private get view(): Types.IStackViewport | undefined {
    return this.gone ? undefined : theEngine().getViewport(this.id) as Types.IStackViewport | undefined;
  }

  /** A picture that was whole stays whole; one that was zoomed stays where it was. */
  private resize(): void {
    const wasWhole = this.camera().every((value, n) => Math.abs(value - (this.fit[n] ?? value)) < 0.01);
    theEngine().resize(true, true);
    if (wasWhole && this.shown >= 0) this.fitNow();
    this.hear.drawn();
  }

  private fitNow(): void {
    this.view?.resetCamera();
    this.view?.render();
    this.fit = this.camera();
  }

  private camera(): number[] {
    return this.shown >= 0 && this.view ? [this.view.getZoom(), ...this.view.getPan()] : [];
  }

  private readonly onDrawn = (): void => { if (!this.gone) this.hear.drawn(); };

  private rangeOf(centre: number, width: number): Types.VOIRange {
    const middle = this.grid.toStored(centre), half = Math.max(storedWidth(this.grid, width), 1) / 2;
    return { lower: middle - half, upper: middle + half };
  }

  private async begin(): Promise<void> {
    this.busy = true;
    const first = this.wanted;
    try {
      await imageLoader.loadAndCacheImage(this.images[first]!);
      if (this.gone) return;
      await this.view!.setStack(this.images, first);
      this.view?.setProperties({ voiRange: this.range });
      this.shown = first;
      this.fitNow();
      this.hear.moved(this.wanted);
      this.hear.drawn();
    } catch (error) {
      this.busy = false;
      if (!this.gone) this.hear.failed(said(error));
      return;
    }
    await this.follow();
  }

  private async follow(): Promise<void> {
    this.busy = true;
    while (this.shown !== this.wanted && !this.gone) {
      const next = this.wanted;
      try {
        await imageLoader.loadAndCacheImage(this.images[next]!);
        if (next !== this.wanted || this.gone) continue;
        await this.view!.setImageIdIndex(next);
        this.shown = next;
        this.hear.failed(null);
        this.hear.drawn();
      } catch (error) {
        if (!this.gone) this.hear.failed(`slice ${next + 1}: ${said(error)}`);
        break;
      }
    }
    this.busy = false;
    void this.fetchAround();
  }

  /** Fetches the slices around the shown one, nearest first, until somebody scrolls on. */
  private async fetchAround(): Promise<void> {
    const round = (this.round += 1);
    const left: number[] = [];
    for (let away = 1; away <= AROUND; away += 1) left.push(this.shown + away, this.shown - away);
    const worker = async () => {
      for (let next = left.shift(); next !== undefined && round === this.round; next = left.shift()) {
        const image = this.images[next];
        if (image === undefined || cache.isLoaded(image)) continue;
        try { await imageLoader.loadAndCacheImage(image); } catch { return; } // told when somebody scrolls there
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
}

