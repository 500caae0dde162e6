/** The draft: sections, sentences with their evidence, and what stands against them. */
import { useEffect, useRef, useState } from "preact/hooks";
import { may, useBench } from "./bench";
import { Cites } from "./cite";
import { Editor } from "./editor";
import { Icon, IconButton, Notice, Words, counted, minute, sentence as finished } from "./ui";
import { type Sentence, placeOf } from "./words";

export function ReportView() {
  const { report } = useBench();
  const unsupported = report.sections.flatMap((part) => part.sentences).filter((one) => one.support === "unsupported").length;
  return (
    <article class="report" aria-label="Report">
      {unsupported > 0 && <Notice kind="warn">{counted(unsupported, "sentence")} without support in the evidence, marked below.</Notice>}
      <AnswerPart />
      <Conflicts />
      {order().map((n) => <SectionPart key={n} n={n} />)}
      <More />
    </article>
  );

  /** The impression first: it is what a reader looks for. Places in the report stay as they are. */
  function order(): number[] {
    const all = report.sections.map((_, n) => n);
    const first = all.filter((n) => report.sections[n]!.sentences.some((one) => one.kind === "impression"));
    const last = all.filter((n) => report.sections[n]!.sentences.every((one) => one.kind === "limitation"));
    return [...first, ...all.filter((n) => !first.includes(n) && !last.includes(n)), ...last.filter((n) => !first.includes(n))];
  }
}

function AnswerPart() {
  const { report } = useBench();
  if (!report.question || !report.answer) return null;
  const { answer } = report;
  return (
    <section class="answer"><h2>Question</h2><p class="question">{report.question}</p>
      {answer.status !== "answered" && <Notice>{answer.text}</Notice>}
      {answer.status === "answered" && (answer.sentences.length ? answer.sentences : [{ text: answer.text, evidence: [] }]).map((one) =>
        <p key={one.text} class="line">{one.text} <Cites evidence={one.evidence} /></p>)}
    </section>
  );
}

function Conflicts() {
  const { report } = useBench();
  if (report.conflicts.length === 0) return null;
  return <section class="conflicts"><h2>Sources that disagree</h2>{report.conflicts.map((one) =>
    <p key={one.text} class="line">{one.text} <Cites evidence={one.evidence} /></p>)}</section>;
}

function SectionPart({ n }: { n: number }) {
  const { report } = useBench();
  const part = report.sections[n]!;
  const isImpression = part.sentences.some((one) => one.kind === "impression");
  return <section class={isImpression ? "leading" : ""}><h2>{part.title}</h2>
    {part.sentences.map((one, m) => <Line key={`${n}-${m}`} at={placeOf(n, m)} sentence={one} />)}</section>;
}

function Line({ at, sentence }: { at: string; sentence: Sentence }) {
  const { me, report, focus, show, best } = useBench();
  const [editing, setEditing] = useState(false);
  const line = useRef<HTMLDivElement>(null);
  const isFocus = focus.sentence === at;
  const rests = focus.evidence !== null && sentence.evidence.includes(focus.evidence);
  useEffect(() => { if (isFocus) line.current?.scrollIntoView({ block: "nearest", behavior: "smooth" }); }, [isFocus, focus.count]);
  if (editing) return <Editor at={at} sentence={sentence} close={() => setEditing(false)} />;
  const first = best(sentence.evidence);
  return (
    <div ref={line} id={at} class={`line ${sentence.kind} ${sentence.support} ${isFocus ? "focus" : ""} ${rests ? "rests" : ""}`}>
      <Words act={first ? () => show(first, at) : null} hint="Go to the evidence">{sentence.text}</Words>
      {" "}<Cites evidence={sentence.evidence} at={at} />
      {report.status === "draft" && may(me, "reader") && <IconButton icon="edit" label={`Edit: ${sentence.text.slice(0, 60)}`} onClick={() => setEditing(true)} />}
      <Remarks sentence={sentence} />
    </div>
  );
}

function Remarks({ sentence }: { sentence: Sentence }) {
  return <>
    {sentence.support === "unsupported" && <p class="remark bad"><Icon name="warn" />Not supported by its evidence{sentence.reason ? `: ${sentence.reason}` : ""}</p>}
    {sentence.support === "supported" && sentence.reason && <p class="remark">Corrected: {sentence.reason}{sentence.written ? ` (it read: ${sentence.written})` : ""}</p>}
    {(sentence.read_by ?? sentence.worded_by) && <p class="remark">{sentence.read_by ? `Read by ${sentence.read_by}` : `Worded by ${sentence.worded_by}`}</p>}
  </>;
}

function More() {
  const { report } = useBench();
  return (
    <>
      {report.addenda.length > 0 && <section><h2>Addenda</h2>{report.addenda.map((one) =>
        <p key={one.added_at} class="line">{one.text} <small>{one.name}, {minute(one.added_at)}</small></p>)}</section>}
      {report.warnings.length > 0 && <section><h2>Warnings</h2>{report.warnings.map((one) => <p key={one} class="line limitation">{finished(one)}</p>)}</section>}
      {report.not_read.length > 0 && <section><h2>Not read</h2>{report.not_read.map((one) =>
        <p key={one.file} class="line limitation"><b>{one.file}</b> {one.reason}</p>)}</section>}
      {report.left_out.length > 0 && <details><summary>{counted(report.left_out.length, "sentence")} left out</summary>
        {report.left_out.map((one) => <p key={one.text} class="line limitation">{one.text} <small>{one.reason}</small></p>)}</details>}
      {report.edits.length > 0 && <details><summary>{counted(report.edits.length, "change")} by hand</summary>
        {report.edits.map((one) => <p key={one.edited_at + one.at} class="line limitation"><del>{one.before}</del> {one.after && <ins>{one.after}</ins>}
          <small> {one.name}, {minute(one.edited_at)}{one.objection ? `; ${one.objection}` : ""}</small></p>)}</details>}
      <p class="hint">Reader: {report.reader.name}{report.reader.model ? ` (${report.reader.model})` : ""}{report.reader.interprets ? "" : ", which interprets nothing"}.</p>
    </>
  );
}
