/** New words for a sentence, held against its evidence while they are typed. */
import { useEffect, useRef, useState } from "preact/hooks";
import { said, send } from "./api";
import { caseUrl, useBench } from "./bench";
import { Cites } from "./cite";
import { useSettled } from "./load";
import { Form, Icon, useName } from "./ui";
import type { Sentence, Stands } from "./words";

const REST_MS = 350;

export function Editor({ at, sentence, close }: { at: string; sentence: Sentence; close: () => void }) {
  const bench = useBench();
  const [text, setText] = useState(sentence.text);
  const [name, setName] = useName();
  const [seen] = useState(bench.digest); // the place counts in the draft as it was when this was opened
  const area = useRef<HTMLTextAreaElement>(null);
  const stands = useCheck(at, text, sentence);
  useEffect(() => { area.current?.focus(); area.current?.setSelectionRange(text.length, text.length); }, []);
  const change = async (after: string | null) => {
    if (!name.trim()) throw new Error("your name belongs to the change; give it first");
    await send("POST", caseUrl(bench, "report/edits"), { name: name.trim(), changes: { [at]: after }, content_sha256: seen || null });
    close();
    bench.reload();
  };
  return (
    <div id={at} class="editor" onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); close(); } }}>
      <Form label="Save" close={close} ready={text.trim() !== "" && text !== sentence.text && name.trim() !== ""} act={() => change(text.trim())}>
        <label><span class="unseen">Sentence</span>
          <textarea ref={area} rows={4} maxLength={5000} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        <p class={`stands ${stands.kind}`} role="status" aria-live="polite">{stands.kind === "good" ? <Icon name="check" /> : stands.kind === "bad" ? <Icon name="warn" /> : null}{stands.text}</p>
        <p class="hint">Held against <Cites evidence={sentence.evidence} at={at} /></p>
        <div class="row">
          <label>Your name <input value={name} required maxLength={200} onInput={(event) => setName(event.currentTarget.value)} /></label>
          <Remove remove={() => change(null)} />
        </div>
      </Form>
    </div>
  );
}

function Remove({ remove }: { remove: () => Promise<void> }) {
  const [problem, setProblem] = useState<string | null>(null);
  return <div><button type="button" class="quiet danger-text" onClick={() => void remove().catch((error: unknown) => setProblem(said(error)))}>Take the sentence out</button>
    {problem && <p class="remark bad" role="alert">{problem}</p>}</div>;
}

function useCheck(at: string, text: string, sentence: Sentence): { kind: "good" | "bad" | "idle"; text: string } {
  const bench = useBench();
  const settled = useSettled(text.trim(), REST_MS);
  const [stands, setStands] = useState<{ of: string; stands: Stands | null; problem: string | null }>({ of: "", stands: null, problem: null });
  useEffect(() => {
    if (!settled || settled === sentence.text) return;
    let gone = false;
    send<Stands>("POST", caseUrl(bench, "report/check"), { at, text: settled }).then(
      (found) => gone || setStands({ of: settled, stands: found, problem: null }),
      (error: unknown) => gone || setStands({ of: settled, stands: null, problem: said(error) }));
    return () => { gone = true; };
  }, [settled]);
  if (text.trim() === sentence.text) return { kind: "idle", text: "Change the words; they are checked as you type." };
  if (stands.of !== text.trim()) return { kind: "idle", text: "Checking…" };
  if (stands.problem) return { kind: "bad", text: stands.problem };
  return stands.stands!.support === "supported" ? { kind: "good", text: "Supported by its evidence" }
    : { kind: "bad", text: `Not supported: ${stands.stands!.reason ?? "no cited finding says so"}` };
}
