/** What is done with a whole report: sign, reject, add, export, review again. */
import { useEffect, useRef, useState } from "preact/hooks";
import { download, said, send } from "./api";
import { caseUrl, may, useBench } from "./bench";
import { Dialog, Form, Icon, Notice, Trouble, counted, useName } from "./ui";

const FORMS: [string, string, string][] = [
  ["pdf", "PDF", "report.pdf"], ["html", "Web page", "report.html"], ["markdown", "Markdown", "report.md"], ["json", "JSON", "report.json"],
  ["fhir", "FHIR", "fhir.json"], ["csv", "Findings as CSV", "findings.csv"], ["geojson", "Slide regions as GeoJSON", "regions.geojson"],
  ["dicom-sr", "DICOM SR", "report.dcm"], ["dicom-seg", "DICOM SEG", "segmentation.dcm"], ["dicom-pdf", "DICOM PDF", "report-pdf.dcm"],
  ["schema", "JSON schema", "schema.json"],
];

type Asked = "sign" | "reject" | "add" | "again" | null;

export function CaseActions() {
  const { me, report } = useBench();
  const [asked, setAsked] = useState<Asked>(null);
  const close = () => setAsked(null);
  const isDraft = report.status === "draft";
  return (
    <div class="case-actions">
      <Exports />
      {may(me, "reader") && <button class="quiet" onClick={() => setAsked("again")}>Review again</button>}
      {may(me, "signer") && isDraft && <><button class="quiet" onClick={() => setAsked("reject")}>Reject</button>
        <button class="main" onClick={() => setAsked("sign")}><Icon name="check" />Approve</button></>}
      {may(me, "signer") && report.status === "signed" && <button class="main" onClick={() => setAsked("add")}>Add to it</button>}
      {asked === "sign" && <Sign close={close} />}
      {asked === "reject" && <Reject close={close} />}
      {asked === "add" && <Add close={close} />}
      {asked === "again" && <Again close={close} />}
    </div>
  );
}

function NameField({ name, give }: { name: string; give: (name: string) => void }) {
  return <label>Your name, as the report shall show it
    <input value={name} required maxLength={200} autocomplete="name" autofocus onInput={(event) => give(event.currentTarget.value)} /></label>;
}

function Sign({ close }: { close: () => void }) {
  const bench = useBench();
  const [name, setName] = useName();
  const lines = bench.report.sections.flatMap((part) => part.sentences);
  const unsupported = lines.filter((one) => one.support === "unsupported").length;
  return (
    <Dialog title="Approve and sign" close={close}>
      <Form label="Sign" close={close} ready={name.trim() !== ""} act={async () => {
        await send("POST", caseUrl(bench, "report/signature"), { name: name.trim(), content_sha256: bench.digest || null });
        close(); bench.reload();
      }}>
        <p>You sign version {bench.report.version} with its {counted(lines.length, "sentence")}, exactly as it stands here. Signed words are not changed again; you can add to them.</p>
        {unsupported > 0 && <Notice kind="warn">{counted(unsupported, "sentence")} without support in the evidence.</Notice>}
        {bench.report.conflicts.length > 0 && <Notice kind="warn">{counted(bench.report.conflicts.length, "conflict")} between sources.</Notice>}
        {bench.report.not_read.length > 0 && <Notice kind="warn">{counted(bench.report.not_read.length, "file")} not read.</Notice>}
        <NameField name={name} give={setName} />
        <p class="hint">Account {bench.me.user} and the digest {bench.digest.slice(0, 12)}… are recorded with the signature.</p>
      </Form>
    </Dialog>
  );
}

function Reject({ close }: { close: () => void }) {
  const bench = useBench();
  const [name, setName] = useName();
  const [reason, setReason] = useState("");
  return (
    <Dialog title="Reject the draft" close={close}>
      <Form label="Reject" danger close={close} ready={name.trim() !== "" && reason.trim() !== ""} act={async () => {
        await send("POST", caseUrl(bench, "report/rejection"), { name: name.trim(), reason: reason.trim(), content_sha256: bench.digest || null });
        close(); bench.reload();
      }}>
        <label>Why<textarea rows={3} required maxLength={2000} value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></label>
        <NameField name={name} give={setName} />
        <p class="hint">The draft stays on record with the reason.</p>
      </Form>
    </Dialog>
  );
}

function Add({ close }: { close: () => void }) {
  const bench = useBench();
  const [name, setName] = useName();
  const [text, setText] = useState("");
  return (
    <Dialog title="Add to the signed report" close={close}>
      <Form label="Add" close={close} ready={name.trim() !== "" && text.trim() !== ""} act={async () => {
        await send("POST", caseUrl(bench, "report/addenda"), { name: name.trim(), text: text.trim() });
        close(); bench.reload();
      }}>
        <label>Addendum<textarea rows={4} required maxLength={5000} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        <NameField name={name} give={setName} />
        <p class="hint">What was signed stays as it is.</p>
      </Form>
    </Dialog>
  );
}

function Again({ close }: { close: () => void }) {
  const bench = useBench();
  const [question, setQuestion] = useState(bench.report.question ?? "");
  const [reader, setReader] = useState(bench.me.readers[0] ?? "");
  const [fresh, setFresh] = useState(false);
  return (
    <Dialog title="Review again" close={close}>
      <Form label="Start the review" close={close} act={async () => {
        await send("POST", caseUrl(bench, "reviews"), { reader: reader || null, question: question.trim() || null, fresh });
        close(); bench.reload();
      }}>
        <label>Question <span class="hint">optional</span><input value={question} maxLength={2000} onInput={(event) => setQuestion(event.currentTarget.value)} /></label>
        {bench.me.readers.length > 1 && <label>Reader<select value={reader} onChange={(event) => setReader(event.currentTarget.value)}>
          {bench.me.readers.map((one) => <option key={one}>{one}</option>)}</select></label>}
        <label class="tick"><input type="checkbox" checked={fresh} onChange={(event) => setFresh(event.currentTarget.checked)} />Start over and measure everything anew</label>
      </Form>
    </Dialog>
  );
}

function Exports() {
  const bench = useBench();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const away = (event: Event) => {
      const isKey = event instanceof KeyboardEvent;
      if (isKey ? event.key === "Escape" : !menu.current?.contains(event.target as Node)) menu.current?.removeAttribute("open");
    };
    addEventListener("pointerdown", away);
    addEventListener("keydown", away);
    return () => { removeEventListener("pointerdown", away); removeEventListener("keydown", away); };
  }, []);
  const take = async (form: string, name: string) => {
    setBusy(form);
    setProblem(null);
    try { await download(caseUrl(bench, `report?format=${form}`), name); menu.current?.removeAttribute("open"); } catch (error) { setProblem(said(error)); }
    setBusy(null);
  };
  return (
    <details class="menu" ref={menu}>
      <summary class="button quiet">Export<Icon name="down" /></summary>
      <div class="menu-body">
        <Trouble problem={problem} />
        {FORMS.map(([form, title, name]) => <button key={form} type="button" disabled={busy !== null} onClick={() => void take(form, name)}>
          {title}{busy === form && <span class="spin" aria-hidden="true" />}</button>)}
      </div>
    </details>
  );
}
