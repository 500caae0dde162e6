/** The patient's timeline: filtered, searched, and as it was known on a date. */
import { useMemo, useState } from "preact/hooks";
import { get } from "./api";
import { caseUrl, useBench } from "./bench";
import { Cites } from "./cite";
import { useLoaded, useSettled } from "./load";
import { Trouble, Wait, Words, counted, day } from "./ui";
import type { TimelineEvent, TimelineHit } from "./words";

const REST_MS = 350;
const KINDS: Record<string, string> = {
  study: "Examinations", lab: "Laboratory", measurement: "Measurements", change: "Changes", record: "Record", observation: "Observations", anatomy: "Anatomy",
};
const TAGS: Record<string, string> = { ...KINDS, study: "Examination", measurement: "Measured", change: "Change", observation: "Observed" };
const MATCHES = {
  words: ["Found by its words", "The event holds every word."], opposite: ["Says the opposite", "The event holds the words, but denies what was asked, or the other way round."],
  meaning: ["Near in meaning", "It lies near in meaning, which proves nothing."],
} as const;

export function Timeline() {
  const bench = useBench();
  const all = bench.report.timeline;
  const [search, setSearch] = useState("");
  const [kind, setKind] = useState("");
  const [analyte, setAnalyte] = useState("");
  const [site, setSite] = useState("");
  const dates = useMemo(() => [...new Set(all.map((one) => (one.recorded_at ?? one.occurred_at)?.slice(0, 10)).filter((one) => one?.length === 10))].sort() as string[], [all]);
  const [at, setAt] = useState<number | null>(null);
  const asOf = at === null || at >= dates.length - 1 ? "" : dates[at]!;
  const wishes = useSettled(JSON.stringify({ search: search.trim(), kind, analyte, site, as_of: asOf }), REST_MS);
  const found = useLoaded((signal) => get<{ events: TimelineHit[]; none: string }>(caseUrl(bench, `timeline?${query(wishes)}`), signal), [wishes, bench.digest]);
  const asksForAll = wishes === JSON.stringify({ search: "", kind: "", analyte: "", site: "", as_of: "" });
  const hits = found.value?.events ?? (asksForAll && !found.problem ? all.map((event) => ({ event, match: null })) : null);
  const filtered = search || kind || analyte || site || asOf;
  const clear = () => { setSearch(""); setKind(""); setAnalyte(""); setSite(""); setAt(null); };
  return (
    <div class="timeline">
      <form class="filters" role="search" aria-label="Timeline" onSubmit={(event) => event.preventDefault()}>
        <label class="whole"><span class="unseen">Search</span><input type="search" placeholder="Search the timeline" maxLength={200} value={search} onInput={(event) => setSearch(event.currentTarget.value)} /></label>
        <Choice name="Kind" value={kind} give={setKind} options={distinct(all, (one) => one.kind)} titles={KINDS} />
        <Choice name="Analyte" value={analyte} give={setAnalyte} options={distinct(all.filter((one) => one.kind === "lab"), (one) => one.analyte)} />
        <Choice name="Site" value={site} give={setSite} options={distinct(all, (one) => one.site)} />
        {dates.length > 1 && <label class="whole as-of"><span>As known on <b>{asOf || "the latest date"}</b></span>
          <input type="range" min={0} max={dates.length - 1} value={at ?? dates.length - 1} aria-valuetext={asOf || "latest"} onInput={(event) => setAt(Number(event.currentTarget.value))} /></label>}
      </form>
      <div class="result" role="status">{hits && <>{counted(hits.length, "event")}{filtered && <button class="plain" onClick={clear}>Clear the filters</button>}</>}</div>
      <Trouble problem={found.problem} retry={found.reload} />
      {!hits && !found.problem && <Wait>Reading the timeline</Wait>}
      {found.value?.events.length === 0 && <p class="hint">{found.value.none || "No event is like this."}</p>}
      {hits && <Events hits={hits} searched={JSON.parse(wishes).search !== ""} />}
    </div>
  );
}

function Events({ hits, searched }: { hits: TimelineHit[]; searched: boolean }) {
  const groups: { title: string; hits: TimelineHit[] }[] = [];
  for (const hit of hits) {
    const title = searched ? hit.match ?? "" : day(hit.event.occurred_at);
    const group = groups.at(-1);
    if (group?.title === title) group.hits.push(hit);
    else groups.push({ title, hits: [hit] });
  }
  if (!searched) groups.reverse();
  return <>{groups.map((group, n) => {
    const match = MATCHES[group.title as keyof typeof MATCHES];
    return <section key={`${group.title}-${n}`} class={`moment ${group.title}`}><h3 title={match?.[1]}>{match?.[0] ?? group.title}</h3>
      <ol>{group.hits.map((hit) => <Event key={hit.event.id} event={hit.event} dated={searched} />)}</ol></section>;
  })}</>;
}

function Event({ event, dated }: { event: TimelineEvent; dated: boolean }) {
  const { show, best } = useBench();
  const first = best(event.evidence);
  return <li class={`event ${event.kind}`}>
    <span class="tag">{TAGS[event.kind] ?? event.kind}</span>
    <Words act={first ? () => show(first) : null}>{event.text}</Words>
    {" "}{dated && <small>{day(event.occurred_at)} </small>}<Cites evidence={event.evidence} /></li>;
}

interface ChoiceProps { name: string; value: string; give: (value: string) => void; options: string[]; titles?: Record<string, string> }

function Choice({ name, value, give, options, titles }: ChoiceProps) {
  return <label>{name}<select value={value} onChange={(event) => give(event.currentTarget.value)}><option value="">All</option>
    {options.map((one) => <option key={one} value={one}>{titles?.[one] ?? one}</option>)}</select></label>;
}

const distinct = (events: TimelineEvent[], of: (event: TimelineEvent) => string | null): string[] =>
  [...new Set(events.map(of).filter((one): one is string => one !== null))].sort((a, b) => a.localeCompare(b));

function query(wishes: string): string {
  const given = Object.entries(JSON.parse(wishes) as Record<string, string>).filter(([, value]) => value !== "");
  return new URLSearchParams(given).toString();
}
