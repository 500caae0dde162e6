/** Boxes of evidence over an image. */
import type { Mark } from "../words";

const LONGEST = 44;
const LETTER = 7.4;

export interface Drawn { mark: Mark; x: number; y: number; width: number; height: number }

interface Props { drawn: Drawn[]; chosen: string | null; cited?: string[]; pick: (mark: Mark) => void; width: number; height: number; viewBox?: string; scale?: number }

/** An SVG over the image, in its element's pixels. Only the boxes' edges and labels take the pointer. */
export function Overlay({ drawn, chosen, cited = [], pick, width, height, viewBox, scale = 1 }: Props) {
  const inOrder = [...drawn].sort((a, b) => Number(a.mark.evidence === chosen) - Number(b.mark.evidence === chosen) || b.width * b.height - a.width * a.height);
  return (
    <svg class="overlay" width={viewBox ? undefined : width} height={viewBox ? undefined : height} viewBox={viewBox} role="group" aria-label="Evidence on the image">
      {inOrder.map((one) => <MarkBox key={one.mark.evidence} one={one} isChosen={one.mark.evidence === chosen} isCited={cited.includes(one.mark.evidence)} pick={pick} scale={scale} limit={width} />)}
    </svg>
  );
}

function MarkBox({ one, isChosen, isCited, pick, scale, limit }: { one: Drawn; isChosen: boolean; isCited: boolean; pick: (mark: Mark) => void; scale: number; limit: number }) {
  const { mark, x, y, width, height } = one;
  const text = isChosen ? shortened(`${mark.evidence} ${mark.label}`, limit / (LETTER * scale) - 2) : mark.evidence;
  const size = 12 * scale;
  const wide = (text.length * LETTER + 8) * scale;
  const left = Math.max(0, Math.min(x, limit - wide));
  const above = y > size + 8 * scale;
  const top = above ? y - size - 5 * scale : y + height + 3 * scale;
  return (
    <g class={`mark ${isChosen ? "chosen" : isCited ? "cited" : ""}`} role="button" tabindex={0} aria-label={`${mark.evidence}: ${mark.label}`} data-evidence={mark.evidence}
      onClick={() => pick(mark)} onKeyDown={(event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(mark); } }}>
      <title>{mark.label}</title>
      <rect class="halo" x={x} y={y} width={width} height={height} stroke-width={4 * scale} />
      <rect class="edge" x={x} y={y} width={width} height={height} stroke-width={(isChosen ? 2.5 : 1.5) * scale} />
      <rect class="hit" x={x} y={y} width={width} height={height} stroke-width={12 * scale} />
      <rect class="plate" x={left} y={top} width={wide} height={size + 4 * scale} rx={3 * scale} />
      <text x={left + 4 * scale} y={top + size} font-size={11 * scale}>{text}</text>
    </g>
  );
}

function shortened(text: string, room: number): string {
  const most = Math.max(8, Math.min(LONGEST, Math.floor(room)));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
