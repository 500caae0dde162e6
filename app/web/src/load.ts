/** Things that are asked for and come later. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { said } from "./api";

export interface Loaded<T> { value: T | null; problem: string | null; reload: () => void }

/** Asks when the keys change; the value before stays until the new one is there. */
export function useLoaded<T>(ask: (signal: AbortSignal) => Promise<T>, keys: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ value: T | null; problem: string | null }>({ value: null, problem: null });
  const [again, setAgain] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    ask(stop.signal).then(
      (value) => stop.signal.aborted || setState({ value, problem: null }),
      (error: unknown) => stop.signal.aborted || setState({ value: null, problem: said(error) }));
    return () => stop.abort();
  }, [...keys, again]);
  return { ...state, reload: useCallback(() => setAgain((count) => count + 1), []) };
}

/** A value that settles once it has not changed for a while. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** The latest of a function that listeners of other libraries call. */
export function useLatest<T>(value: T): { readonly current: T } {
  const held = useRef(value);
  held.current = value;
  return held;
}
