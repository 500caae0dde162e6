/** Tabs as keyboards and screen readers know them. A panel stays as it was left. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

interface Tab { id: string; title: string; body: ComponentChildren }
interface Props { name: string; chosen: string; choose: (id: string) => void; tabs: Tab[] }

export function Tabs({ name, chosen, choose, tabs }: Props) {
  const visited = useRef(new Set<string>());
  const list = useRef<HTMLDivElement>(null);
  visited.current.add(chosen);
  const key = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length]!;
    choose(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <section class="panel" aria-label={name}>
      <div class="tabs" role="tablist" aria-label={name} ref={list} onKeyDown={key}>
        {tabs.map((tab) => <button key={tab.id} id={`tab-${tab.id}`} role="tab" type="button" aria-selected={tab.id === chosen}
          aria-controls={`panel-${tab.id}`} tabIndex={tab.id === chosen ? 0 : -1} onClick={() => choose(tab.id)}>{tab.title}</button>)}
      </div>
      {tabs.map((tab) => <div key={tab.id} id={`panel-${tab.id}`} role="tabpanel" aria-labelledby={`tab-${tab.id}`} tabIndex={0}
        hidden={tab.id !== chosen} class="tab-body">{visited.current.has(tab.id) && tab.body}</div>)}
    </section>
  );
}
