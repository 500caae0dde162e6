/** Cornerstone3D, started once: where slices come from and what the mouse does. */
import { Enums, RenderingEngine, init, imageLoader, metaData, type Types } from "@cornerstonejs/core";
import {
  Enums as ToolEnums, LengthTool, PanTool, ToolGroupManager, WindowLevelTool, ZoomTool, addTool, annotation, init as initTools,
} from "@cornerstonejs/tools";
import { Problem } from "../api";
import { type Grid, pixelsOf } from "./grid";

const SCHEME = "caseloom";
const GROUP = "viewers";
export type ToolName = "window" | "pan" | "zoom" | "measure";
const TOOLS = { window: WindowLevelTool, pan: PanTool, zoom: ZoomTool, measure: LengthTool } as const;
const { MouseBindings } = ToolEnums;
const ALWAYS: Partial<Record<ToolName, Parameters<NonNullable<ReturnType<typeof group>>["setToolActive"]>[1]>> = {
  pan: { bindings: [{ mouseButton: MouseBindings.Auxiliary }] },
  zoom: { bindings: [{ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 }] },
};

const grids = new Map<string, Grid>();
let engine: RenderingEngine | null = null;

const group = () => ToolGroupManager.getToolGroup(GROUP);

/** The one engine of the page; the first call starts it. */
export function theEngine(): RenderingEngine {
  if (engine) return engine;
  init();
  initTools();
  // Its cache lets go of each failed slice a second time, where nobody can hear it; whoever asked was told already.
  addEventListener("unhandledrejection", (event) => { if (event.reason instanceof Problem) event.preventDefault(); });
  imageLoader.registerImageLoader(SCHEME, (imageId: string) => ({ promise: load(imageId) as unknown as Promise<Types.IImage> as never }));
  metaData.addProvider(about, 10_000);
  engine = new RenderingEngine(SCHEME);
  const tools = ToolGroupManager.createToolGroup(GROUP)!;
  for (const tool of Object.values(TOOLS)) {
    addTool(tool);
    tools.addTool(tool.toolName);
  }
  choose("window");
  return engine;
}

/** What the first mouse button and a finger do. */
export function choose(chosen: ToolName): void {
  for (const [name, tool] of Object.entries(TOOLS) as [ToolName, (typeof TOOLS)[ToolName]][]) {
    const tools = group()!;
    tools.setToolPassive(tool.toolName, { removeAllBindings: true });
    const bindings = [...(ALWAYS[name]?.bindings ?? []), ...(name === chosen ? [{ mouseButton: MouseBindings.Primary }] : [])];
    if (bindings.length > 0) tools.setToolActive(tool.toolName, { bindings });
  }
}

export function join(viewport: string): void {
  group()!.addViewport(viewport, SCHEME);
}

export function clearMeasures(): void {
  annotation.state.removeAllAnnotations();
  engine?.render();
}

export function imageIds(grid: Grid): string[] {
  grids.set(grid.base, grid);
  return Array.from({ length: grid.slices }, (_, slice) => `${SCHEME}:${grid.base}#${slice}`);
}

function placed(imageId: string): { grid: Grid; slice: number } | null {
  const [base, slice] = imageId.slice(SCHEME.length + 1).split("#");
  const grid = grids.get(base!);
  return grid ? { grid, slice: Number(slice) } : null;
}

async function load(imageId: string) {
  const { grid, slice } = placed(imageId)!;
  const { pixels, least, most } = await pixelsOf(grid, slice);
  return {
    imageId, minPixelValue: least, maxPixelValue: most, slope: 1, intercept: 0,
    windowCenter: grid.toStored(grid.window.centre), windowWidth: storedWidth(grid, grid.window.width), voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    getPixelData: () => pixels, rows: grid.rows, columns: grid.columns, height: grid.rows, width: grid.columns, color: false, rgba: false,
    numberOfComponents: 1, rowPixelSpacing: grid.spacing[0], columnPixelSpacing: grid.spacing[1], invert: false,
    photometricInterpretation: "MONOCHROME2", sizeInBytes: pixels.byteLength, dataType: pixels instanceof Int16Array ? "Int16Array" : "Uint16Array",
    isPreScaled: false, FrameOfReferenceUID: grid.base,
  };
}

export const storedWidth = (grid: Grid, width: number): number => grid.toStored(width) - grid.toStored(0);

function about(kind: string, imageId: unknown): unknown {
  if (typeof imageId !== "string" || !imageId.startsWith(`${SCHEME}:`)) return undefined;
  const found = placed(imageId);
  if (!found) return undefined;
  const { grid, slice } = found;
  if (kind === Enums.MetadataModules.IMAGE_PLANE) return plane(grid, slice);
  if (kind === Enums.MetadataModules.IMAGE_PIXEL) return {
    bitsAllocated: 16, bitsStored: 16, highBit: 15, samplesPerPixel: 1, photometricInterpretation: "MONOCHROME2",
    pixelRepresentation: grid.isFilm || grid.toStored(1) !== 1 ? 0 : 1, rows: grid.rows, columns: grid.columns,
  };
  if (kind === Enums.MetadataModules.VOI_LUT) return {
    windowCenter: [grid.toStored(grid.window.centre)], windowWidth: [storedWidth(grid, grid.window.width)], voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
  };
  if (kind === Enums.MetadataModules.MODALITY_LUT) return { rescaleSlope: 1, rescaleIntercept: 0 };
  if (kind === Enums.MetadataModules.GENERAL_SERIES) return { modality: grid.unit === "HU" ? "CT" : "OT", seriesInstanceUID: grid.base };
  return undefined;
}

function plane(grid: Grid, slice: number) {
  return {
    frameOfReferenceUID: grid.base, rows: grid.rows, columns: grid.columns, imageOrientationPatient: [...grid.rowDirection, ...grid.columnDirection],
    rowCosines: grid.rowDirection, columnCosines: grid.columnDirection, imagePositionPatient: grid.origin(slice),
    pixelSpacing: grid.spacing, rowPixelSpacing: grid.spacing[0], columnPixelSpacing: grid.spacing[1], usingDefaultValues: !grid.knowsSpacing,
    sliceLocation: grid.height(slice),
  };
}
