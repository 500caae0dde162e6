/** A new case: files that are uploaded, or a folder of the server. */
import { useEffect, useRef, useState } from "preact/hooks";
import { send, upload } from "./api";
import { type Given, chosen, dropped as filesOf, sized } from "./files";
import { go } from "./route";
import { Dialog, Form, Icon, Notice, counted } from "./ui";
import type { CaseState, Me } from "./words";

const AT_ONCE = 3;

interface Props { me: Me; dropped: DataTransfer | null; close: () => void }

export function NewCase({ me, dropped, close }: Props) {
  const [given, setGiven] = useState<Given[]>([]);
  const [folder, setFolder] = useState("");
  const [way, setWay] = useState<"upload" | "folder">("upload");
  const [title, setTitle] = useState("");
  const [patient, setPatient] = useState("");
  const [question, setQuestion] = useState("");
  const [sent, setSent] = useState<number | null>(null);
  const begun = useRef<string | null>(null);
  const finished = useRef(new Set<string>());
  const stop = useRef(new AbortController());
  useEffect(() => { if (dropped) void filesOf(dropped).then(setGiven); }, [dropped]);
  useEffect(() => () => stop.current.abort(), []);
  const total = given.reduce((sum, { file }) => sum + file.size, 0);
  const wishes = { ...(title && { title }), ...(patient && { patient }), ...(question && { question }) };

  const add = async () => {
    const id = way === "folder" ? (await send<CaseState>("POST", "/api/cases", { folder, ...wishes })).id : await sendFiles();
    await send("POST", `/api/cases/${id}/reviews`, {});
    close();
    go(`/cases/${id}`);
  };

  /** Sends what was not sent yet: after a broken connection, pressing again goes on. */
  const sendFiles = async () => {
    const named = title || given[0]!.from.slice(0, 200);
    begun.current ??= (await send<CaseState>("POST", "/api/cases", { title: named, ...wishes })).id;
    const left = given.filter(({ path }) => !finished.current.has(path));
    const partly = new Map<string, number>();
    const tell = () => setSent([...partly.values()].reduce((sum, bytes) => sum + bytes, 0)
      + given.filter(({ path }) => finished.current.has(path) && !partly.has(path)).reduce((sum, { file }) => sum + file.size, 0));
    const worker = async () => {
      for (let next = left.shift(); next; next = left.shift()) {
        const { path, file } = next;
        const to = `/api/cases/${begun.current}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
        await upload(to, file, (bytes) => { partly.set(path, bytes); tell(); }, stop.current.signal);
        partly.set(path, file.size);
        finished.current.add(path);
        tell();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return begun.current;
  };

  return (
    <Dialog title="New case" close={close}>
      <Form label={way === "folder" ? "Register and review" : "Upload and review"} close={close} act={add}
        ready={way === "folder" ? folder.trim() !== "" : given.length > 0}>
        {me.roots > 0 && <div class="choice" role="group" aria-label="Where the files are">
          <button type="button" aria-pressed={way === "upload"} onClick={() => setWay("upload")}><Icon name="upload" />On this computer</button>
          <button type="button" aria-pressed={way === "folder"} onClick={() => setWay("folder")}><Icon name="folder" />On the server</button>
        </div>}
        {way === "upload" ? <Chooser key="files" given={given} total={total} take={setGiven} /> :
          <label key="folder">Folder or .zip under one of the server's roots
            <input value={folder} maxLength={1000} onInput={(event) => setFolder(event.currentTarget.value)} placeholder="cases/anna" />
          </label>}
        {sent !== null && <label class="progress">{sized(sent)} of {sized(total)} sent
          <progress max={total || 1} value={sent} /></label>}
        <label>Title <input value={title} maxLength={200} onInput={(event) => setTitle(event.currentTarget.value)} placeholder="As the list shows it" /></label>
        <label>Question <span class="hint">optional</span>
          <input value={question} maxLength={2000} onInput={(event) => setQuestion(event.currentTarget.value)} placeholder="What should the report answer?" /></label>
        <details><summary>The files name several people</summary>
          <label>Patient's identifier, as the files have it
            <input value={patient} maxLength={200} onInput={(event) => setPatient(event.currentTarget.value)} /></label>
        </details>
      </Form>
    </Dialog>
  );
}

function Chooser({ given, total, take }: { given: Given[]; total: number; take: (given: Given[]) => void }) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    if (event.dataTransfer) void filesOf(event.dataTransfer).then(take);
  };
  const pick = (event: Event) => take(chosen((event.currentTarget as HTMLInputElement).files!));
  return (
    <div class={`drop ${over ? "over" : ""}`} onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)} onDrop={drop}>
      <Icon name="upload" />
      <p>Drop a folder, files or a .zip here</p>
      <div class="actions middle">
        <label class="button quiet">Choose files<input type="file" multiple class="unseen" onChange={pick} /></label>
        <label class="button quiet">Choose a folder
          <input type="file" class="unseen" {...{ webkitdirectory: true }} onChange={pick} /></label>
      </div>
      {given.length > 0 && <Notice kind="good">{counted(given.length, "file")}, {sized(total)}</Notice>}
    </div>
  );
}
