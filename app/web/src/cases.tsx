/** The list of cases. */
import { useEffect, useState } from "preact/hooks";
import { get, said, send } from "./api";
import { useLoaded } from "./load";
import { NewCase } from "./newcase";
import { followed } from "./route";
import { Dialog, Form, Icon, IconButton, Notice, Trouble, Wait, counted, minute } from "./ui";
import type { CaseState, Me } from "./words";

const PAGE = 50;
const WATCH_MS = 2000;
const STATES: Record<string, string> = {
  empty: "No files", new: "Not reviewed", queued: "Waiting", running: "Under review", failed: "Failed", cancelled: "Stopped",
  draft: "Draft to read", signed: "Signed", rejected: "Rejected",
};

export const stateOf = (one: CaseState): string =>
  one.state === "reviewed" ? one.report_status ?? "draft" : one.state;

export function Badge({ state }: { state: string }) {
  return <span class={`badge ${state}`}>{STATES[state] ?? state}</span>;
}

export function Cases({ me }: { me: Me }) {
  const [adding, setAdding] = useState(false);
  const [dropped, setDropped] = useState<DataTransfer | null>(null);
  const [over, setOver] = useState(false);
  const [offset, setOffset] = useState(0);
  const list = useLoaded((signal) => get<{ cases: CaseState[]; total: number }>(`/api/cases?limit=${PAGE}&offset=${offset}`, signal), [offset]);
  const mayAdd = me.role !== "viewer";
  const moving = list.value?.cases.some((one) => one.state === "queued" || one.state === "running") ?? false;
  useEffect(() => {
    document.title = "Cases · Caseloom";
    if (!moving) return;
    const timer = setInterval(list.reload, WATCH_MS);
    return () => clearInterval(timer);
  }, [moving]);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (mayAdd && event.dataTransfer?.items.length) { setDropped(event.dataTransfer); setAdding(true); }
  };
  return (
    <main class={`cases ${over ? "over" : ""}`} onDragOver={(event) => { event.preventDefault(); setOver(mayAdd); }}
      onDragLeave={() => setOver(false)} onDrop={drop}>
      <div class="heading">
        <h1>Cases</h1>
        {mayAdd && <button class="main" onClick={() => setAdding(true)}><Icon name="plus" />New case</button>}
      </div>
      <Trouble problem={list.problem} retry={list.reload} />
      {!list.value && !list.problem && <Wait>Loading the cases</Wait>}
      {list.value?.total === 0 && <Empty mayAdd={mayAdd} add={() => setAdding(true)} />}
      {list.value && list.value.total > 0 && <Table cases={list.value.cases} me={me} changed={list.reload} />}
      {list.value && list.value.total > PAGE &&
        <nav class="pager" aria-label="Pages of the list">
          <button class="quiet" disabled={offset === 0} onClick={() => setOffset(offset - PAGE)}>Newer</button>
          <span>{offset + 1}–{Math.min(offset + PAGE, list.value.total)} of {list.value.total}</span>
          <button class="quiet" disabled={offset + PAGE >= list.value.total} onClick={() => setOffset(offset + PAGE)}>Older</button>
        </nav>}
      <p class="hint foot">Caseloom is not a medical device. A report is a draft until a person signs it.</p>
      {adding && <NewCase me={me} dropped={dropped} close={() => { setAdding(false); setDropped(null); list.reload(); }} />}
    </main>
  );
}

function Empty({ mayAdd, add }: { mayAdd: boolean; add: () => void }) {
  return (
    <div class="empty">
      <Icon name="folder" />
      <h2>No cases yet</h2>
      <p>A case is one patient's files: CT and MR series, films, slides, laboratory PDFs, letters, health records.</p>
      {mayAdd ? <><button class="main" onClick={add}>Add the first case</button><p class="hint">or drop a folder, files or a .zip here</p></>
        : <p class="hint">Nobody has shared a case with you.</p>}
    </div>
  );
}

function Table({ cases, me, changed }: { cases: CaseState[]; me: Me; changed: () => void }) {
  const [removing, setRemoving] = useState<CaseState | null>(null);
  return (
    <>
      <table class="list">
        <thead><tr><th>Case</th><th>State</th><th class="wide">Files</th><th class="wide">Added</th><th class="wide">By</th><th><span class="unseen">Actions</span></th></tr></thead>
        <tbody>{cases.map((one) => (
          <tr key={one.id}>
            <td><a href={`/cases/${one.id}`} onClick={(event) => followed(event, `/cases/${one.id}`)}>{one.title}</a>
              {one.question && <small>{one.question}</small>}</td>
            <td><Badge state={stateOf(one)} />{(one.report_version ?? 1) > 1 && <small>version {one.report_version}</small>}</td>
            <td class="wide">{one.files === null ? "Folder on the server" : counted(one.files, "file")}</td>
            <td class="wide">{minute(one.created_at)}</td>
            <td class="wide">{one.owner}</td>
            <td class="end"><Start one={one} me={me} changed={changed} />
              {(one.owner === me.user ? me.role !== "viewer" : me.role === "signer") &&
                <IconButton icon="close" label={`Remove ${one.title} from the list`} onClick={() => setRemoving(one)} />}</td>
          </tr>))}</tbody>
      </table>
      {removing && <Dialog title="Remove this case?" close={() => setRemoving(null)}>
        <Form label="Remove" danger close={() => setRemoving(null)} act={async () => {
          await send("DELETE", `/api/cases/${removing.id}`); setRemoving(null); changed();
        }}>
          <p><b>{removing.title}</b> leaves the list{removing.origin === "uploaded" ? ", and its uploaded files are deleted" : "; the folder itself stays as it is"}.
            What was decided about it stays on record.</p>
        </Form>
      </Dialog>}
    </>
  );
}

function Start({ one, me, changed }: { one: CaseState; me: Me; changed: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  if (me.role === "viewer" || one.state !== "new") return null;
  const start = () => send("POST", `/api/cases/${one.id}/reviews`, {}).then(changed, (error: unknown) => setProblem(said(error)));
  return <>{problem && <Notice kind="error">{problem}</Notice>}<button class="quiet small" aria-label={`Review ${one.title}`} onClick={start}>Review</button></>;
}
