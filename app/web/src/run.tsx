/** A review as it goes: what is being done, stop, go on. */
import { useEffect, useState } from "preact/hooks";
import { get, said, send } from "./api";
import { Icon, Notice, Trouble, sentence } from "./ui";
import type { JobEvent, JobShown, Me, RunState } from "./words";

const OVER: RunState[] = ["done", "failed", "cancelled"];
const STEPS: Record<string, string> = {
  intake: "Looking through the files", plan: "Choosing what to measure", compare: "Comparing with earlier examinations",
  remember: "Building the timeline", compose: "Writing the draft", verify: "Checking every sentence against its evidence",
  render: "Drawing the pictures", sign_off: "Handing over for signature", volume: "Measuring the volume",
  localization: "Reading the film", labs: "Extracting laboratory values", records: "Going through the record",
  pathology: "Searching the slide", comparison: "Comparing two examinations",
};

function named(step: string): string {
  const [tool, study] = step.split(" ");
  return (STEPS[tool!] ?? tool!) + (study ? ` (${study})` : "");
}

interface Props { job: string; me: Me; over: () => void }

export function Run({ job, me, over }: Props) {
  const [shown, setShown] = useState<JobShown | null>(null);
  const [steps, setSteps] = useState(new Map<string, boolean>());
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const look = async () => {
    try {
      const now = await get<JobShown>(`/api/jobs/${job}`);
      setShown(now);
      return now.job.state;
    } catch (error) {
      setProblem(said(error));
      return null;
    }
  };
  useEffect(() => {
    void look();
    const source = new EventSource(`/api/jobs/${job}/events`);
    const hear = async (message: MessageEvent<string>) => {
      const told = JSON.parse(message.data) as JobEvent;
      if (told.step) setSteps((known) => new Map(known).set(told.step!, told.done === true));
      const now = told.step ? told.state : await look(); // a run that goes on tells of its earlier ends first
      if (now && OVER.includes(now)) { source.close(); over(); }
    };
    source.addEventListener("step", (message) => void hear(message));
    source.addEventListener("state", (message) => void hear(message));
    source.onerror = () => { if (source.readyState === EventSource.CLOSED) setProblem("the connection to the run is lost; load the page again"); };
    return () => source.close();
  }, [job, round]);
  const act = (what: "cancel" | "resume") => send<JobShown>("POST", `/api/jobs/${job}/${what}`).then((now) => {
    setShown(now);
    setSteps(new Map());
    setRound((count) => count + 1);
    over();
  }, (error: unknown) => setProblem(said(error)));
  const state = shown?.job.state ?? "queued";
  const list = [...steps];
  const latest = list.filter(([, done]) => !done).at(-1)?.[0];
  return (
    <section class="run" aria-label="Progress of the review">
      <h2>{state === "running" ? "The review is under way" : state === "queued" ? "The review waits for its turn"
        : state === "failed" ? "The review failed" : state === "cancelled" ? "The review was stopped" : "The review is done"}</h2>
      <p class="now" aria-live="polite">{state === "running" && latest ? `${named(latest)}…`
        : state === "queued" && shown && shown.position > 1 ? `${shown.position - 1} before it.` : ""}</p>
      {state === "running" && <progress aria-label="Steps done" max={Math.max(list.length, 1)} value={list.filter(([, done]) => done).length} />}
      {shown?.job.error && <Notice kind="error">{sentence(shown.job.error.detail)}</Notice>}
      <Trouble problem={problem} />
      <ol class="steps">{list.map(([step, done]) =>
        <li key={step} class={done ? "done" : "on"}>{done ? <Icon name="check" /> : <span class="spin" aria-hidden="true" />}{named(step)}
          <span class="unseen">{done ? " done" : " under way"}</span></li>)}</ol>
      {me.role !== "viewer" && <div class="actions middle">
        {(state === "queued" || state === "running") && <button class="quiet" onClick={() => void act("cancel")}>Stop</button>}
        {(state === "failed" || state === "cancelled") && <button class="main" onClick={() => void act("resume")}>Go on where it stopped</button>}
      </div>}
    </section>
  );
}
