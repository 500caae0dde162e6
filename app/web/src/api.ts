/** Requests to the server that the page came from, and nowhere else; a problem is thrown with the server's words. */
import type { Me } from "./words";

const TRIES = 4;
let csrf: string | null = null;

/** What the server could not do, in its own words. */
export class Problem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export async function whoAmI(): Promise<Me> {
  const me = await get<Me>("/api/me");
  csrf = me.csrf;
  return me;
}

export async function signIn(token: string): Promise<Me> {
  const me = await send<Me>("POST", "/api/session", { token });
  csrf = me.csrf;
  return me;
}

export async function signOut(): Promise<void> {
  await request("DELETE", "/api/session");
  csrf = null;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request("GET", path, undefined, signal)).json()) as T;
}

export async function send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
  const answer = await request(method, path, body);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export async function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await request("GET", path, undefined, signal)).arrayBuffer();
}

/** One request. Where the server asks for a pause, it is made and the request sent again. */
export async function request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  for (let tried = 1; ; tried += 1) {
    const answer = await once(method, path, body, signal);
    if (answer.ok) return answer;
    if (answer.status !== 429 || tried === TRIES) throw await problemOf(answer);
    await pause(1000 * Number(answer.headers.get("Retry-After") ?? 1));
  }
}

async function once(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrf !== null) headers["X-CSRF-Token"] = csrf;
  try {
    return await fetch(path, {
      method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "the server does not answer; is it still running?");
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  const text = await answer.text();
  if (answer.status === 401 && location.pathname !== "/sign-in") location.assign("/sign-in");
  return new Problem(answer.status, detailOf(text) ?? `the server answered ${answer.status} ${answer.statusText}`);
}

function detailOf(text: string): string | null {
  try {
    const told = JSON.parse(text) as { detail?: string; errors?: string[] };
    return told.detail ? [told.detail, ...(told.errors ?? [])].join("; ") : null;
  } catch {
    return null;
  }
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Uploads one file under its path in the case, telling how many bytes are sent. */
export async function upload(path: string, file: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<void> {
  for (;;) {
    const sent = await sentOnce(path, file, progress, signal);
    if (sent.status < 300) return;
    const detail = detailOf(sent.responseText) ?? `the server answered ${sent.status}`;
    if (sent.status !== 429) throw new Problem(sent.status, detail);
    await pause(1000 * Number(sent.getResponseHeader("Retry-After") ?? 1)); // thousands of small files come quickly
  }
}

function sentOnce(path: string, file: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<XMLHttpRequest> {
  return new Promise((done, fail) => {
    const sending = new XMLHttpRequest();
    sending.open("PUT", path);
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    if (csrf !== null) sending.setRequestHeader("X-CSRF-Token", csrf);
    sending.upload.onprogress = (event) => progress(event.loaded);
    sending.onload = () => done(sending);
    sending.onerror = () => fail(new Problem(0, "the connection broke off during the upload"));
    sending.onabort = () => fail(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => sending.abort());
    sending.send(file);
  });
}

/** Server-sent events of an answer to a POST, one by one. */
export async function* events(path: string, body: unknown, signal: AbortSignal):
  AsyncGenerator<{ event: string; data: unknown }> {
  const answer = await request("POST", path, body, signal);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    held += value.replaceAll("\r\n", "\n");
    const whole = held.split("\n\n");
    held = whole.pop() ?? "";
    for (const block of whole) {
      const told = eventOf(block);
      if (told) yield told;
    }
  }
}

function eventOf(block: string): { event: string; data: unknown } | null {
  const lines = block.split("\n");
  const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
  const event = lines.find((line) => line.startsWith("event:"))?.slice(6).trim() ?? "message";
  return data ? { event, data: JSON.parse(data) } : null;
}

/** Fetches an answer as a file and lets the browser keep it. */
export async function download(path: string, fallbackName: string): Promise<void> {
  const answer = await request("GET", path);
  const named = /filename="?([^";]+)"?/.exec(answer.headers.get("Content-Disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = named?.[1] ?? fallbackName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
