/** Questions about the case; every sentence of an answer leads to its evidence. */
import { useEffect, useRef, useState } from "preact/hooks";
import { events, get, said } from "./api";
import { caseUrl, may, useBench } from "./bench";
import { Cites } from "./cite";
import { useLoaded } from "./load";
import { Icon, IconButton, Trouble, Wait, sentence } from "./ui";
import type { Answer, Step, Turn } from "./words";

const EXAMPLES = ["Has the nodule grown?", "How did haemoglobin change since March?", "Which medications does the patient take?"];

interface Asking { question: string; steps: Step[]; draft: string }

export function Chat() {
  const bench = useBench();
  const history = useLoaded((signal) => get<{ turns: Turn[] }>(caseUrl(bench, "chat"), signal), [bench.digest]);
  const [fresh, setFresh] = useState<Turn[]>([]);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [question, setQuestion] = useState("");
  const stop = useRef<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const turns = [...(history.value?.turns ?? []), ...fresh];
  useEffect(() => { setFresh([]); }, [history.value]);
  useEffect(() => () => stop.current?.abort(), []);
  useEffect(() => { end.current?.scrollIntoView({ block: "nearest" }); }, [turns.length, asking, problem]);

  const ask = async (words: string) => {
    setQuestion("");
    setProblem(null);
    setAsking({ question: words, steps: [], draft: "" });
    stop.current = new AbortController();
    try {
      for await (const { event, data } of events(caseUrl(bench, "chat/stream"), { question: words }, stop.current.signal)) {
        if (event === "tool") setAsking((now) => now && { ...now, steps: [...now.steps, data as Step] });
        if (event === "draft") setAsking((now) => now && { ...now, draft: now.draft + (data as { text: string }).text });
        if (event === "answer") setFresh((now) => [...now, { question: words, answer: data as Answer }]);
        if (event === "problem") throw new Error((data as { detail: string }).detail);
      }
    } catch (error) {
      if (!stop.current.signal.aborted) { setProblem(said(error)); setQuestion(words); }
    }
    setAsking(null);
  };

  return (
    <div class="chat">
      <div class="turns" role="log" aria-label="Questions and answers" aria-live="polite" tabIndex={0}>
        {!history.value && !history.problem && <Wait>Opening the chat</Wait>}
        <Trouble problem={history.problem} retry={history.reload} />
        {history.value && turns.length === 0 && !asking && <Start ask={ask} mayAsk={may(bench.me, "reader")} />}
        {turns.map((turn, n) => <TurnPart key={n} turn={turn} />)}
        {asking && <div class="turn"><p class="asked">{asking.question}</p>
          <ul class="tools">{asking.steps.map((step, n) => <li key={n}><span class="spin" aria-hidden="true" />{toolName(step)}</li>)}</ul>
          {asking.draft && <div class="unchecked"><b>Draft of the model, not checked yet</b><p>{asking.draft}</p></div>}
          {!asking.draft && asking.steps.length === 0 && <Wait>Thinking</Wait>}</div>}
        <Trouble problem={problem} />
        <div ref={end} />
      </div>
      {may(bench.me, "reader") && <form class="ask" onSubmit={(event) => { event.preventDefault(); if (question.trim() && !asking) void ask(question.trim()); }}>
        <label><span class="unseen">Question about this case</span>
          <textarea rows={2} maxLength={2000} placeholder="Ask about this case" value={question} onInput={(event) => setQuestion(event.currentTarget.value)}
            onKeyDown={(event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); event.currentTarget.form?.requestSubmit(); } }} /></label>
        {asking ? <button type="button" class="quiet" onClick={() => stop.current?.abort()}>Stop</button>
          : <IconButton icon="send" label="Ask" type="submit" disabled={!question.trim()} />}
      </form>}
    </div>
  );
}

function Start({ ask, mayAsk }: { ask: (words: string) => void; mayAsk: boolean }) {
  return <div class="empty small"><h2>Ask about this case</h2>
    <p>Answers come from the case alone, and every sentence shows its evidence. What the case does not say is not answered.</p>
    {mayAsk && <ul class="examples">{EXAMPLES.map((one) => <li key={one}><button class="quiet" onClick={() => ask(one)}>{one}</button></li>)}</ul>}</div>;
}

function TurnPart({ turn }: { turn: Turn }) {
  const { answer } = turn;
  const sentences = answer.sentences.length ? answer.sentences : [{ text: answer.text, evidence: [] }];
  return (
    <div class="turn">
      <p class="asked">{turn.question}</p>
      <div class={`answered ${answer.status}`}>
        {answer.status === "not_in_case" && <b class="status">Not in this case</b>}
        {answer.status === "declined" && <b class="status">Not answered</b>}
        {sentences.map((one, n) => <p key={n}>{sentence(one.text)} <Cites evidence={one.evidence} /></p>)}
        {answer.steps.length > 0 && <details><summary>{answer.steps.length === 1 ? "1 look-up" : `${answer.steps.length} look-ups`}</summary>
          <ul class="tools">{answer.steps.map((step, n) => <li key={n}><Icon name="check" />{toolName(step)}</li>)}</ul></details>}
      </div>
    </div>
  );
}

const toolName = (step: Step): string => {
  const given = Object.values(step.arguments).filter((value) => value !== "" && value != null).map(String).join(", ");
  return `${sentence(step.tool.replaceAll("_", " ")).replace(/\.$/, "")}${given ? `: ${given}` : ""}`;
};
