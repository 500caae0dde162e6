/** The studies of the case by date, and what was not read. */
import { kindName, useBench } from "./bench";
import { Icon, IconButton, counted, day } from "./ui";
import type { Series, Study } from "./words";

export function Strip({ folded, fold }: { folded: boolean; fold: () => void }) {
  const { studies, report } = useBench();
  const days = [...new Set(studies.map((study) => study.date?.slice(0, 10) ?? ""))].sort().reverse();
  return (
    <nav class="strip" aria-label="Studies">
      <div class="strip-head"><h2>Studies</h2>
        <IconButton icon={folded ? "right" : "left"} label={folded ? "Show the studies" : "Fold the studies"} aria-expanded={!folded} onClick={fold} /></div>
      {!folded && <div class="strip-body">
        {days.map((date) => <section key={date} class="day"><h3>{date || "No date"}</h3>
          {studies.filter((study) => (study.date?.slice(0, 10) ?? "") === date).map((study) => <StudyPart key={study.id} study={study} />)}</section>)}
        {studies.length === 0 && <p class="hint">Nothing of the case could be read.</p>}
        {report.not_read.length > 0 && <details class="not-read" open={report.not_read.length < 4}>
          <summary><Icon name="warn" />{counted(report.not_read.length, "file")} not read</summary>
          <ul>{report.not_read.map((one) => <li key={one.file}><b>{one.file}</b><span>{one.reason}</span></li>)}</ul>
        </details>}
      </div>}
    </nav>
  );
}

function StudyPart({ study }: { study: Study }) {
  return <ul>{study.series.map((series) => <li key={series.key}><Item study={study} series={series} /></li>)}</ul>;
}

function Item({ study, series }: { study: Study; series: Series }) {
  const { focus, open } = useBench();
  const title = series.description || study.description || kindName(series.kind);
  return (
    <button type="button" class="series" aria-current={focus.series === series.key} disabled={series.viewer === null}
      title={series.viewer === null ? "Nothing shows this kind of series" : title} onClick={() => open(series.key)}>
      {title === kindName(series.kind) ? <span class="kind only">{title}</span>
        : <><span class="kind">{kindName(series.kind)}</span><span class="title">{title}</span></>}
      <span class="unseen">{day(study.date)}</span>
      <span class="count" title={`${counted(series.evidence, "piece")} of evidence`}>{series.evidence}<span class="unseen"> cited</span></span>
    </button>
  );
}
