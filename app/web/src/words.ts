/** What the server answers, as far as the page uses it; `/api/openapi.json` describes all of it. */

export type Role = "viewer" | "reader" | "signer";

export interface Me { user: string; role: Role; csrf: string | null; readers: string[]; roots: number }

export type RunState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface CaseState {
  id: string; title: string; origin: "uploaded" | "registered"; owner: string; users: string[]; patient: string | null;
  question: string | null; created_at: string; files: number | null;
  state: "empty" | "new" | "queued" | "running" | "failed" | "cancelled" | "reviewed";
  report_status: ReportStatus | null; report_version: number | null; job: string | null;
}

export interface Job {
  id: string; kind: "review" | "tool"; case: string; state: RunState; created_at: string; started_at: string | null;
  ended_at: string | null; error: { detail: string; exit_code: number } | null; usable: boolean | null;
}
export interface JobShown { job: Job; position: number }
export interface JobEvent { number: number; at: string; state: RunState; step: string | null; done: boolean | null }

export type ViewerKind = "volume" | "film" | "slide" | "document" | "record" | "note";

export interface Series {
  key: string; kind: string; modality: string; description: string; view: string | null; files: number;
  viewer: ViewerKind | null; evidence: number;
}
export interface Study {
  id: string; date: string | null; kind: string; modality: string; description: string; series: Series[];
}
export interface Place { evidence: string; series: string | null; viewer: ViewerKind | null }

export type Box = [number, number, number, number];
export interface Mark {
  evidence: string; label: string; caption: string; box: Box | null; first: number; last: number; findings: string[];
  sentences: string[];
}

export interface Volume {
  slices: number; rows: number; columns: number; spacing_mm: [number, number, number]; affine: number[][]; unit: string;
  dtype: string; window: [number, number]; range: [number, number]; sides_known: boolean; notes: string[];
}
export interface Film {
  rows: number; columns: number; spacing_mm: [number, number] | null; turn: number; view: string | null;
  sides_known: boolean; notes: string[];
}
export interface Slide { width: number; height: number; tile: number; levels: number; mpp: number | null; notes: string[] }
export interface Pages { pages: { width: number; height: number }[] }

export type ReportStatus = "draft" | "signed" | "rejected";

export interface Sentence {
  text: string; evidence: string[]; findings: string[]; kind: "finding" | "comparison" | "impression" | "limitation";
  support: "supported" | "unsupported"; outcome: string; reason: string | null; written: string | null;
  read_by: string | null; worded_by: string | null;
}
export interface Value {
  number: number | null; text: string | null; comparator: string | null; unit: string | null; low: number | null;
  high: number | null; range_text: string | null; flag: string | null; flag_computed: string | null;
  specimen: string | null; panel: string | null;
}
export interface Finding {
  id: string; name: string; category: string; status: string; site: string | null; value: Value | null;
  evidence: string[]; tool: string; reader: string; date: string | null;
}
export interface Evidence {
  id: string; kind: string; source: { file: string }; date: string | null; caption: string; picture: string | null;
  locator: { bbox_mm?: number[]; box?: number[] | null; bbox?: number[]; width?: number; height?: number };
}
export interface TimelineEvent {
  id: string; kind: string; text: string; occurred_at: string | null; precision: string | null;
  recorded_at: string | null; evidence: string[]; analyte: string | null; site: string | null;
}
export interface TimelineHit { event: TimelineEvent; match: "words" | "opposite" | "meaning" | null }
export interface Signature {
  name: string; account: string; signed_at: string; content_sha256: string; reason: string | null;
}
export interface Step { tool: string; arguments: Record<string, unknown> }
export interface Answer {
  text: string; status: "answered" | "not_in_case" | "declined"; sentences: { text: string; evidence: string[] }[];
  evidence: Evidence[]; steps: Step[];
}
export interface Turn { question: string; answer: Answer }
export interface NotRead { file: string; code: string; reason: string }

export interface Report {
  status: ReportStatus; case: { id: string; patient: string }; question: string | null; answer: Answer | null;
  reader: { name: string; model: string | null; interprets: boolean };
  sections: { title: string; sentences: Sentence[] }[]; findings: Finding[]; evidence: Evidence[];
  timeline: TimelineEvent[]; not_read: NotRead[];
  left_out: { section: string; text: string; reason: string }[];
  conflicts: { text: string; evidence: string[] }[]; warnings: string[]; version: number;
  edits: { at: string; section: string; before: string; after: string | null; objection: string | null; name: string;
    edited_at: string }[];
  signature: Signature | null; addenda: { text: string; name: string; added_at: string }[];
}
export interface Stands { text: string; support: "supported" | "unsupported"; reason: string | null }

/** A finding's place in the report: `s-2-3` is the third sentence of the second section. */
export const placeOf = (section: number, sentence: number): string => `s-${section + 1}-${sentence + 1}`;
