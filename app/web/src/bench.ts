/** What the parts of a case's page share: the case, its report, and where everybody looks. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { CaseState, Evidence, Me, Place, Report, Sentence, Series, Study } from "./words";

/** Where everybody looks. `count` grows with each look, so that the same place can be gone to again; `compares` tells
 * that a sentence led here, which may speak of two examinations. */
export interface Focus { series: string | null; evidence: string | null; sentence: string | null; compares: boolean; count: number }

export interface Bench {
  me: Me; state: CaseState; report: Report; digest: string; studies: Study[]; places: Map<string, Place>;
  evidence: Map<string, Evidence>; focus: Focus;
  /** Evidence of the sentence that is looked at. */
  cited: string[];
  /** Opens the image that a piece of evidence lies in, at its place. */
  show: (evidence: string, sentence?: string) => void;
  /** Of several, the evidence to look at first: of the latest examination, the smallest place. */
  best: (evidence: string[]) => string | null;
  /** Goes to a sentence of the report. */
  read: (sentence: string) => void;
  open: (series: string) => void;
  /** Marks a piece of evidence as looked at, the sentences that rest on it with it. */
  pick: (evidence: string | null, sentences: string[]) => void;
  reload: () => void;
}

export const BenchContext = createContext<Bench | null>(null);

export function useBench(): Bench {
  const bench = useContext(BenchContext);
  if (!bench) throw new Error("a part of a case's page stands outside of it");
  return bench;
}

export const caseUrl = (bench: { state: { id: string } }, rest: string): string => `/api/cases/${bench.state.id}/${rest}`;

export const may = (me: Me, role: "reader" | "signer"): boolean =>
  me.role === "signer" || (role === "reader" && me.role === "reader");

export interface Found { study: Study; series: Series }

export function seriesOf(studies: Study[], key: string | null): Found | null {
  for (const study of studies) {
    const series = study.series.find((one) => one.key === key);
    if (series) return { study, series };
  }
  return null;
}

const NAMES: Record<string, string> = {
  ct: "CT", mr: "MR", volume: "Volume", film: "Film", slide: "Slide", document: "Document", record: "Health record", note: "Note",
};

export const kindName = (kind: string): string => NAMES[kind] ?? kind;

/** What a study is called where it says nothing itself. */
export const titleOf = ({ study, series }: Found): string =>
  study.description || series.description || `${kindName(series.kind)}${series.view ? ` ${series.view}` : ""}`;

/** How much of its source a piece of evidence covers, from 0; 1 for all of it. */
function extent({ locator }: Evidence): number {
  const box = locator.bbox_mm;
  if (box) return Math.abs((box[3]! - box[0]!) * (box[4]! - box[1]!) * (box[5]! - box[2]!)) / 1e9;
  const flat = locator.box ?? locator.bbox;
  if (flat) return Math.abs((flat[2]! - flat[0]!) * (flat[3]! - flat[1]!)) / 1e9;
  return locator.width && locator.height ? (locator.width * locator.height) / 1e12 : 1;
}

/** See `Bench.best`. */
export function bestOf(keys: string[], evidence: Map<string, Evidence>, places: Map<string, Place>): string | null {
  const seen = keys.filter((key) => places.get(key)?.series != null).map((key) => evidence.get(key)!);
  seen.sort((a, b) => (b.date ?? "").slice(0, 10).localeCompare((a.date ?? "").slice(0, 10)) || extent(a) - extent(b));
  return seen[0]?.id ?? null;
}

/** A sentence by its place. */
export function sentenceAt(report: Report, at: string | null): Sentence | undefined {
  const [, n, m] = at?.split("-") ?? [];
  return report.sections[Number(n) - 1]?.sentences[Number(m) - 1];
}
