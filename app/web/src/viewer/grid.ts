/** The pixels of a series as a stack of slices in the patient's space (LPS, mm). */
import { bytes, get } from "../api";
import type { Film, Volume } from "../words";

export type Point3 = [number, number, number];

export interface Decoded { pixels: Int16Array | Uint16Array; least: number; most: number }

export interface Grid {
  /** Begins the id of every slice's image. */
  base: string;
  slices: number; rows: number; columns: number;
  /** mm between rows and between columns; 1 where the file gives none. */
  spacing: [number, number];
  knowsSpacing: boolean;
  knowsSides: boolean;
  isFilm: boolean;
  unit: string;
  window: { centre: number; width: number };
  notes: string[];
  rowDirection: Point3; columnDirection: Point3; normal: Point3;
  origin: (slice: number) => Point3;
  /** mm along the normal. */
  height: (slice: number) => number;
  address: (slice: number) => string;
  decode: (buffer: ArrayBuffer) => Decoded;
  /** Between a value of the series and how a slice stores it. */
  toStored: (value: number) => number;
  toValue: (stored: number) => number;
}

const TOP_STORED = 65535;

export async function volumeGrid(base: string, signal: AbortSignal): Promise<Grid> {
  const volume = await get<Volume>(base, signal);
  const column = (n: number): Point3 => [volume.affine[0]![n]!, volume.affine[1]![n]!, volume.affine[2]![n]!];
  const normal = unit(column(0));
  const at = (slice: number): Point3 => column(3).map((value, axis) => value + slice * column(0)[axis]!) as Point3;
  const isFloat = volume.dtype === "float32";
  const [low, high] = volume.range;
  const scale = isFloat ? Math.max(high - low, Number.EPSILON) / TOP_STORED : 1;
  const toStored = (value: number) => (isFloat ? (value - low) / scale : value);
  return {
    base, slices: volume.slices, rows: volume.rows, columns: volume.columns,
    spacing: [volume.spacing_mm[1], volume.spacing_mm[2]], knowsSpacing: true, knowsSides: volume.sides_known, isFilm: false,
    unit: volume.unit, window: { centre: volume.window[0], width: volume.window[1] }, notes: volume.notes,
    rowDirection: unit(column(2)), columnDirection: unit(column(1)), normal, origin: at,
    height: (slice) => dot(at(slice), normal), address: (slice) => `${base}/slices/${slice}`,
    decode: (buffer) => ranged(isFloat ? Uint16Array.from(new Float32Array(buffer), (value) => Math.round(toStored(value))) : new Int16Array(buffer)),
    toStored, toValue: (stored) => (isFloat ? stored * scale + low : stored),
  };
}

/** A film as it hangs: the patient's right at the picture's left. */
export async function filmGrid(base: string, signal: AbortSignal): Promise<Grid> {
  const film = await get<Film>(base, signal);
  return {
    base, slices: 1, rows: film.rows, columns: film.columns, spacing: film.spacing_mm ?? [1, 1], knowsSpacing: film.spacing_mm !== null,
    knowsSides: film.sides_known, isFilm: true, unit: "", window: { centre: TOP_STORED / 2, width: TOP_STORED }, notes: film.notes,
    rowDirection: [1, 0, 0], columnDirection: [0, 1, 0], normal: [0, 0, 1], origin: () => [0, 0, 0], height: () => 0,
    address: () => `${base}/pixels`, decode: (buffer) => ranged(new Uint16Array(buffer)), toStored: (value) => value, toValue: (stored) => stored,
  };
}

export const pixelsOf = async (grid: Grid, slice: number): Promise<Decoded> => grid.decode(await bytes(grid.address(slice)));

/** A place on a slice, in columns and rows from the corner of the first pixel, in the patient's space. */
export function toWorld(grid: Grid, slice: number, column: number, row: number): Point3 {
  const along = (column - 0.5) * grid.spacing[1], down = (row - 0.5) * grid.spacing[0];
  return grid.origin(slice).map((value, axis) => value + along * grid.rowDirection[axis]! + down * grid.columnDirection[axis]!) as Point3;
}

/** The slice of another grid that lies nearest in mm; null where the two are cut in different planes. */
export function nearestSlice(from: Grid, slice: number, to: Grid, shift: number): number | null {
  if (Math.abs(dot(from.normal, to.normal)) < 0.9) return null;
  const wanted = from.height(slice) + shift;
  const step = to.slices > 1 ? (to.height(to.slices - 1) - to.height(0)) / (to.slices - 1) : 1;
  return Math.min(to.slices - 1, Math.max(0, Math.round((wanted - to.height(0)) / step)));
}

/** Letters of the picture's edges; none where the file does not say which side is which. */
export function edges(grid: Grid): { top: string; right: string; bottom: string; left: string } | null {
  if (!grid.knowsSides) return null;
  if (grid.isFilm) return { top: "", bottom: "", left: "R", right: "L" };
  const [right, bottom] = [letters(grid.rowDirection), letters(grid.columnDirection)];
  return { right, bottom, left: letters(negative(grid.rowDirection)), top: letters(negative(grid.columnDirection)) };
}

function letters(direction: Point3): string {
  const names = [["L", "R"], ["P", "A"], ["H", "F"]] as const;
  return direction.map((value, axis) => ({ size: Math.abs(value), name: names[axis]![value > 0 ? 0 : 1] }))
    .filter(({ size }) => size > 0.35).sort((a, b) => b.size - a.size).map(({ name }) => name).join("");
}

function ranged(pixels: Int16Array | Uint16Array): Decoded {
  let least = pixels[0] ?? 0, most = least;
  for (let n = 1; n < pixels.length; n += 1) {
    const value = pixels[n]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { pixels, least, most };
}

const dot = (a: Point3, b: Point3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const negative = (a: Point3): Point3 => [-a[0], -a[1], -a[2]];
function unit(a: Point3): Point3 {
  const size = Math.hypot(...a) || 1;
  return [a[0] / size, a[1] / size, a[2] / size];
}
