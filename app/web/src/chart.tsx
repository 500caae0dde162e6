/** One analyte over time. Shape tells what colour tells: points outside the range are triangles. */
import { day } from "./ui";
import type { Analyte, Point } from "./labs";

const WIDTH = 340, HEIGHT = 112, LEFT = 42, RIGHT = 14, TOP = 14, BOTTOM = 20;
const DAY_MS = 86_400_000;

interface Props { analyte: Analyte; chosen: string | null; choose: (point: Point) => void }

export function Chart({ analyte, chosen, choose }: Props) {
  const { points } = analyte;
  const times = points.map((one) => timeOf(one.date));
  const first = Math.min(...times), last = Math.max(...times);
  const across = (time: number) => (last === first ? (LEFT + WIDTH - RIGHT) / 2 : LEFT + 8 + ((time - first) / (last - first)) * (WIDTH - LEFT - RIGHT - 16));
  const limits = points.flatMap((one) => [one.low, one.high]).filter((one): one is number => one !== null);
  const [least, most] = spread([...points.map((one) => one.number), ...limits]);
  const up = (number: number) => HEIGHT - BOTTOM - ((number - least) / (most - least)) * (HEIGHT - TOP - BOTTOM);
  const band = points.findLast((one) => one.low !== null || one.high !== null);
  const top = band ? up(band.high ?? most) : 0, bottom = band ? up(band.low ?? least) : 0;
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={`${analyte.name} over time, ${analyte.unit}`}>
      {band && <rect class="band" x={LEFT} width={WIDTH - LEFT - RIGHT} y={top} height={Math.max(0, bottom - top)} />}
      <path class="axis" d={`M${LEFT} ${TOP - 6}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}`} />
      {ticks(least, most).map((tick) => <g key={tick}><path class="grid" d={`M${LEFT} ${up(tick)}H${WIDTH - RIGHT}`} /><text x={LEFT - 5} y={up(tick) + 3.5} text-anchor="end">{tick}</text></g>)}
      <path class="trace" d={points.map((one, n) => `${n ? "L" : "M"}${across(times[n]!)} ${up(one.number)}`).join("")} />
      {points.map((one, n) => <Dot key={n} x={across(times[n]!)} y={up(one.number)} point={one} unit={analyte.unit}
        isChosen={chosen !== null && one.evidence.includes(chosen)} choose={() => choose(one)} />)}
      {[...new Set([0, points.length - 1])].map((n) => <text key={`d${n}`} y={HEIGHT - 6} x={across(times[n]!)}
        text-anchor={points.length === 1 || first === last ? "middle" : n === 0 ? "start" : "end"}>{day(points[n]!.date)}</text>)}
    </svg>
  );
}

interface DotProps { x: number; y: number; point: Point; unit: string; isChosen: boolean; choose: () => void }

function Dot({ x, y, point, unit, isChosen, choose }: DotProps) {
  const flag = point.flag.startsWith("H") ? "high" : point.flag.startsWith("L") ? "low" : "";
  const shape = flag === "high" ? `M${x} ${y - 6}l6 10h-12z` : flag === "low" ? `M${x} ${y + 6}l6 -10h-12z` : null;
  const above = y > TOP + 14;
  const name = `${day(point.date)}: ${point.shown} ${unit}${flag ? `, ${flag}` : ""}; go to its evidence`;
  return (
    <g role="button" tabindex={0} aria-label={name} class={`dot ${flag} ${isChosen ? "chosen" : ""}`} onClick={choose}
      onKeyDown={(event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); } }}>
      <circle class="hit" cx={x} cy={y} r="14" />
      {shape ? <path d={shape} /> : <circle cx={x} cy={y} r="4.5" />}
      <text x={x} y={above ? y - 10 : y + 18} text-anchor={x > WIDTH - 60 ? "end" : x < LEFT + 30 ? "start" : "middle"}>{point.shown}</text>
    </g>
  );
}

const timeOf = (date: string): number => Date.parse(date.length === 4 ? `${date}-01-01` : date) || DAY_MS;

function spread(numbers: number[]): [number, number] {
  const least = Math.min(...numbers), most = Math.max(...numbers);
  const room = (most - least || Math.abs(most) || 1) * 0.12;
  return [least >= 0 ? Math.max(0, least - room) : least - room, most + room];
}

/** Two to four round numbers between the ends. */
function ticks(least: number, most: number): number[] {
  const rough = (most - least) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  const found: number[] = [];
  for (let tick = Math.ceil(least / step) * step; tick <= most; tick += step) found.push(Number(tick.toPrecision(6)));
  return found;
}
