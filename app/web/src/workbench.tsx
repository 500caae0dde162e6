/** The page of one case. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { get, request, send } from "./api";
import { BenchContext, type Focus, bestOf, may, sentenceAt } from "./bench";
import { Badge, stateOf } from "./cases";
import { Chat } from "./chat";
import { CaseActions } from "./decide";
import { Labs } from "./labs";
import { useLoaded } from "./load";
import { ReportView } from "./report";
import { followed } from "./route";
import { Run } from "./run";
import { Strip } from "./strip";
import { Tabs } from "./tabs";
import { Timeline } from "./timeline";
import { Form, Icon, Trouble, Wait, sentence } from "./ui";
import { ViewArea } from "./viewer/area";
import type { CaseState, Me, Place, Report, Study } from "./words";

const NOT_A_DEVICE = "Caseloom is not a medical device.";

interface Whole { report: Report; digest: string; studies: Study[]; places: Place[] }

export function CasePage({ id, me }: { id: string; me: Me }) {
  const state = useLoaded((signal) => get<CaseState>(`/api/cases/${id}`, signal), [id]);
  const reviewed = state.value?.report_status != null;
  const mayBe = state.value === null || reviewed; // most cases are reviewed: nothing waits to know it
  const whole = useLoaded((signal) => (mayBe ? wholeOf(id, signal) : Promise.resolve(null)), [id, mayBe]);
  const reload = useCallback(() => { state.reload(); whole.reload(); }, []);
  useEffect(() => { if (state.value) document.title = `${state.value.title} · Caseloom`; }, [state.value?.title]);
  if (!state.value) return <main class="centre">{state.problem ? <Trouble problem={state.problem} retry={state.reload} /> : <Wait>Loading the case</Wait>}</main>;
  const running = state.value.job !== null && state.value.state !== "reviewed" && state.value.state !== "new";
  if (!reviewed) return <Before state={state.value} me={me} running={running} reload={reload} />;
  return (
    <main class="bench">
      {running && <div class="rerun"><Run job={state.value.job!} me={me} over={reload} /></div>}
      {whole.problem && <Trouble problem={whole.problem} retry={whole.reload} />}
      {whole.value ? <Workbench whole={whole.value} state={state.value} me={me} reload={reload} /> : !whole.problem && <Wait>Loading the report</Wait>}
    </main>
  );
}

async function wholeOf(id: string, signal: AbortSignal): Promise<Whole> {
  const [told, studies, places] = await Promise.all([
    request("GET", `/api/cases/${id}/report`, undefined, signal),
    get<{ studies: Study[] }>(`/api/cases/${id}/studies`, signal),
    get<{ places: Place[] }>(`/api/cases/${id}/evidence`, signal),
  ]);
  const digest = told.headers.get("Caseloom-Content-SHA256") ?? "";
  return { report: (await told.json()) as Report, digest, studies: studies.studies, places: places.places };
}

function Before({ state, me, running, reload }: { state: CaseState; me: Me; running: boolean; reload: () => void }) {
  return (
    <main class="centre">
      <p class="back"><a href="/" onClick={(event) => followed(event, "/")}>Cases</a></p>
      <h1>{state.title} {!running && <Badge state={stateOf(state)} />}</h1>
      {state.question && <p class="question">{state.question}</p>}
      {running ? <><Run key={state.job} job={state.job!} me={me} over={reload} />
        {state.state === "failed" && may(me, "reader") && <WhoseCase state={state} reload={reload} />}</> : state.state === "empty"
        ? <p>No file has been uploaded to this case yet. Remove it from the list and add the case again.</p>
        : may(me, "reader") ? <Form label="Start the review" act={async () => { await send("POST", `/api/cases/${state.id}/reviews`, {}); reload(); }}>
          <p>The files are here. A review measures, extracts and compares; it takes from seconds to minutes.</p></Form>
        : <p>Nobody has started a review of this case yet.</p>}
    </main>
  );
}

/** Names the patient where the files name several people, and reviews again. */
function WhoseCase({ state, reload }: { state: CaseState; reload: () => void }) {
  const [patient, setPatient] = useState(state.patient ?? "");
  return (
    <details><summary>The files name several people</summary>
      <Form label="Review this patient" ready={patient.trim() !== ""} act={async () => {
        await send("PATCH", `/api/cases/${state.id}`, { patient: patient.trim() });
        await send("POST", `/api/cases/${state.id}/reviews`, {});
        reload();
      }}>
        <label>Patient's identifier, as the files have it
          <input value={patient} maxLength={200} onInput={(event) => setPatient(event.currentTarget.value)} /></label>
      </Form>
    </details>
  );
}

function Workbench({ whole, state, me, reload }: { whole: Whole; state: CaseState; me: Me; reload: () => void }) {
  const { report, digest, studies } = whole;
  const places = useMemo(() => new Map(whole.places.map((one) => [one.evidence, one])), [whole.places]);
  const evidence = useMemo(() => new Map(report.evidence.map((one) => [one.id, one])), [report]);
  const [focus, setFocus] = useState<Focus>(() => ({ series: firstSeries(studies), evidence: null, sentence: null, compares: false, count: 0 }));
  const [tab, setTab] = useState("report");
  const [folded, setFolded] = useState(false);
  const move = (next: Partial<Focus>) => setFocus((now) => ({ ...now, compares: false, ...next, count: now.count + 1 }));
  const bench = {
    me, state, report, digest, studies, places, evidence, focus, reload, cited: sentenceAt(report, focus.sentence)?.evidence ?? [],
    show: (key: string, at?: string) => move({ evidence: key, series: places.get(key)?.series ?? focus.series, ...(at ? { sentence: at, compares: true } : {}) }),
    best: (keys: string[]) => bestOf(keys, evidence, places),
    read: (at: string) => { setTab("report"); move({ sentence: at }); },
    open: (series: string) => move({ series, evidence: null }),
    pick: (key: string | null, sentences: string[]) => {
      move({ evidence: key, ...(sentences[0] ? { sentence: sentences[0] } : {}) });
      if (sentences[0]) setTab("report");
    },
  };
  return (
    <BenchContext.Provider value={bench}>
      <Banner report={report} />
      <div class="casebar">
        <a class="iconed" href="/" aria-label="Back to the cases" title="Back to the cases" onClick={(event) => followed(event, "/")}><Icon name="back" /></a>
        <h1>{state.title}</h1><Badge state={stateOf(state)} />
        {report.version > 1 && <span class="hint">version {report.version}</span>}
        <CaseActions />
      </div>
      <div class={`areas ${folded ? "folded" : ""}`}>
        <Strip folded={folded} fold={() => setFolded(!folded)} />
        <ViewArea />
        <Tabs name="Report, timeline, laboratory and chat" chosen={tab} choose={setTab} tabs={[
          { id: "report", title: "Report", body: <ReportView /> },
          { id: "timeline", title: "Timeline", body: <Timeline /> },
          { id: "labs", title: "Labs", body: <Labs /> },
          { id: "chat", title: "Chat", body: <Chat /> },
        ]} />
      </div>
    </BenchContext.Provider>
  );
}

/** As the report's own forms have it. */
function Banner({ report }: { report: Report }) {
  const by = report.signature;
  const text = report.status === "signed" && by ? `Signed by ${by.name}, ${by.signed_at.slice(0, 16).replace("T", " ")}.`
    : report.status === "rejected" ? `REJECTED – not signed.${by?.reason ? ` ${sentence(by.reason)}` : ""}` : "DRAFT – not signed.";
  return <div class={`banner ${report.status}`} role="status">{text} {NOT_A_DEVICE}</div>;
}

/** The latest image with evidence on it, volumes before films before slides. */
function firstSeries(studies: Study[]): string | null {
  const rank = ["volume", "film", "slide", "document", "record", "note"];
  const shown = studies.flatMap((study) => study.series.map((series) => ({ ...series, date: study.date ?? "" })))
    .filter((series) => series.viewer !== null);
  shown.sort((a, b) => rank.indexOf(a.viewer!) - rank.indexOf(b.viewer!) || Number(b.evidence > 0) - Number(a.evidence > 0)
    || b.date.localeCompare(a.date));
  return shown[0]?.key ?? null;
}
