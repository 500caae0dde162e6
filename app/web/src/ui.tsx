/** Small parts that every view uses. */
import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { said } from "./api";

export function Notice({ kind = "info", children }: { kind?: "info" | "error" | "good" | "warn"; children: ComponentChildren }) {
  return <div class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>{children}</div>;
}

/** A problem in the server's words; nothing where there is none. */
export function Trouble({ problem, retry }: { problem: string | null; retry?: () => void }) {
  if (!problem) return null;
  return (
    <Notice kind="error">
      {sentence(problem)} {retry && <button class="plain" onClick={retry}>Try again</button>}
    </Notice>
  );
}

export function Wait({ children = "Loading" }: { children?: ComponentChildren }) {
  return <p class="wait" role="status"><span class="spin" aria-hidden="true" />{children}…</p>;
}

const ICONS = {
  plus: "M12 5v14M5 12h14", close: "M6 6l12 12M18 6L6 18", edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  check: "M4 12l5 5L20 6", down: "M6 9l6 6 6-6", back: "M15 5l-7 7 7 7", more: "M5 12h.01M12 12h.01M19 12h.01",
  window: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18", pan: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  zoom: "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5M10 7v6M7 10h6", ruler: "M3 16L16 3l5 5L8 21zM8 11l2 2M11 8l3 3M14 5l2 2",
  reset: "M4 5v5h5M5 10a8 8 0 1 1-1 5", columns: "M4 5h16v14H4zM12 5v14", link: "M9 15l6-6M8 11l-3 3a3.5 3.5 0 0 0 5 5l3-3M16 13l3-3a3.5 3.5 0 0 0-5-5l-3 3",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z", left: "M11 6l-6 6 6 6M19 6l-6 6 6 6",
  right: "M13 6l6 6-6 6M5 6l6 6-6 6", upload: "M12 16V4M7 9l5-5 5 5M4 20h16", folder: "M3 6h7l2 2h9v11H3z", send: "M4 12l16-8-5 16-3-7z",
  warn: "M12 4L2 20h20zM12 10v4M12 17h.01", minus: "M5 12h14", list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
} as const;
export type IconName = keyof typeof ICONS;

export function Icon({ name }: { name: IconName }) {
  return <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d={ICONS[name]} /></svg>;
}

type ButtonProps = ButtonHTMLAttributes & { icon: IconName; label: string; pressed?: boolean };

/** A button that shows only its sign; its name is heard and shown when pointed at. */
export function IconButton({ icon, label, pressed, ...rest }: ButtonProps) {
  return <button type="button" class="iconed" aria-label={label} title={label} aria-pressed={pressed} {...rest}><Icon name={icon} /></button>;
}

/** A dialog over the page. Esc closes it, and the focus goes back to where it was. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => { if (before instanceof HTMLElement) before.focus(); };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={name} onCancel={(event) => { event.preventDefault(); close(); }}>
      <header><h2 id={name}>{title}</h2><IconButton icon="close" label="Close" onClick={close} /></header>
      {children}
    </dialog>
  );
}

interface FormProps { act: () => Promise<void>; label: string; close?: () => void; danger?: boolean; ready?: boolean; children: ComponentChildren }

/** A form that does one thing; what stands against it is shown where it was asked for. */
export function Form({ act, label, close, danger, ready = true, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try { await act(); } catch (error) { setProblem(said(error)); }
    setBusy(false);
  };
  return (
    <form onSubmit={submit}>
      {children}
      <Trouble problem={problem} />
      <div class="actions">
        {close && <button type="button" class="quiet" onClick={close}>Cancel</button>}
        <button type="submit" class={danger ? "danger" : "main"} disabled={busy || !ready}>{busy ? "One moment…" : label}</button>
      </div>
    </form>
  );
}

/** The name under which somebody edits and signs, kept for the browser's tab. */
export function useName(): [string, (name: string) => void] {
  const [name, setName] = useState(() => sessionStorage.getItem("name") ?? "");
  return [name, (given) => { sessionStorage.setItem("name", given); setName(given); }];
}

export const sentence = (text: string): string => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
};

/** The day of a moment, as the source has it. */
export const day = (moment: string | null): string => moment?.slice(0, 10) ?? "no date";

export const minute = (moment: string): string => moment.slice(0, 16).replace("T", " ");

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** Words that lead somewhere. They flow like the text around them, which a button's do not. */
export function Words({ act, hint, children }: { act: (() => void) | null; hint?: string; children: ComponentChildren }) {
  if (!act) return <span class="words">{children}</span>;
  return (
    <span class="words leads" role="button" tabIndex={0} title={hint} onClick={act}
      onKeyDown={(event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } }}>{children}</span>
  );
}
